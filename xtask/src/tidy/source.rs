//! Rust files as the checks see them: without comments, without tests and, when asked for, without strings.
//!
//! This is no parser. It knows just enough of Rust's words to blank out what does not count, and it keeps every line
//! where it was, so that findings can name lines.

use std::{fs, path::Path};

use anyhow::Context;

/// A Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Code without comments, strings and tests.
    pub(crate) fn code(&self) -> String {
        self.without_tests(Strings::Blank)
    }

    /// Code without comments and tests.
    pub(crate) fn code_with_strings(&self) -> String {
        self.without_tests(Strings::Keep)
    }

    fn without_tests(&self, strings: Strings) -> String {
        if self.is_test_file() {
            return String::new();
        }
        // Braces in strings must not count when the end of a test module is looked for.
        let tests = test_ranges(&blank(&self.text, Strings::Blank));
        blank_ranges(&blank(&self.text, strings), &tests)
    }

    /// Files of tests: a folder `tests` or `benches`, and `tests.rs` beside the code.
    fn is_test_file(&self) -> bool {
        let mut parts = self.path.split('/').rev();
        let file = parts.next().unwrap_or_default();
        file == "tests.rs" || file.ends_with("_tests.rs") || parts.any(|part| part == "tests" || part == "benches")
    }

    #[cfg(test)]
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// All Rust files of the workspace's crates.
pub(crate) fn read_all(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask"] {
        read_folder(root, folder, &mut sources)?;
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn read_folder(root: &Path, folder: &str, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {folder}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.file_type()?.is_dir() {
            if name != "target" {
                read_folder(root, &path, sources)?;
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?;
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    Keep,
    Blank,
}

/// Replaces comments, and strings when asked for, by blanks of the same length in bytes.
fn blank(text: &str, strings: Strings) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_kept) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if rest.starts_with("/*") {
            (block_comment(rest), false)
        } else if let Some(length) = raw_string(rest, &out) {
            (length, strings == Strings::Keep)
        } else if first == '"' {
            (quoted(rest), strings == Strings::Keep)
        } else if let Some(length) = char_literal(rest) {
            (length, strings == Strings::Keep)
        } else {
            (first.len_utf8(), true)
        };
        let (piece, after) = rest.split_at(length);
        if is_kept {
            out.push_str(piece);
        } else {
            out.extend(piece.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        }
        rest = after;
    }
    out
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of `r"…"` or `r#"…"#` (also with `b` before it), if one starts here and not inside a word.
fn raw_string(text: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let after_prefix = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let body = after_prefix.trim_start_matches('#');
    let hashes = &after_prefix[..after_prefix.len() - body.len()];
    let body = body.strip_prefix('"')?;
    let end = format!("\"{hashes}");
    Some(body.find(&end).map_or(text.len(), |at| text.len() - body.len() + at + end.len()))
}

/// Length of a string with escapes that starts with a quote.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of `'x'` or `'\n'`; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let first = body.chars().next()?;
    if first == '\\' {
        let end = body.get(2..)?.find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    body[first.len_utf8()..].starts_with('\'').then_some(1 + first.len_utf8() + 1)
}

/// Places of items under `#[cfg(test)]`, in code without comments and strings.
fn test_ranges(code: &str) -> Vec<std::ops::Range<usize>> {
    const ATTRIBUTE: &str = "#[cfg(test)]";
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find(ATTRIBUTE) {
        let start = from + found;
        let end = start + ATTRIBUTE.len() + item_length(&code[start + ATTRIBUTE.len()..]);
        ranges.push(start..end);
        from = end;
    }
    ranges
}

/// Length of the item that starts here: up to a `;`, or to the brace that closes its first one.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' | '(' | '[' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

fn blank_ranges(code: &str, ranges: &[std::ops::Range<usize>]) -> String {
    let mut out = String::with_capacity(code.len());
    let mut from = 0;
    for range in ranges {
        out.push_str(&code[from..range.start]);
        out.extend(code[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        from = range.end;
    }
    out + &code[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::sample("crates/a/src/b.rs", text).code().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_do_not_count() {
        assert_eq!(code("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(code(r##"a "b \" c" d r#"e " f"# g br"h" i"##), "a d g i");
        assert_eq!(code("fn f<'a>(x: &'a str) { '\"'; '\\''; b }"), "fn f<'a>(x: &'a str) { ; ; b }");
        assert_eq!(code("for\"x\" \u{fc}\"y\" z"), "for \u{fc} z");
    }

    #[test]
    fn lines_stay_where_they_were() {
        let source = Source::sample("crates/a/src/b.rs", "a\n/* é\n */ b\n#[cfg(test)]\nmod tests {\n}\nc");
        let lines: Vec<String> = source.code().lines().map(|line| line.trim().to_owned()).collect();
        assert_eq!(lines, ["a", "", "b", "", "", "", "c"]);
    }

    #[test]
    fn tests_do_not_count() {
        assert_eq!(code("a #[cfg(test)] mod tests { fn f() { \"}\" } } b"), "a b");
        assert_eq!(code("a #[cfg(test)] mod tests; b #[cfg(test)] fn f(x: [u8; 2]) -> u8 { 1 } c"), "a b c");
        for path in ["crates/a/tests/x.rs", "crates/a/src/b/tests.rs", "crates/a/benches/y.rs"] {
            assert_eq!(Source::sample(path, "a").code(), "", "{path}");
            assert_eq!(Source::sample(path, "\"a\"").code_with_strings(), "", "{path}");
        }
    }

    #[test]
    fn strings_can_be_kept() {
        let source = Source::sample("crates/a/src/b.rs", "x(\"{ é\") // y\n#[cfg(test)]\nmod t { z(\"}\") } \"w\"");
        assert_eq!(source.code_with_strings().split_whitespace().collect::<Vec<_>>(), ["x(\"{", "é\")", "\"w\""]);
    }
}
