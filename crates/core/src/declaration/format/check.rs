//! What in a document does not fit its description.

use super::shape::{Bounds, Field, Object, Shape};
use crate::{
    declaration::{amount, findings::Findings, path},
    diagnostic::{Severity, codes, excerpt, nearest},
    duration::Millis,
    ids::{NAME_LEN_MAX, is_dns_label},
    yaml::{Entry, Node, Span, Yaml},
};

/// Reports everything in the document that its kind does not allow.
pub(in crate::declaration) fn check(kind: super::Kind, document: &Node, findings: &mut Findings<'_>) {
    Checker { findings }.object(kind.object(), document, document.span, kind.name());
}

struct Checker<'a, 'b> {
    findings: &'a mut Findings<'b>,
}

impl Checker<'_, '_> {
    fn error(&mut self, code: &'static str, span: Span, message: String, help: Option<String>) {
        self.findings.add(Severity::Error, code, span, message, help);
    }

    fn wrong_type(&mut self, node: &Node, expected: &str) {
        let help = match (&node.value, expected) {
            (Yaml::Bool(_) | Yaml::Number(_), "text" | "a name") => Some("write it in quotes".to_owned()),
            (Yaml::Text(text), _) if node.is_quoted && looks_like(text, expected) => {
                Some("write it without quotes".to_owned())
            }
            _ => None,
        };
        let message = format!("expected {expected}, found {}", node.description());
        self.error(codes::WRONG_TYPE, node.span, message, help);
    }

    /// `owner` names the mapping in messages; `missing_at` is where a missing key is reported.
    fn object(&mut self, object: &Object, node: &Node, missing_at: Span, owner: &str) {
        let Yaml::Map(entries) = &node.value else {
            self.wrong_type(node, "a mapping");
            return;
        };
        for entry in entries {
            match object.fields.iter().find(|field| field.key == entry.key.text) {
                Some(field) => self.field(field, entry),
                None => self.unknown_key(object, entry, owner),
            }
        }
        let missing = |field: &&Field| field.is_required && node.get(field.key).is_none();
        for field in object.fields.iter().filter(missing) {
            let message = format!("{owner} needs the key `{}`", field.key);
            let help = format!("add `{}`: {}", field.key, lower_first(field.doc));
            self.error(codes::MISSING_KEY, missing_at, message, Some(help));
        }
        let given = object.fields.iter().filter(|field| node.get(field.key).is_some()).count();
        if object.is_choice && given != 1 {
            let message = format!("{owner} needs exactly one of {}, found {given}", object.keys());
            self.error(codes::MISSING_KEY, missing_at, message, None);
        }
    }

    fn unknown_key(&mut self, object: &Object, entry: &Entry, owner: &str) {
        let message = format!("unknown key `{}` in {owner}", excerpt(&entry.key.text));
        let help = match nearest(&entry.key.text, object.fields.iter().map(|field| field.key)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys: {}", object.keys()),
        };
        self.error(codes::UNKNOWN_KEY, entry.key.span, message, Some(help));
    }

    fn field(&mut self, field: &Field, entry: &Entry) {
        self.shape(&field.shape, &entry.value, entry.key.span, &format!("`{}`", field.key));
    }

    fn shape(&mut self, shape: &Shape, node: &Node, key: Span, owner: &str) {
        match shape {
            // `apiVersion` and `kind` are checked before the shape of a document is known.
            Shape::Const(_) | Shape::Any => {}
            Shape::Text => self.text(node, |_, text| (text.is_empty(), "text that is not empty")),
            Shape::AnyText => self.text(node, |_, _| (false, "")),
            Shape::Name => self.name(node),
            Shape::Path | Shape::OutsidePath => self.path(node, matches!(shape, Shape::OutsidePath)),
            Shape::Duration => self.duration(node),
            Shape::Instant => self.instant(node),
            Shape::Amount(min) => self.amount(node, *min),
            Shape::Integer(bounds, code) => self.integer(node, *bounds, code),
            Shape::Number => {
                if !matches!(node.value, Yaml::Number(_)) {
                    self.wrong_type(node, "a number");
                }
            }
            Shape::Boolean => {
                if !matches!(node.value, Yaml::Bool(_)) {
                    self.wrong_type(node, "`true` or `false`");
                }
            }
            Shape::Word(words) => self.word(node, words, owner),
            Shape::List(item, bounds) => self.list(node, item, *bounds, owner),
            Shape::Map(value) => self.map(node, value, false),
            Shape::NameMap(value) => self.map(node, value, true),
            Shape::Object(object) => self.object(object, node, key, owner),
        }
    }

