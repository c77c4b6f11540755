//! Literals of Go: quoted text, characters and numbers.

use crate::helm::value::{parse_float, parse_int};

/// A number literal. What it is depends on what takes it: `1` fits an `int` and a `float64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    /// The value, if it is whole.
    pub int: Option<i64>,
    pub float: f64,
    /// Written with a point or an exponent: a `float64` where any type will do.
    pub is_written_as_float: bool,
}

/// Reads a number literal.
pub(super) fn number(text: &str) -> Result<Number, String> {
    if text.ends_with('i') {
        return Err(format!("complex numbers such as {text:?} are not supported"));
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let is_hex = unsigned.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"));
    let is_float = if is_hex { text.contains(['.', 'p', 'P']) } else { text.contains(['.', 'e', 'E']) };
    if let Some(int) = parse_int(text, 0).filter(|_| !is_float) {
        return Ok(Number { int: Some(int), float: int as f64, is_written_as_float: false });
    }
    if !is_float {
        let is_digits = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
        let what = if is_digits && !unsigned.starts_with('0') { "integer overflow" } else { "illegal number syntax" };
        return Err(format!("{what}: {text:?}"));
    }
    let float = parse_float(text).ok_or_else(|| format!("illegal number syntax: {text:?}"))?;
    let whole = float as i64;
    Ok(Number { int: (whole as f64 == float).then_some(whole), float, is_written_as_float: true })
}

/// Reads a character literal with its quotes.
pub(super) fn char(text: &str) -> Result<Number, String> {
    let malformed = || format!("malformed character constant: {text}");
    let inner = text.get(1..text.len().saturating_sub(1)).ok_or_else(malformed)?;
    let mut chars = inner.char_indices();
    let code = match chars.next() {
        Some((_, '\\')) => {
            let (code, length) = escape(inner, b'\'').ok_or_else(malformed)?;
            if length != inner.len() {
                return Err(malformed());
            }
            match code {
                Escaped::Byte(byte) => u32::from(byte),
                Escaped::Char(char) => u32::from(char),
            }
        }
        Some((_, char)) if chars.next().is_none() => u32::from(char),
        _ => return Err(malformed()),
    };
    Ok(Number { int: Some(i64::from(code)), float: f64::from(code), is_written_as_float: false })
}

/// Reads text between back quotes; carriage returns are left out as in Go.
pub(super) fn raw(text: &str) -> Vec<u8> {
    text.trim_matches('`').bytes().filter(|byte| *byte != b'\r').collect()
}

/// Reads text between double quotes. The answer need not be UTF-8: `"\xff"` is one byte.
pub(super) fn quoted(text: &str) -> Result<Vec<u8>, String> {
    let invalid = || format!("invalid syntax in string {text}");
    let mut rest = text.get(1..text.len().saturating_sub(1)).ok_or_else(invalid)?;
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let (escaped, length) = escape(rest, b'"').ok_or_else(invalid)?;
        match escaped {
            Escaped::Byte(byte) => bytes.push(byte),
            Escaped::Char(char) => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = rest.get(length..).ok_or_else(invalid)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// One escape at the start of the text, and its length.
fn escape(text: &str, quote: u8) -> Option<(Escaped, usize)> {
    let bytes = text.as_bytes();
    let byte = |byte| Some((Escaped::Byte(byte), 2));
    let hex = |digits: usize| u32::from_str_radix(plain_digits(text.get(2..2 + digits)?)?, 16).ok();
    match *bytes.get(1)? {
        b'a' => byte(0x07),
        b'b' => byte(0x08),
        b'f' => byte(0x0c),
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'v' => byte(0x0b),
        b'\\' => byte(b'\\'),
        b'x' => Some((Escaped::Byte(u8::try_from(hex(2)?).ok()?), 4)),
        b'u' => Some((Escaped::Char(char::from_u32(hex(4)?)?), 6)),
        b'U' => Some((Escaped::Char(char::from_u32(hex(8)?)?), 10)),
        b'0'..=b'7' => {
            let code = u32::from_str_radix(plain_digits(text.get(1..4)?)?, 8).ok()?;
            Some((Escaped::Byte(u8::try_from(code).ok()?), 4))
        }
        other if other == quote => byte(quote),
        _ => None,
    }
}

/// Digits without a sign, which Rust's parser would take.
fn plain_digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(text)
}
