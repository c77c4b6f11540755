//! `set`: configuration values.

use seaway_core::{
    diagnostic::{Diagnostic, codes, excerpt},
    yaml::Yaml,
};
use serde_json::Value;

use super::{Draft, Edited, parse, splice, value};
use crate::{Tree, hld::Profile};

/// Most values that are set at once.
const VALUES_MAX: usize = 10_000;

/// What is to be set.
#[derive(Clone, Debug, Default)]
pub struct Assignments<'a> {
    /// Environment; empty = `common`.
    pub environment: &'a str,
    /// Subcomponent, with dots between levels; empty = the component itself.
    pub subcomponent: &'a str,
    /// A YAML file whose values are set first: name for messages, text.
    pub file: Option<(&'a str, &'a str)>,
    /// `key.path=value`; dots inside double quotes belong to the key.
    pub arguments: &'a [String],
    /// Refuse keys and subcomponents that are not in the file yet.
    pub only_known: bool,
    /// Take every value as text. Always so in the compat profile.
    pub as_text: bool,
}

/// One value and where it goes.
struct Assignment {
    /// As it is written, for messages.
    shown: String,
    keys: Vec<String>,
    value: Value,
}

/// Sets configuration values of the component in a folder.
///
/// # Errors
/// All findings; nothing is changed then.
pub fn set(tree: &Tree, folder: &str, profile: Profile, what: &Assignments<'_>) -> Result<Edited, Vec<Diagnostic>> {
    let environment = if what.environment.is_empty() { "common" } else { what.environment };
    if environment.split('/').any(|part| matches!(part, "" | "." | "..")) || environment.contains('\\') {
        let message = format!("the environment's name `{}` is no path of a file", excerpt(environment));
        return Err(vec![Diagnostic::error(codes::HLD_BAD_NAME, message)]);
    }
    let assignments = assignments(profile, what)?;
    let folder = if folder.is_empty() { "config".to_owned() } else { format!("{folder}/config") };
    let mut draft = Draft::open(tree, &folder, environment, profile)?;
    let lead: Vec<String> = what
        .subcomponent
        .split('.')
        .filter(|_| !what.subcomponent.is_empty())
        .flat_map(|name| ["subcomponents".to_owned(), name.to_owned()])
        .chain(["config".to_owned()])
        .collect();
    if what.only_known {
        let now = draft.read()?.to_json();
        let missing: Vec<String> = assignments
            .iter()
            .filter(|one| value::get(&now, &[lead.clone(), one.keys.clone()].concat()).is_none())
            .map(|one| format!("`{}`", one.shown))
            .collect();
        if !missing.is_empty() {
            let message = format!("not in the file yet: {}", missing.join(", "));
            return Err(draft.refuse(message, "leave `--no-new-config-keys` out to add them"));
        }
    }
    for one in assignments {
        let keys: Vec<String> = lead.iter().cloned().chain(one.keys).collect();
        let node = draft.read()?;
        let mut meant = node.to_json();
        if let Err(depth) = value::set(&mut meant, &keys, one.value.clone()) {
            let message = format!("`{}` cannot be set: `{}` is no mapping", one.shown, keys[..depth].join("."));
            return Err(draft.refuse(message, "set that key itself, or remove it first"));
        }
        let changed = if draft.is_json { None } else { splice::set(&draft.text, &node, &keys, &one.value) };
        draft.take(changed, &meant)?;
    }
    Ok(draft.done())
}

