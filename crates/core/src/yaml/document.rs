//! Splitting a file into its documents.
//!
//! YAML forbids a line that starts with `---` or `...` inside every kind of scalar, so splitting by lines is
//! exact, and a fault in one document leaves its neighbours readable.

/// One document of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Document<'a> {
    /// Its text, with the `---` that starts it.
    pub text: &'a str,
    /// Byte offset of the text in the file.
    pub offset: usize,
    /// Lines of the file before the text.
    pub lines_before: u32,
}

/// The documents that hold more than space, comments and directives, in order.
pub fn documents(text: &str) -> impl Iterator<Item = Document<'_>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = Some(Document { text: body, offset: text.len() - body.len(), lines_before: 0 });
    std::iter::from_fn(move || {
        let whole = rest?;
        let (cut, lines) = next_marker(whole.text);
        let (head, tail) = whole.text.split_at(cut);
        rest = (!tail.is_empty()).then(|| Document {
            text: tail,
            offset: whole.offset + cut,
            lines_before: whole.lines_before.saturating_add(lines),
        });
        Some(Document { text: head, ..whole })
    })
    .filter(|document| !is_empty(document.text))
}

/// Byte offset of the first line after the first one that starts a document or follows the end of one, and
/// the number of lines before it.
fn next_marker(text: &str) -> (usize, u32) {
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if number > 0 && is_marker(line, "---") {
            return (offset, number);
        }
        offset += line.len();
        if is_marker(line, "...") {
            return (offset, number.saturating_add(1));
        }
    }
    (text.len(), 0)
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_empty(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.strip_prefix("---").unwrap_or(line).trim_start();
        line.is_empty() || line.starts_with('#') || line.starts_with('%') || is_marker(line, "...")
    })
}
