//! Tags that a comma ends (`[!a,b]`): go-yaml refuses them, and the library's scanner does not survive them.
//!
//! Whether a comma stands behind a tag or inside of text is what only a scanner knows. So texts in which one may are
//! scanned with a blank before each such comma, which the scanner takes; nothing else changes its meaning by that.

use std::panic::AssertUnwindSafe;

use libyaml_safer::{Scanner, TokenData};

use super::Input;

/// What go-yaml says of a tag that a comma ends.
const PROBLEM: &str = "did not find expected whitespace or line break while scanning a tag";

/// Line and column, both from 1, of the first tag that a comma ends, and what is wrong. The scanner reads ahead: another
/// fault may come before the tag is seen, and then stands for it.
pub(crate) fn tag_before_comma(text: &str) -> Option<(u32, u32, String)> {
    let commas = suspects(text);
    if commas.is_empty() {
        return None;
    }
    let mut spaced = String::with_capacity(text.len() + commas.len());
    let mut copied = 0;
    for comma in &commas {
        spaced.push_str(text.get(copied..*comma)?);
        spaced.push(' ');
        copied = *comma;
    }
    spaced.push_str(text.get(copied..)?);
    // Nobody has found a text yet with which the scanner still falls; should there be one, it is no YAML.
    let found = std::panic::catch_unwind(AssertUnwindSafe(|| scan(text, &spaced, &commas)));
    found.unwrap_or_else(|_| Some((0, 0, "the text cannot be read as YAML".to_owned())))
}

/// Scans the text with blanks.
fn scan(text: &str, spaced: &str, commas: &[usize]) -> Option<(u32, u32, String)> {
    let mut scanner = Scanner::new();
    // The scanner does not survive the end of a block scalar without a line break either.
    scanner.set_input(Input::new(spaced, !spaced.ends_with('\n')));
    loop {
        let token = match Scanner::scan(&mut scanner) {
            Ok(token) => token,
            Err(error) => {
                let at = usize::try_from(error.problem_mark().unwrap_or_default().index).ok()?;
                let (line, column) = place(text, commas, at.min(spaced.len()));
                return Some((line, column, error.problem().to_owned()));
            }
        };
        match token.data {
            TokenData::StreamEnd => return None,
            TokenData::Tag { .. } => {
                // Each comma has moved by the blanks before it, its own not counted.
                let is_suspect = |(moved, comma): (usize, &usize)| (comma + moved) as u64 == token.end_mark.index;
                if commas.iter().enumerate().any(is_suspect) {
                    let (line, column) = place(text, commas, usize::try_from(token.start_mark.index).ok()?);
                    return Some((line, column, PROBLEM.to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// Where commas stand that could be the end of a tag: an exclamation mark before them, and no blank in between.
fn suspects(text: &str) -> Vec<usize> {
    if !text.contains('!') {
        return Vec::new();
    }
    let mut commas = Vec::new();
    let mut is_in_tag = false;
    // A tag in full, `!<a,b>`, may hold commas.
    let mut is_in_full = false;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => (is_in_tag, is_in_full) = (false, false),
            b'!' => is_in_tag = true,
            b'<' if before == b'!' => is_in_full = true,
            b'>' => is_in_full = false,
            b',' if is_in_tag && !is_in_full => commas.push(at),
            _ => {}
        }
        before = byte;
    }
    commas
}

/// The place in the text of a byte of the text with blanks.
fn place(text: &str, commas: &[usize], at: usize) -> (u32, u32) {
    let blanks = commas.iter().enumerate().filter(|(moved, comma)| *comma + moved < at).count();
    let end = at.saturating_sub(blanks);
    let before = text.get(..end).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_a_comma_ends_are_found() {
        for (text, place) in [
            ("[!a,b]\n", (1, 2)),
            ("{a: 'x!,y', b: !,}\n", (1, 16)),
            ("a: [1, !!str, 2]\n", (1, 8)),
            ("- x!,y\n- [é, !<t>, !b,]\n", (2, 7)),
            ("- !a, b\n", (1, 3)),
        ] {
            let (line, column, problem) = tag_before_comma(text).unwrap();
            assert_eq!(((line, column), problem.as_str()), (place, PROBLEM), "{text}");
        }
    }

    #[test]
    fn faults_that_the_scanner_meets_first_stand_for_them() {
        assert!(tag_before_comma("{if {- ea: {b: [!, {c:: d}]}\\nx: |\\n \u{1}").is_some());
        assert!(tag_before_comma("{!(f++,++:  | )nt }}").is_some());
        assert!(tag_before_comma("[!, \u{1}").is_some());
    }

    #[test]
    fn commas_elsewhere_are_not() {
        let quoted = "a: 'Hi!, you'\nb: \"x!,y\"\nc: Hi!, you\nd: |\n  [!a,b]\ne: [!a b, !<x,y> c] # !a,b\n";
        assert_eq!(tag_before_comma(quoted), None);
        assert_eq!(tag_before_comma("[!a b]\n"), None);
        for end in ["|\n  end", "|\n  end\n", ">-\n  end\n  ", "|", "x", "'x'", "[x]"] {
            assert_eq!(tag_before_comma(&format!("a: 'x !y, z!,'\nb: {end}")), None, "{end}");
        }
    }
}