fn assignments(profile: Profile, what: &Assignments<'_>) -> Result<Vec<Assignment>, Vec<Diagnostic>> {
    let mut assignments = Vec::new();
    let mut findings = Vec::new();
    if let Some((file, text)) = what.file {
        let root = parse(file, text)?;
        if !matches!(root.value, Yaml::Map(_) | Yaml::Null) {
            let message = format!("expected a mapping of values, found {}", root.kind());
            return Err(vec![Diagnostic::error(codes::WRONG_TYPE, message).at(root.span.in_file(file))]);
        }
        flatten(profile, what.as_text, &mut Vec::new(), &root.to_json(), &mut assignments);
    }
    for argument in what.arguments {
        match assignment(profile, what.as_text, argument) {
            Ok(assignment) => assignments.push(assignment),
            Err(message) => {
                let help = "write `key.path=value`, with dots of a key in double quotes: `ann.\"a.b/c\"=x`";
                findings.push(Diagnostic::error(codes::HLD_EDIT, message).help(help));
            }
        }
    }
    if assignments.is_empty() && findings.is_empty() {
        let message = "nothing to set: expected `key.path=value` or a file of values";
        findings.push(Diagnostic::error(codes::HLD_EDIT, message));
    }
    if assignments.len() > VALUES_MAX {
        let message = format!("{} values at once, expected at most {VALUES_MAX}", assignments.len());
        findings.push(Diagnostic::error(codes::HLD_TOO_LARGE, message));
    }
    if findings.is_empty() { Ok(assignments) } else { Err(findings) }
}

/// The values of a file, each with its path.
fn flatten(profile: Profile, as_text: bool, above: &mut Vec<String>, value: &Value, out: &mut Vec<Assignment>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                above.push(key.clone());
                flatten(profile, as_text, above, inner, out);
                above.pop();
            }
        }
        Value::Object(_) if above.is_empty() => {}
        _ => {
            let keys = match profile {
                // The original joins the keys with dots and cuts them again.
                Profile::Compat => above.iter().flat_map(|key| key.split('.')).map(str::to_owned).collect(),
                Profile::Strict => above.clone(),
            };
            let value = match profile == Profile::Compat || as_text {
                true => Value::String(value::as_text(value)),
                false => value.clone(),
            };
            out.push(Assignment { shown: above.join("."), keys, value });
        }
    }
}

fn assignment(profile: Profile, as_text: bool, argument: &str) -> Result<Assignment, String> {
    let shown = excerpt(argument);
    let mut parts = argument.split('=');
    let (Some(path), Some(text), None) = (parts.next(), parts.next(), parts.next()) else {
        let found = argument.matches('=').count();
        return Err(format!("expected exactly one `=` in `{shown}`, found {found}"));
    };
    let keys = keys(path).ok_or_else(|| format!("a double quote in `{shown}` is not closed"))?;
    if keys.iter().any(String::is_empty) {
        return Err(format!("a key in `{shown}` is empty"));
    }
    let is_text = profile == Profile::Compat || as_text;
    let value = if is_text { Value::String(text.to_owned()) } else { typed(text) };
    Ok(Assignment { shown: excerpt(path), keys, value })
}

/// A number, boolean or nothing where YAML takes the text for one.
fn typed(text: &str) -> Value {
    let read = parse("value", text).map(|node| node.to_json());
    match read {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        Ok(Value::Null) if matches!(text, "null" | "~") => Value::Null,
        _ => Value::String(text.to_owned()),
    }
}

/// Cuts at dots, except inside double quotes, which go.
fn keys(path: &str) -> Option<Vec<String>> {
    let mut keys = vec![String::new()];
    let mut is_quoted = false;
    for c in path.chars() {
        match (c, is_quoted) {
            ('"', _) => is_quoted = !is_quoted,
            ('.', false) => keys.push(String::new()),
            _ => keys.last_mut()?.push(c),
        }
    }
    (!is_quoted).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_of_keys() {
        assert_eq!(keys("ann.\"a.b/c\".d").unwrap(), ["ann", "a.b/c", "d"]);
        assert_eq!(keys("a\".b\"").unwrap(), ["a.b"]);
        assert_eq!(keys("a.\"b"), None);
    }

    #[test]
    fn types() {
        for (text, value) in [
            ("5", json!(5)),
            ("true", json!(true)),
            ("1.10", json!(1.1)),
            ("null", json!(null)),
            ("", json!("")),
            ("a: b", json!("a: b")),
            ("[1]", json!("[1]")),
            ("*x", json!("*x")),
        ] {
            assert_eq!(typed(text), value, "{text}");
        }
    }
}
