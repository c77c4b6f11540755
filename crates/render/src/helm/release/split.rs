//! Splitting a rendered file into documents where Helm does.
//!
//! Helm splits at `---` at the start of a line and takes all space around it away, even the indentation of the
//! first line behind it.

use serde_json::Value;

use crate::yaml::{self, Limits};

/// The documents of a rendered file that are not empty.
pub(super) fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.trim());
    std::iter::from_fn(move || {
        let text = rest?;
        let (document, behind) = match separator(text) {
            Some((start, end)) => (text.get(..start).unwrap_or_default(), text.get(end..)),
            None => (text, None),
        };
        rest = behind;
        Some(document)
    })
    .filter(|document| !document.is_empty())
    .map(str::trim)
}

/// Start and end of the first separator: `(?:^|\s*\n)---\s*`.
fn separator(text: &str) -> Option<(usize, usize)> {
    let dashes = if text.starts_with("---") { 0 } else { text.find("\n---")? + 1 };
    let before = text.get(..dashes)?;
    let start = before.trim_end_matches(is_space).len();
    let behind = text.get(dashes + 3..)?;
    Some((start, text.len() - behind.trim_start_matches(is_space).len()))
}

/// The documents of a stream such as `helm template` prints: each with its text and its value, empty ones left out.
///
/// # Errors
/// The first document that is no YAML.
pub fn parse_stream(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut parsed = Vec::new();
    let mut limits = Limits::default();
    for text in documents(text) {
        limits.take_document().ok_or_else(|| "it has too many documents".to_owned())?;
        let value = yaml::read_line(text, &mut limits).map_err(|error| error.to_string())?;
        if !value.is_null() {
            parsed.push((text.to_owned(), value));
        }
    }
    Ok(parsed)
}

/// Go's `\s`, which is ASCII.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[test]
    fn splits_where_helm_splits() {
        let split = |text| documents(text).collect::<Vec<_>>();
        assert_eq!(split("a: 1\n---\nb: 2\n"), ["a: 1", "b: 2"]);
        assert_eq!(split("---\n---\na: 1\n\n--- # note\nb: 2"), ["a: 1", "# note\nb: 2"]);
        assert_eq!(split("---\n  a: 1\n  b: 2"), ["a: 1\n  b: 2"]);
        assert_eq!(split("a: |\n  x ---\n  y\n ---\n"), ["a: |\n  x ---\n  y\n ---"]);
        assert_eq!(split("a: 1\n---b: 2"), ["a: 1", "b: 2"]);
        assert_eq!(split(" \n"), Vec::<&str>::new());
    }
}
