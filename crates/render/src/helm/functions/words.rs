//! Words inside identifiers: `HTTPServer2Config` has three.

use super::cases::{lower, upper};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn is_connector(char: char) -> bool {
    matches!(char, '-' | '_') || char.is_whitespace()
}

fn is_punctuation(char: char) -> bool {
    // ASCII characters of Unicode's punctuation categories; `$+<=>^`|~` are symbols.
    if char.is_ascii() {
        return char.is_ascii_punctuation() && !"$+<=>^`|~".contains(char);
    }
    matches!(char, '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}')
        || ('\u{2010}'..='\u{2027}').contains(&char)
        || ('\u{2030}'..='\u{205e}').contains(&char)
        || ('\u{3001}'..='\u{3003}').contains(&char)
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|char| !belongs(char)).unwrap_or(text.len())
}

/// The first word of a text: its kind and length.
fn next(text: &str) -> (Kind, usize) {
    let Some(first) = text.chars().next() else {
        return (Kind::None, 0);
    };
    if is_connector(first) {
        return (Kind::Connector, run(text, is_connector));
    }
    if is_punctuation(first) {
        return (Kind::Punctuation, run(text, is_punctuation));
    }
    if first.is_uppercase() {
        return (Kind::Upper, upper_run(text, first));
    }
    if is_letter(first) {
        return (Kind::Alphabet, run(text, |char| is_letter(char) && !char.is_uppercase()));
    }
    if first.is_numeric() {
        return (Kind::Number, run(text, char::is_numeric));
    }
    let belongs = |char: char| !(is_connector(char) || is_letter(char) || char.is_numeric() || is_punctuation(char));
    (Kind::Other, run(text, belongs))
}

fn upper_run(text: &str, first: char) -> usize {
    let after_first = first.len_utf8();
    let second = text[after_first..].chars().next();
    match second {
        Some(second) if second.is_uppercase() => {
            let end = run(text, char::is_uppercase);
            let last = text[..end].chars().next_back().map_or(0, char::len_utf8);
            match text[end..].chars().next() {
                // `HTTPStatus`: the last capital begins the next word.
                Some(after) if is_letter(after) => end - last,
                _ => end,
            }
        }
        Some(second) if is_letter(second) => {
            after_first + run(&text[after_first..], |char| is_letter(char) && !char.is_uppercase())
        }
        _ => after_first,
    }
}

fn write(out: &mut String, kind: Kind, word: &str, connector: char) {
    if !matches!(kind, Kind::Upper | Kind::Connector) {
        out.push_str(word);
        return;
    }
    out.extend(word.chars().map(|char| match char {
        _ if is_connector(char) => connector,
        _ if char.is_uppercase() => lower(char),
        _ => char,
    }));
}

struct Words<'t> {
    kind: Kind,
    word: &'t str,
    rest: &'t str,
}

impl<'t> Words<'t> {
    fn start(text: &'t str) -> Self {
        let (kind, length) = next(text);
        Self { kind, word: &text[..length], rest: &text[length..] }
    }

    fn advance(&mut self) {
        *self = Self::start(self.rest);
    }

    fn write(&self, out: &mut String, connector: char) {
        write(out, self.kind, self.word, connector);
    }

    /// Writes letters and numbers as one word.
    fn write_run(&mut self, out: &mut String, connector: char) {
        while matches!(self.kind, Kind::Alphabet | Kind::Number) {
            self.write(out, connector);
            self.advance();
        }
        if !matches!(self.kind, Kind::None | Kind::Connector | Kind::Punctuation) {
            out.push(connector);
        }
    }
}

/// Words in lower case with a connector between.
pub(super) fn joined(text: &str, connector: char) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut words = Words::start(text);
    while !words.rest.is_empty() {
        if words.kind != Kind::Connector {
            words.write(&mut out, connector);
        }
        let (before, last) = (words.kind, words.word);
        words.advance();
        match before {
            Kind::Number => words.write_run(&mut out, connector),
            Kind::Connector => write(&mut out, before, last, connector),
            Kind::Punctuation => {}
            Kind::None | Kind::Upper | Kind::Alphabet | Kind::Other => after_word(&mut words, &mut out, connector),
        }
    }
    words.write(&mut out, connector);
    out
}

/// A number belongs to the word before it unless letters follow it.
fn after_word(words: &mut Words<'_>, out: &mut String, connector: char) {
    if words.kind != Kind::Number {
        if !matches!(words.kind, Kind::Connector | Kind::Punctuation) {
            out.push(connector);
        }
        return;
    }
    if words.rest.is_empty() {
        return;
    }
    let number = words.word;
    words.advance();
    if words.kind != Kind::Alphabet {
        out.push_str(number);
        if !matches!(words.kind, Kind::Connector | Kind::Punctuation) {
            out.push(connector);
        }
        return;
    }
    out.push(connector);
    out.push_str(number);
    words.write_run(out, connector);
}

/// `some_words` as `SomeWords`.
pub(super) fn pascal_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut first = None;
    for char in chars.by_ref() {
        if is_connector(char) {
            out.push(char);
            first = None;
            continue;
        }
        first = Some(char);
        break;
    }
    let Some(first) = first else {
        // The last of nothing but connectors is written twice.
        out.extend(text.chars().next_back());
        return out;
    };
    let mut capital_run = first.is_uppercase();
    let mut before = upper(first);
    for char in chars {
        let mut current = char;
        if is_connector(char) && is_connector(before) {
            out.push(before);
            before = char;
            continue;
        }
        if is_connector(before) {
            capital_run = char.is_uppercase();
            current = upper(char);
        } else {
            if capital_run {
                if char.is_uppercase() {
                    current = lower(char);
                } else {
                    capital_run = false;
                }
            }
            out.push(before);
        }
        before = current;
    }
    out.push(before);
    out
}
