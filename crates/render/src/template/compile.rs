//! From the YAML tree to a template, with every faulty placeholder and its place.

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{ConfigType, Service},
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::{Node, Span, Yaml},
};
use serde_json::Value;

use super::{Piece, Placeholder, Template};

/// Placeholders of one text that are looked up in it, each from its start; those behind them have its place.
const PLACES_MAX: usize = 64;
/// Most findings about one file; whoever reads them has stopped before.
const FINDINGS_MAX: usize = 1000;

/// Where a placeholder is used.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Use {
    pub(crate) placeholder: Placeholder,
    pub(crate) span: Span,
}

/// Compiles the documents of one file.
pub(crate) struct Compiler<'a> {
    service: &'a Service,
    /// Path in the workspace.
    file: &'a str,
    text: &'a str,
    is_json: bool,
    /// Whether the document is a Secret, whose text never stands in a message.
    is_secret: bool,
    /// Where the placeholders of the document stand.
    pub(crate) uses: Vec<Use>,
    pub(crate) findings: Vec<Diagnostic>,
}

/// A piece of a scalar with its offset there.
enum Part<'a> {
    Literal(&'a str),
    Name(&'a str),
    Open,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(service: &'a Service, file: &'a str, text: &'a str, is_secret: bool) -> Self {
        let is_json = file.ends_with(".json");
        Self { service, file, text, is_json, is_secret, uses: Vec::new(), findings: Vec::new() }
    }

    pub(crate) fn compile(&mut self, node: &Node) -> Template {
        match &node.value {
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => Template::Fixed(node.to_json()),
            Yaml::Text(text) => self.scalar(node, text),
            Yaml::List(items) => {
                let items: Vec<Template> = items.iter().map(|item| self.compile(item)).collect();
                if items.iter().all(|item| item.fixed().is_some()) {
                    let items = items.into_iter().filter_map(Template::into_fixed).collect();
                    Template::Fixed(Value::Array(items))
                } else {
                    Template::List(items)
                }
            }
            Yaml::Map(entries) => {
                let entries: Vec<(String, Template)> = entries
                    .iter()
                    .map(|entry| {
                        self.key(&entry.key.text, entry.key.span);
                        (entry.key.text.clone(), self.compile(&entry.value))
                    })
                    .collect();
                if entries.iter().all(|(_, value)| value.fixed().is_some()) {
                    let entries = entries.into_iter().filter_map(|(key, value)| Some((key, value.into_fixed()?)));
                    Template::Fixed(Value::Object(entries.collect()))
                } else {
                    Template::Map(entries)
                }
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str) -> Template {
        if !text.contains("${") {
            return Template::Fixed(Value::String(text.to_owned()));
        }
        let parts = parts(text);
        if let ([Part::Name(name)], true) = (parts.as_slice(), self.is_json || !node.is_quoted) {
            let place = self.locate(node.span, name, 0);
            return match self.placeholder(name, place) {
                Some(placeholder) => Template::Whole(placeholder),
                None => Template::Fixed(Value::Null),
            };
        }
        let mut pieces = Vec::new();
        let mut before: BTreeMap<&str, usize> = BTreeMap::new();
        let mut places_left = PLACES_MAX;
        for part in &parts {
            match part {
                Part::Literal(text) => push_literal(&mut pieces, text),
                Part::Name(name) => {
                    let nth = before.entry(name).or_default();
                    let place = match places_left {
                        0 => node.span,
                        _ => self.locate(node.span, name, *nth),
                    };
                    *nth += 1;
                    places_left = places_left.saturating_sub(1);
                    if let Some(placeholder) = self.placeholder(name, place) {
                        self.fits_into_text(&placeholder, node.is_quoted && parts.len() == 1, place);
                        pieces.push(Piece::Value(placeholder));
                    }
                }
                Part::Open => {
                    let finding = Diagnostic::error(codes::BAD_PLACEHOLDER, "`${` has no closing `}`");
                    let help = "write `${name}`, or `$${` for a literal `${`";
                    self.findings.push(finding.at(node.span.in_file(self.file)).help(help));
                }
            }
        }
        match pieces.as_slice() {
            [] => Template::Fixed(Value::String(String::new())),
            [Piece::Literal(text)] => Template::Fixed(Value::String(text.clone())),
            _ => Template::Text(pieces),
        }
    }

    /// Keys are never substituted; one that looks as if it should be is worth a word.
    fn key(&mut self, key: &str, span: Span) {
        let is_meant = |part: &Part<'_>| matches!(part, Part::Name(name) if Placeholder::named(name).is_some());
        if key.contains("${") && parts(key).iter().any(is_meant) {
            let message = format!("the placeholder in the key `{}` stays as it is", excerpt(key));
            let help = "placeholders are replaced in values alone";
            let finding = Diagnostic::warning(codes::BAD_PLACEHOLDER, message);
            self.findings.push(finding.at(span.in_file(self.file)).help(help));
        }
    }

    fn placeholder(&mut self, name: &str, span: Span) -> Option<Placeholder> {
        let found = Placeholder::named(name).filter(|placeholder| match placeholder {
            Placeholder::Config(key) => self.service.config.contains_key(key),
            Placeholder::ClusterLabel(_)
            | Placeholder::EnvironmentName
            | Placeholder::StageName
            | Placeholder::RegionName
            | Placeholder::ClusterName
            | Placeholder::ServiceName
            | Placeholder::ServiceNamespace => true,
        });
        match found {
            Some(placeholder) => {
                self.uses.push(Use { placeholder: placeholder.clone(), span });
                Some(placeholder)
            }
            None if self.findings.len() >= FINDINGS_MAX => None,
            None => {
                let known = Placeholder::candidates(self.service.config.keys());
                if self.is_secret && !Placeholder::is_in_known_group(name) {
                    let finding = Diagnostic::error(codes::UNKNOWN_PLACEHOLDER, "unknown placeholder in a Secret");
                    let help = "write `$${` for a literal `${`";
                    self.findings.push(finding.at(span.in_file(self.file)).help(help));
                    return None;
                }
                let help = match nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `${{{near}}}`?"),
                    None if name.starts_with("config.") => {
                        format!("declare the key in `config.schema` of service `{}`", self.service.name)
                    }
                    None => format!("write `$${{{}}}` when it is not for Seaway", excerpt(name)),
                };
                let message = format!("unknown placeholder `${{{}}}`", excerpt(name));
                let finding = Diagnostic::error(codes::UNKNOWN_PLACEHOLDER, message);
                self.findings.push(finding.at(span.in_file(self.file)).help(help));
                None
            }
        }
    }

    fn fits_into_text(&mut self, placeholder: &Placeholder, is_quoted_whole: bool, span: Span) {
        let Placeholder::Config(key) = placeholder else { return };
        let Some(kind) = self.service.config.get(key).map(|key| key.kind) else { return };
        if !matches!(kind, ConfigType::Object | ConfigType::Array) {
            return;
        }
        let message = format!("`${{{placeholder}}}` is of type `{}` and cannot become text", kind.name());
        let help = if is_quoted_whole {
            "write the placeholder without quotes to put the value itself there"
        } else {
            "let the placeholder be the whole value"
        };
        let finding = Diagnostic::error(codes::PLACEHOLDER_IN_TEXT, message);
        self.findings.push(finding.at(span.in_file(self.file)).help(help));
    }

    /// The place of the `nth` use of a name in a scalar; the scalar itself when it was folded or escaped.
    fn locate(&self, span: Span, name: &str, nth: usize) -> Span {
        let needle = format!("${{{name}}}");
        let source = self.text.get(span.offset..span.offset + span.len).unwrap_or_default();
        let Some((at, _)) = source.match_indices(&needle).nth(nth) else { return span };
        let before = &source[..at];
        let lines = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let offset = span.offset + at;
        let column = if lines == 0 { span.column as usize + last } else { last + 1 };
        Span {
            line: span.line + u32::try_from(lines).unwrap_or(0),
            column: u32::try_from(column).unwrap_or(span.column),
            offset,
            len: needle.len(),
        }
    }
}

impl Template {
    fn into_fixed(self) -> Option<Value> {
        match self {
            Self::Fixed(value) => Some(value),
            Self::Whole(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}

/// Neighbouring literals are one piece.
fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    if let Some(Piece::Literal(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Literal(text.to_owned()));
    }
}

/// Splits a scalar at `${name}` and `$${`.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            // `$${`: everything before the second `$`, then `${` as it is.
            if at > 1 {
                parts.push(Part::Literal(&rest[..at - 1]));
            }
            parts.push(Part::Literal(&rest[at..at + 2]));
            rest = &rest[at + 2..];
            continue;
        }
        if at > 0 {
            parts.push(Part::Literal(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        let Some(end) = inner.find('}') else {
            parts.push(Part::Open);
            return parts;
        };
        parts.push(Part::Name(&inner[..end]));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}
