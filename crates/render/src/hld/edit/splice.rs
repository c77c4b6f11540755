//! Putting one value into a YAML text. The caller reads the result and checks what it says.

use seaway_core::yaml::{Entry, Node, Yaml};
use serde_json::Value;

use super::super::plain;

/// Spaces per level of what is put in.
const INDENT: usize = 2;

/// The text with the value at the path; `None` when that cannot be done in place.
pub(super) fn set(text: &str, root: &Node, keys: &[String], value: &Value) -> Option<String> {
    let (first, rest) = keys.split_first()?;
    match &root.value {
        Yaml::Null => Some(append(text, &block(0, keys, value)?)),
        Yaml::Map(entries) if entries.is_empty() => {
            Some(splice(text, root.span.offset, end_of(text, root), block(0, keys, value)?.trim_end()))
        }
        Yaml::Map(_) => in_map(text, root, first, rest, value),
        Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) | Yaml::List(_) => None,
    }
}

fn in_map(text: &str, map: &Node, first: &String, rest: &[String], value: &Value) -> Option<String> {
    let Some(entry) = map.entry(first) else {
        let keys: Vec<String> = std::iter::once(first).chain(rest).cloned().collect();
        return insert(text, map, &keys, value);
    };
    let Some((next, below)) = rest.split_first() else { return replace(text, entry, value) };
    let indent = indent_of(entry);
    match &entry.value.value {
        Yaml::Null => {
            let colon = colon(text, entry)?;
            // What stands for nothing (`~`, `null`) goes.
            let end = entry.value.span.offset + entry.value.span.len;
            let end = if entry.value.span.len > 0 && end > colon { end } else { colon };
            if is_flow(text, map) {
                return None;
            }
            Some(below_key(text, colon, end, &block(indent + INDENT, rest, value)?))
        }
        Yaml::Map(entries) if entries.is_empty() && !is_flow(text, map) => {
            let colon = colon(text, entry)?;
            Some(below_key(text, colon, end_of(text, &entry.value), &block(indent + INDENT, rest, value)?))
        }
        Yaml::Map(_) => in_map(text, &entry.value, next, below, value),
        Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) | Yaml::List(_) => None,
    }
}

/// Puts a block below a key, in place of the bytes from the colon to `end`. A comment on the line stays on it.
fn below_key(text: &str, colon: usize, end: usize, block: &str) -> String {
    let line_end = line_end(text, end);
    let rest = text[end..line_end].trim_end();
    let rest = if rest.trim().is_empty() { "" } else { rest };
    splice(text, colon, line_end, &format!("{rest}\n{}", block.trim_end_matches('\n')))
}

fn insert(text: &str, map: &Node, keys: &[String], value: &Value) -> Option<String> {
    if is_flow(text, map) {
        let end = end_of(text, map).checked_sub(1).filter(|end| text[*end..].starts_with('}'))?;
        let lead = if map.entries().is_empty() { "" } else { ", " };
        let start = text[..end].trim_end().len();
        return Some(splice(text, start, start, &format!("{lead}{}", flow(keys, value))));
    }
    let indent = indent_of(map.entries().first()?);
    let at = line_end(text, end_of(text, map));
    let block = block(indent, keys, value)?;
    if at == text.len() && !text.ends_with('\n') {
        return Some(format!("{text}\n{block}"));
    }
    Some(splice(text, at + 1, at + 1, &block))
}

/// Puts another value behind a key.
fn replace(text: &str, entry: &Entry, value: &Value) -> Option<String> {
    let written = scalar(value).unwrap_or_else(|| flow(&[], value));
    let span = entry.value.span;
    match &entry.value.value {
        Yaml::Null if span.len == 0 || span.offset < entry.key.span.offset + entry.key.span.len => {
            let colon = colon(text, entry)?;
            Some(splice(text, colon, colon, &format!(" {written}")))
        }
        Yaml::List(_) | Yaml::Map(_) if is_in_brackets(text, &entry.value) => {
            Some(splice(text, span.offset, end_of(text, &entry.value), &written))
        }
        Yaml::List(_) | Yaml::Map(_) => {
            let colon = colon(text, entry)?;
            Some(splice(text, colon, end_of(text, &entry.value), &format!(" {written}")))
        }
        _ => Some(splice(text, span.offset, span.offset + span.len, &written)),
    }
}

/// The offset after the colon of a key.
fn colon(text: &str, entry: &Entry) -> Option<usize> {
    let after = entry.key.span.offset + entry.key.span.len;
    let rest = text.get(after..)?;
    let gap = rest.len() - rest.trim_start_matches(' ').len();
    rest[gap..].starts_with(':').then_some(after + gap + 1)
}

fn indent_of(entry: &Entry) -> usize {
    (entry.key.span.column as usize).saturating_sub(1)
}

fn is_flow(text: &str, map: &Node) -> bool {
    text.get(map.span.offset..).is_some_and(|rest| rest.starts_with('{'))
}

fn is_in_brackets(text: &str, node: &Node) -> bool {
    text.get(node.span.offset..).is_some_and(|rest| rest.starts_with(['{', '[']))
}

/// Where the last part of a node ends. The reader gives a mapping or list in brackets the place of its first bracket.
pub(super) fn end_of(text: &str, node: &Node) -> usize {
    let own = node.span.offset + node.span.len;
    let last = match &node.value {
        Yaml::Map(entries) => entries
            .iter()
            .map(|entry| end_of(text, &entry.value).max(entry.key.span.offset + entry.key.span.len))
            .fold(own, usize::max),
        Yaml::List(items) => items.iter().map(|item| end_of(text, item)).fold(own, usize::max),
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) => return own.min(text.len()),
    };
    let end = if is_in_brackets(text, node) { closed(text, last) } else { None };
    end.unwrap_or(last).min(text.len())
}