    fn text(&mut self, node: &Node, is_bad: impl Fn(&Node, &str) -> (bool, &'static str)) {
        let Yaml::Text(text) = &node.value else {
            self.wrong_type(node, "text");
            return;
        };
        if let (true, expected) = is_bad(node, text) {
            self.wrong_type(node, expected);
        }
    }

    fn name(&mut self, node: &Node) {
        match &node.value {
            Yaml::Text(text) if is_dns_label(text) => {}
            Yaml::Text(text) => self.bad_name(text, node.span),
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::List(_) | Yaml::Map(_) => {
                self.wrong_type(node, "a name");
            }
        }
    }

    fn bad_name(&mut self, text: &str, span: Span) {
        let message = format!("`{}` is not a name", excerpt(text));
        let help = match suggested_name(text) {
            Some(name) => format!("expected lower-case letters, digits and `-`, such as `{name}`"),
            None => format!(
                "expected 1 to {NAME_LEN_MAX} lower-case letters, digits and `-`, starting and ending with a letter \
                 or digit"
            ),
        };
        self.error(codes::BAD_NAME, span, message, Some(help));
    }

    fn path(&mut self, node: &Node, is_absolute_allowed: bool) {
        let Yaml::Text(text) = &node.value else {
            self.wrong_type(node, "a path");
            return;
        };
        if is_absolute_allowed && text.starts_with('/') {
            return;
        }
        if let Err(why) = path::resolve(self.findings.file(), text) {
            let help = if is_absolute_allowed {
                "write a path relative to the folder of this file, or an absolute one"
            } else {
                "write a path relative to the folder of this file that stays inside the workspace"
            };
            let message = format!("`{}` {why}", excerpt(text));
            self.error(codes::BAD_PATH, node.span, message, Some(help.to_owned()));
        }
    }

    fn duration(&mut self, node: &Node) {
        let Yaml::Text(text) = &node.value else {
            let help = "write an ISO 8601 duration such as `PT30M`".to_owned();
            let message = format!("expected a duration, found {}", node.description());
            self.error(codes::BAD_DURATION, node.span, message, Some(help));
            return;
        };
        if Millis::parse_iso(text).is_ok() {
            return;
        }
        let (message, help) = match Millis::parse_any(text) {
            // The short form of the command line.
            Ok(meant) => (
                format!("expected an ISO 8601 duration, found `{}`", excerpt(text)),
                Some(format!("write `{}`", meant.iso())),
            ),
            Err(why) => {
                // Only an ISO 8601 duration with a fault deserves a reason; other text is simply something else.
                let why = if text.trim_start_matches('-').starts_with('P') {
                    format!(" ({})", excerpt(&why))
                } else {
                    String::new()
                };
                let message = format!("expected an ISO 8601 duration, found `{}`{why}", excerpt(text));
                (message, Some("write a duration such as `PT30M`, `PT6H` or `P1D`".to_owned()))
            }
        };
        self.error(codes::BAD_DURATION, node.span, message, help);
    }

    fn instant(&mut self, node: &Node) {
        let is_instant = node.text().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok());
        if !is_instant {
            let found = match node.text() {
                Some(text) => format!("`{}`", excerpt(text)),
                None => node.description(),
            };
            let help = "write it with its zone, such as `2026-01-31T00:00:00Z`".to_owned();
            self.error(codes::WRONG_TYPE, node.span, format!("expected a point in time, found {found}"), Some(help));
        }
    }

