//! Text that fits: width on the terminal, cutting, and taming of what comes from outside.

use unicode_width::UnicodeWidthChar;

/// Text from outside on one line: control characters, among them those that a terminal would obey, become `�`;
/// line breaks and tabs become a space.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Columns that a text takes; colour sequences take none.
pub fn width(text: &str) -> usize {
    Pieces(text).filter_map(|piece| piece.columns()).sum()
}

/// The text in at most `columns` columns, cut with `…`. Colour sequences are kept, also behind the cut, so that
/// a colour always ends.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let (mut out, mut used, mut is_cut) = (String::new(), 0, false);
    for piece in Pieces(text) {
        match piece.columns() {
            None => out += piece.0,
            Some(_) if is_cut => {}
            Some(columns_of) if used + columns_of <= room => {
                used += columns_of;
                out += piece.0;
            }
            Some(_) => {
                is_cut = true;
                if columns > 0 {
                    out.push('…');
                }
            }
        }
    }
    out
}

/// The text with spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `1 target`, `2 targets`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {}", plural(n, noun))
}

/// `target`, `targets`.
pub fn plural(n: usize, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{noun}s"),
    }
}

/// The first names, and how many more there are.
pub fn some_of<S: AsRef<str>>(names: &[S], shown_max: usize) -> String {
    let shown: Vec<&str> = names.iter().take(shown_max).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(shown_max) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A visible character, or a colour sequence.
struct Piece<'a>(&'a str);

impl Piece<'_> {
    /// Columns; `None` = a colour sequence.
    fn columns(&self) -> Option<usize> {
        let first = self.0.chars().next()?;
        (first != '\u{1b}').then(|| first.width().unwrap_or(0))
    }
}

struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let first = self.0.chars().next()?;
        let len = match first {
            '\u{1b}' => self.0.find('m').map_or(self.0.len(), |end| end + 1),
            c => c.len_utf8(),
        };
        let (piece, rest) = self.0.split_at(len);
        self.0 = rest;
        Some(Piece(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns_and_keeps_colours_closed() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("\u{1b}[31mabcdef\u{1b}[0m", 4), "\u{1b}[31mabc…\u{1b}[0m");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(width("\u{1b}[31m日\u{1b}[0mx"), 3);
    }

    #[test]
    fn tames_what_comes_from_outside() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\td\u{7f}"), "a\u{fffd}[2Jb c d\u{fffd}");
    }

    #[test]
    fn counts() {
        assert_eq!(count(1, "retry"), "1 retry");
        assert_eq!(count(0, "retry"), "0 retries");
        assert_eq!(some_of(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