/// The end of the bracket that closes after the last part, which only separators and comments may follow.
fn closed(text: &str, from: usize) -> Option<usize> {
    let mut rest = text.get(from..)?;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ':'));
        if let Some(comment) = rest.strip_prefix('#') {
            rest = comment.find('\n').and_then(|end| comment.get(end..))?;
            continue;
        }
        return rest.starts_with(['}', ']']).then(|| text.len() - rest.len() + 1);
    }
}

/// The end of the line, before its break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

fn append(text: &str, block: &str) -> String {
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{gap}{block}")
}

fn splice(text: &str, from: usize, to: usize, with: &str) -> String {
    format!("{}{with}{}", &text[..from], &text[to..])
}

/// Nested keys and a value, line by line.
pub(super) fn block(indent: usize, keys: &[String], value: &Value) -> Option<String> {
    let mut out = String::new();
    let mut depth = indent;
    let (last, above) = keys.split_last()?;
    for key in above {
        out += &format!("{:depth$}{}:\n", "", plain::yaml(key));
        depth += INDENT;
    }
    let written = scalar(value).unwrap_or_else(|| flow(&[], value));
    out += &format!("{:depth$}{}: {written}\n", "", plain::yaml(last));
    Some(out)
}

/// The same in braces.
fn flow(keys: &[String], value: &Value) -> String {
    let (opened, closed): (String, String) = match keys.split_first() {
        Some((first, rest)) => (
            format!("{}: ", plain::yaml(first))
                + &rest.iter().map(|key| format!("{{{}: ", plain::yaml(key))).collect::<String>(),
            "}".repeat(rest.len()),
        ),
        None => (String::new(), String::new()),
    };
    // JSON is YAML.
    format!("{opened}{}{closed}", scalar(value).unwrap_or_else(|| value.to_string()))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(plain::yaml(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(text: &str, path: &str, value: Value) -> String {
        let mut findings = Vec::new();
        let root = seaway_core::yaml::read_lenient(10_000, "f", text, &mut findings);
        let root = root.into_iter().next().unwrap_or_else(Node::null);
        let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
        let mut meant = root.to_json();
        super::super::value::set(&mut meant, &keys, value.clone()).unwrap();
        let out = set(text, &root, &keys, &value).expect("in place");
        let again = seaway_core::yaml::read_lenient(10_000, "f", &out, &mut findings);
        assert!(findings.is_empty(), "{out}: {findings:?}");
        assert_eq!(again[0].to_json(), meant, "{out}");
        out
    }

    #[test]
    fn every_other_byte_stays() {
        for (before, path, value, after) in [
            ("a: 1 # one\nb: 2\n", "a", json!(5), "a: 5 # one\nb: 2\n"),
            ("a: 'x'\n", "a", json!("y z"), "a: \"y z\"\n"),
            ("a:\n  b: 1\n  # end\nc: 2\n", "a.d", json!("x"), "a:\n  b: 1\n  d: x\n  # end\nc: 2\n"),
            ("a:\n    b: 1\nc: 2", "a.e.f", json!(1), "a:\n    b: 1\n    e:\n      f: 1\nc: 2"),
            ("# only a comment\n", "a.b", json!(true), "# only a comment\na:\n  b: true\n"),
            ("", "a", json!("yes"), "a: \"yes\"\n"),
            ("a:\nb: 1\n", "a", json!(2), "a: 2\nb: 1\n"),
            ("a: # why\nb: 1\n", "a.c", json!(2), "a: # why\n  c: 2\nb: 1\n"),
            ("a: ~\nb: 1\n", "a.c", json!(2), "a:\n  c: 2\nb: 1\n"),
            ("a: {}\nb: 1\n", "a.c", json!(2), "a:\n  c: 2\nb: 1\n"),
            (
                "a: {x: [1, {}], # why }\n  y: }\nb: 1\n",
                "a.c",
                json!(2),
                "a: {x: [1, {}], # why }\n  y:, c: 2 }\nb: 1\n",
            ),
            ("a: {x: 1 }\n", "a.c.d", json!(2), "a: {x: 1, c: {d: 2} }\n"),
            ("a: {x: {y: 1}}\n", "a.x.z", json!(2), "a: {x: {y: 1, z: 2}}\n"),
            ("a:\n- 1\n- 2\nb: 1\n", "a", json!("x"), "a: x\nb: 1\n"),
            ("a: [1, 2]\n", "a", json!("x"), "a: x\n"),
            ("a: |\n  x\n  y\nb: 1\n", "c", json!(1), "a: |\n  x\n  y\nb: 1\nc: 1\n"),
            ("a:\r\n  b: 1\r\nc: 2\r\n", "a.b", json!(3), "a:\r\n  b: 3\r\nc: 2\r\n"),
            ("{}\n", "a.b", json!(3), "a:\n  b: 3\n"),
            ("\"a.b\": 1\n", "c", json!("é"), "\"a.b\": 1\nc: \"é\"\n"),
            ("a: 1", "b", json!(2), "a: 1\nb: 2\n"),
        ] {
            assert_eq!(changed(before, path, value), after, "{before}");
        }
    }
}