    fn amount(&mut self, node: &Node, min: u64) {
        if let Err(why) = amount::read(node, min) {
            let help = "write a count such as `3`, or a share such as `25%`".to_owned();
            self.error(codes::BAD_AMOUNT, node.span, why, Some(help));
        }
    }

    fn integer(&mut self, node: &Node, bounds: Bounds, code: &'static str) {
        let Yaml::Number(number) = &node.value else {
            self.wrong_type(node, "a whole number");
            return;
        };
        if number.is_f64() {
            self.wrong_type(node, "a whole number");
        } else if !number.as_u64().is_some_and(|n| (bounds.min..=bounds.max).contains(&n)) {
            let message = if bounds.max < Bounds::ANY.max {
                format!("expected a whole number from {} to {}, found `{number}`", bounds.min, bounds.max)
            } else {
                format!("expected a whole number of at least {}, found `{number}`", bounds.min)
            };
            self.error(code, node.span, message, None);
        }
    }

    fn word(&mut self, node: &Node, words: &'static [&'static str], owner: &str) {
        let all: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let all = all.join(", ");
        let Yaml::Text(text) = &node.value else {
            self.wrong_type(node, &format!("one of {all}"));
            return;
        };
        if !words.contains(&text.as_str()) {
            let message = format!("{owner} cannot be `{}`", excerpt(text));
            let help = match nearest(text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("expected one of {all}"),
            };
            self.error(codes::UNKNOWN_WORD, node.span, message, Some(help));
        }
    }

    fn list(&mut self, node: &Node, item: &Shape, bounds: Bounds, owner: &str) {
        let Yaml::List(items) = &node.value else {
            self.wrong_type(node, "a list");
            return;
        };
        let len = items.len() as u64;
        if len < bounds.min || len > bounds.max {
            let expected = match (bounds.min, bounds.max) {
                (min, max) if min == max => format!("exactly {min} items"),
                (min, _) => format!("at least {min} item{}", if min == 1 { "" } else { "s" }),
            };
            let message = format!("{owner} has {len} items, expected {expected}");
            self.error(codes::OUT_OF_RANGE, node.span, message, None);
        }
        for one in items {
            let owner = match one.get("name").and_then(Node::text) {
                Some(name) => format!("`{}` in {owner}", excerpt(name)),
                None => format!("an item of {owner}"),
            };
            self.shape(item, one, one.span, &owner);
        }
    }

    fn map(&mut self, node: &Node, value: &Shape, keys_are_names: bool) {
        let Yaml::Map(entries) = &node.value else {
            self.wrong_type(node, "a mapping");
            return;
        };
        for entry in entries {
            let key = &entry.key;
            if !key.is_text {
                let message = format!("expected text as key, found `{}`", excerpt(&key.text));
                let help =
                    "write it in quotes; YAML takes words such as `n`, `y`, `no` and `on` for booleans".to_owned();
                self.error(codes::WRONG_TYPE, key.span, message, Some(help));
            } else if keys_are_names && !is_dns_label(&key.text) {
                self.bad_name(&key.text, key.span);
            }
            self.shape(value, &entry.value, key.span, &format!("`{}`", excerpt(&key.text)));
        }
    }
}

fn looks_like(text: &str, expected: &str) -> bool {
    match expected {
        "`true` or `false`" => matches!(text, "true" | "false"),
        "a number" | "a whole number" => text.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    }
}

/// The nearest name: lower case, everything else a `-`.
fn suggested_name(text: &str) -> Option<String> {
    let name: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    is_dns_label(&name).then_some(name)
}

fn lower_first(doc: &str) -> String {
    let doc = doc.trim_end_matches('.');
    let mut chars = doc.chars();
    chars.next().map(|first| first.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
