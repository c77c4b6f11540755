//! Upper, lower, title, snake, camel and kebab case; initials, abbreviations and wrapped lines.

use super::arguments::{int, text};
use super::{Context, Function, Takes, words};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Str, Value, Writer};

use Takes::{Int, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("upper", &[Text], |_, a| Ok(text(a, 0)?.text().chars().map(upper).collect::<String>().into()))
        .heavy(8),
    Function::new("lower", &[Text], |_, a| Ok(text(a, 0)?.text().chars().map(lower).collect::<String>().into()))
        .heavy(8),
    Function::new("title", &[Text], |_, a| Ok(title(&text(a, 0)?.text()).into())).heavy(8),
    Function::new("untitle", &[Text], |_, a| Ok(untitle(&text(a, 0)?.text()).into())).heavy(8),
    Function::new("swapcase", &[Text], |_, a| Ok(swap_case(&text(a, 0)?.text()).into())).heavy(8),
    Function::new("snakecase", &[Text], |_, a| Ok(words::joined(&text(a, 0)?.text(), '_').into())).heavy(16),
    Function::new("kebabcase", &[Text], |_, a| Ok(words::joined(&text(a, 0)?.text(), '-').into())).heavy(16),
    Function::new("camelcase", &[Text], |_, a| Ok(words::pascal_case(&text(a, 0)?.text()).into())).heavy(16),
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
