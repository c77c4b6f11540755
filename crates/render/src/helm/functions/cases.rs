//! Upper, lower, title, snake, camel and kebab case; initials, abbreviations and wrapped lines.

use super::arguments::{int, text};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Str, Value, Writer};

use Takes::{Int, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("upper", &[Text], |_, a| Ok(text(a, 0)?.text().chars().map(upper).collect::<String>().into())),
    Function::new("lower", &[Text], |_, a| Ok(text(a, 0)?.text().chars().map(lower).collect::<String>().into())),
    Function::new("title", &[Text], |_, a| Ok(title(&text(a, 0)?.text()).into())),
    Function::new("untitle", &[Text], |_, a| Ok(untitle(&text(a, 0)?.text()).into())),
    Function::new("swapcase", &[Text], |_, a| Ok(swap_case(&text(a, 0)?.text()).into())),
    Function::new("snakecase", &[Text], |_, a| Ok(words::joined(&text(a, 0)?.text(), '_').into())),
    Function::new("kebabcase", &[Text], |_, a| Ok(words::joined(&text(a, 0)?.text(), '-').into())),
    Function::new("camelcase", &[Text], |_, a| Ok(words::pascal_case(&text(a, 0)?.text()).into())),
    Function::new("initials", &[Text], |_, a| Ok(initials(text(a, 0)?.as_bytes()).into())),
    Function::new("nospace", &[Text], |_, a| Ok(no_space(text(a, 0)?))),
    Function::new("abbrev", &[Int, Text], abbrev),
    Function::new("abbrevboth", &[Int, Int, Text], abbrev_both),
    Function::new("wrap", &[Int, Text], |context, a| wrap(context, int(a, 0)?, "\n", false, text(a, 1)?)),
    Function::new("wrapWith", &[Int, Text, Text], wrap_with),
];

/// The one upper-case character of a character; Go leaves those that would become two.
pub(super) fn upper(char: char) -> char {
    let mut upper = char.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => char,
    }
}

/// The one lower-case character of a character.
pub(super) fn lower(char: char) -> char {
    char.to_lowercase().next().unwrap_or(char)
}

fn is_separator(char: char) -> bool {
    if char.is_ascii() { !char.is_ascii_alphanumeric() && char != '_' } else { char.is_whitespace() }
}

/// Go's `strings.Title`.
fn title(text: &str) -> String {
    let mut after = ' ';
    text.chars()
        .map(|char| {
            let starts = is_separator(after);
            after = char;
            if starts { upper(char) } else { char }
        })
        .collect()
}

fn untitle(text: &str) -> String {
    let mut starts = true;
    text.chars()
        .map(|char| {
            if char.is_whitespace() {
                starts = true;
                char
            } else if std::mem::take(&mut starts) {
                lower(char)
            } else {
                char
            }
        })
        .collect()
}

fn swap_case(text: &str) -> String {
    let mut after_space = true;
    text.chars()
        .map(|char| {
            if char.is_uppercase() {
                after_space = false;
                lower(char)
            } else if char.is_lowercase() {
                after_space = false;
                upper(char)
            } else {
                after_space = char.is_whitespace();
                char
            }
        })
        .collect()
}

/// Bytes as characters, which is how the functions below read text that is not ASCII.
fn byte_char(byte: u8) -> char {
    char::from(byte)
}

fn initials(bytes: &[u8]) -> String {
    let mut after_gap = true;
    let mut letters = String::new();
    for char in bytes.iter().copied().map(byte_char) {
        if char.is_whitespace() {
            after_gap = true;
        } else if std::mem::take(&mut after_gap) {
            letters.push(char);
        }
    }
    letters
}

fn no_space(text: &Str) -> Value {
    if !text.as_bytes().iter().any(|byte| byte_char(*byte).is_whitespace()) {
        return text.clone().into();
    }
    let kept = text.as_bytes().iter().copied().map(byte_char).filter(|char| !char.is_whitespace());
    kept.collect::<String>().into()
}

fn part(text: &[u8], from: usize, to: usize) -> Vec<u8> {
    text.get(from..to).unwrap_or_default().to_vec()
}

fn abbreviated(text: &[u8], offset: usize, width: usize) -> Vec<u8> {
    if text.len() <= width || width < 4 {
        return if width < 4 { Vec::new() } else { text.to_vec() };
    }
    let room = width - 3;
    let mut offset = offset.min(text.len());
    if text.len() - offset < room {
        offset = text.len() - room;
    }
    if offset <= 4 {
        return [&part(text, 0, room)[..], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + room < text.len() {
        return [b"...", &abbreviated(&text[offset..], 0, room)[..]].concat();
    }
    [b"...", &part(text, text.len() - room, text.len())[..]].concat()
}

fn abbrev(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (width, whole) = (int(a, 0)?, text(a, 1)?);
    let Some(width) = usize::try_from(width).ok().filter(|width| *width >= 4) else {
        return Ok(whole.clone().into());
    };
    Ok(Str::from_bytes(abbreviated(whole.as_bytes(), 0, width)).into())
}

fn abbrev_both(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (left, right, whole) = (int(a, 0)?, int(a, 1)?, text(a, 2)?);
    if right < 4 || (left > 0 && right < 7) {
        return Ok(whole.clone().into());
    }
    let offset = usize::try_from(left).unwrap_or(0);
    let width = usize::try_from(right).unwrap_or(usize::MAX);
    Ok(Str::from_bytes(abbreviated(whole.as_bytes(), offset, width)).into())
}

fn wrap_with(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let separator = text(a, 1)?.text();
    let separator = if separator.is_empty() { "\n" } else { separator.as_ref() };
    wrap(context, int(a, 0)?, separator, true, text(a, 2)?)
}

/// Breaks one line at spaces so that no line is longer than `width` bytes, if its words are not.
fn wrap(context: &mut Context, width: i64, separator: &str, cuts_words: bool, text: &Str) -> Answer<Value> {
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let bytes = text.as_bytes();
    let mut out = Writer::with_capacity(bytes.len());
    let mut at = 0;
    context.charge(bytes.len() / 8)?;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let window = &bytes[at..at + width + 1];
        let next = match window.iter().rposition(|byte| *byte == b' ') {
            Some(space) => Some((at + space, at + space + 1)),
            None if cuts_words => Some((at + width, at + width)),
            None => {
                let space = bytes[at + width..].iter().position(|byte| *byte == b' ');
                space.map(|space| (at + width + space, at + width + space + 1))
            }
        };
        let Some((end, start)) = next else {
            break;
        };
        out.push_bytes(&bytes[at..end])?;
        out.push(separator)?;
        at = start;
    }
    let rest = bytes.get(at..).ok_or_else(|| Fault::failed("wrap: text out of range"))?;
    out.push_bytes(rest)?;
    Ok(out.finish().into())
}

/// Words inside identifiers: `HTTPServer2Config` has three.
mod words {
    use super::{lower, upper};

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
        let belongs =
            |char: char| !(is_connector(char) || is_letter(char) || char.is_numeric() || is_punctuation(char));
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
}
