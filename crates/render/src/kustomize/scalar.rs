//! What the text of a plain scalar means.
//!
//! Resources are read with the rules of YAML 1.2 that Kustomize's library has (`yes` is text, `0o17` and `017` are
//! numbers), kustomization files with those of YAML 1.1 (`yes` is a boolean).

use super::node::Tag;

/// Which words are booleans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Words {
    /// `true`, `false`.
    Modern,
    /// Also `y`, `yes`, `on` and their opposites.
    Legacy,
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Meaning {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    /// As RFC 3339.
    Timestamp(String),
    Text,
    Merge,
}

impl Meaning {
    pub(crate) fn tag(&self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Int(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Timestamp(_) => Tag::Timestamp,
            Self::Text => Tag::Text,
            Self::Merge => Tag::Merge,
        }
    }
}

/// The meaning of a plain scalar.
pub(crate) fn resolve(text: &str, words: Words) -> Meaning {
    if let Some(word) = word(text, words) {
        return word;
    }
    match text.as_bytes().first() {
        Some(b'.') => float(text).map_or(Meaning::Text, Meaning::Float),
        Some(b'+' | b'-' | b'0'..=b'9') => number(text),
        _ => Meaning::Text,
    }
}

fn word(text: &str, words: Words) -> Option<Meaning> {
    let found = match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "true" | "True" | "TRUE" => Meaning::Bool(true),
        "false" | "False" | "FALSE" => Meaning::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        "<<" => Meaning::Merge,
        _ if words == Words::Modern => return None,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Meaning::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Meaning::Bool(false),
        _ => return None,
    };
    Some(found)
}

fn number(text: &str) -> Meaning {
    if let Some(timestamp) = timestamp(text) {
        return Meaning::Timestamp(timestamp);
    }
    let plain = if text.contains('_') { text.replace('_', "") } else { text.to_owned() };
    if let Some(value) = integer(&plain) {
        return Meaning::Int(value);
    }
    float(&plain).map_or(Meaning::Text, Meaning::Float)
}

/// A whole number that fits into 64 bits.
fn integer(text: &str) -> Option<i128> {
    let (is_negative, is_signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = radix(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if is_negative { -value } else { value };
    let max = if is_signed { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
    (i128::from(i64::MIN)..=max).contains(&value).then_some(value)
}

fn radix(digits: &str) -> (u32, &str) {
    let rest = |len: usize| digits.get(len..).unwrap_or_default();
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, rest(2)),
        [b'0', b'b' | b'B', ..] => (2, rest(2)),
        [b'0', b'o' | b'O', ..] => (8, rest(2)),
        [b'0', _, ..] => (8, rest(1)),
        _ => (10, digits),
    }
}

/// A decimal fraction with at least one digit; no other spelling.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = if whole.is_empty() { !fraction.is_empty() } else { true };
    if !has_digits || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if digits.is_empty() || !is_digits(digits) {
            return None;
        }
    }
    // A number too large for the type is text.
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// `2001-02-03`, `2001-02-03 04:05:06.7` or `2001-02-03T04:05:06.7Z`, as RFC 3339.
fn timestamp(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (month, rest) = one_or_two_digits(rest.strip_prefix('-')?)?;
    let (day, rest) = one_or_two_digits(rest.strip_prefix('-')?)?;
    let year: u32 = year.parse().ok()?;
    if !(1..=12).contains(&month) || day == 0 || day > days_of(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let has_zone = !rest.starts_with(' ');
    let (hour, rest) = one_or_two_digits(rest.strip_prefix(['T', 't', ' '])?)?;
    let (minute, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
    let (second, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        Some(digits) => {
            let len = digits.bytes().take_while(u8::is_ascii_digit).count();
            (len > 0 && len <= 9).then(|| digits.split_at(len))?
        }
        None => ("", rest),
    };
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let zone = match (has_zone, rest) {
        (false, "") | (true, "Z") => "Z",
        (true, "+00:00" | "-00:00") => "Z",
        (true, offset) if is_offset(offset) => offset,
        _ => return None,
    };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
}

fn one_or_two_digits(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(len);
    Some((digits.parse().ok()?, rest))
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_offset(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>, max: u32| {
        text.get(range).and_then(|part| part.parse::<u32>().ok()).is_some_and(|value| value <= max)
    };
    text.len() == 6
        && text.starts_with(['+', '-'])
        && text.as_bytes().get(3) == Some(&b':')
        && digits(1..3, 24)
        && digits(4..6, 60)
}

/// A number as Go writes it in general form: with an exponent from a million on.
pub(crate) fn general(value: f64) -> String {
    const EXPONENT_MIN: i32 = 6;
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..EXPONENT_MIN).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        let cases: &[(&str, Meaning)] = &[
            ("", Meaning::Null),
            ("~", Meaning::Null),
            ("true", Meaning::Bool(true)),
            ("yes", Meaning::Text),
            ("12", Meaning::Int(12)),
            ("-12", Meaning::Int(-12)),
            ("0x1F", Meaning::Int(31)),
            ("0o17", Meaning::Int(15)),
            ("017", Meaning::Int(15)),
            ("0b11", Meaning::Int(3)),
            ("018", Meaning::Float(18.0)),
            ("1_000", Meaning::Int(1000)),
            ("1.5", Meaning::Float(1.5)),
            ("1.", Meaning::Float(1.0)),
            (".5", Meaning::Float(0.5)),
            ("1e3", Meaning::Float(1000.0)),
            ("1.2.3", Meaning::Text),
            ("18446744073709551615", Meaning::Int(18_446_744_073_709_551_615)),
            ("18446744073709551616", Meaning::Float(18_446_744_073_709_551_616.0)),
            ("1e999", Meaning::Text),
            ("-", Meaning::Text),
            ("+", Meaning::Text),
            (".", Meaning::Text),
            ("12:30", Meaning::Text),
            ("2020-01-02", Meaning::Timestamp("2020-01-02T00:00:00Z".into())),
            ("2020-1-2 3:4:5.60", Meaning::Timestamp("2020-01-02T03:04:05.6Z".into())),
            ("2020-01-02T03:04:05+02:00", Meaning::Timestamp("2020-01-02T03:04:05+02:00".into())),
            ("2020-13-02", Meaning::Text),
            ("2021-02-29", Meaning::Text),
            ("<<", Meaning::Merge),
        ];
        for (text, expected) in cases {
            assert_eq!(&resolve(text, Words::Modern), expected, "{text:?}");
        }
        assert_eq!(resolve("yes", Words::Legacy), Meaning::Bool(true));
        assert_eq!(resolve("Off", Words::Legacy), Meaning::Bool(false));
    }
}
