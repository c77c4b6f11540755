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

/// The only document of a rendered file without a copy of it, which may be large; else the file.
pub(super) fn only(mut text: String) -> Result<String, String> {
    let Some((start, end)) = place_of_only(&text) else { return Err(text) };
    text.truncate(end);
    text.drain(..start);
    Ok(text)
}

fn place_of_only(text: &str) -> Option<(usize, usize)> {
    let mut all = documents(text);
    let (document, None) = (all.next()?, all.next()) else { return None };
    let start = document.as_ptr().addr() - text.as_ptr().addr();
    Some((start, start + document.len()))
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
    use super::{documents, only};

    #[test]
    fn the_only_document_is_the_one_that_splitting_gives() {
        for text in
            ["a: 1", "\n---\n a: é\n ---\n", "---\na: 1\n---\n---\n", "a: 1\n---\nb: 2", "--- # x\n\u{a0}", "", "---"]
        {
            let all: Vec<&str> = documents(text).collect();
            match only(text.to_owned()) {
                Ok(document) => assert_eq!(all, [document]),
                Err(whole) => assert!(whole == text && all.len() != 1, "{all:?}"),
            }
        }
    }

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
