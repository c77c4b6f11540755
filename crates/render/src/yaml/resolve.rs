//! What a plain scalar means in YAML 1.1 as go-yaml understands it.

/// The meaning of a plain scalar.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Meaning {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// A whole number that fits 64 bits with sign.
    Int(i64),
    /// A whole number that fits 64 bits without sign.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A date or time. Kubernetes reads it as text; written as text it needs quotes.
    Timestamp,
    /// Text.
    Text,
}

/// The meaning of a plain scalar without tag.
pub(crate) fn resolve(text: &str) -> Meaning {
    let Some(first) = text.bytes().next() else { return Meaning::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Meaning::Float(f64::INFINITY),
            _ => float(text).map_or(Meaning::Text, Meaning::Float),
        },
        b'+' | b'-' | b'0'..=b'9' => numeric(text),
        _ => Meaning::Text,
    }
}

/// Whether text that is not a number here is one in the base-60 notation of other readers.
pub(crate) fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or_default();
    let is_head =
        head.starts_with(|c: char| c.is_ascii_digit()) && head.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let is_fraction = fraction.is_none_or(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'_'));
    is_head && is_fraction && whole.contains(':') && parts.all(is_sixtieth)
}

fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    }
}

fn word(text: &str) -> Meaning {
    match text {
        "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Meaning::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Meaning::Bool(false),
        _ => Meaning::Text,
    }
}

fn numeric(text: &str) -> Meaning {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Meaning::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if is_timestamp(text) {
        return Meaning::Timestamp;
    }
    let without_underscores;
    let plain = if text.contains('_') {
        without_underscores = text.replace('_', "");
        without_underscores.as_str()
    } else {
        text
    };
    if let Some(whole) = whole(plain) {
        return whole;
    }
    float(plain).map_or(Meaning::Text, Meaning::Float)
}

/// A whole number in any base that Go's `ParseInt(text, 0, 64)` knows.
fn whole(text: &str) -> Option<Meaning> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    let value = if negative { 0_i128 - i128::from(magnitude) } else { i128::from(magnitude) };
    match i64::try_from(value) {
        Ok(value) => Some(Meaning::Int(value)),
        // Go reads numbers without sign only when they have none.
        Err(_) if !negative && !text.starts_with('+') => Some(Meaning::Uint(magnitude)),
        Err(_) => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    is_mantissa && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// A number in decimal notation; numbers that are too large are text, as `ParseFloat` fails on them.
fn float(text: &str) -> Option<f64> {
    if !is_float(text) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// `2001-12-14`, `2001-12-14T21:59:43.10Z` and the forms with a space between date and time.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes.get(4) != Some(&b'-') || !bytes.iter().take(4).all(u8::is_ascii_digit) {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at..)),
        None => (text, None),
    };
    is_date(date)
        && time.is_none_or(|time| is_time(time.as_bytes().first().copied(), time.get(1..).unwrap_or_default()))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4, 4), number(month, 1, 2), number(day, 1, 2)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_time(separator: Option<u8>, text: &str) -> bool {
    let clock = if separator == Some(b' ') {
        text
    } else {
        match text.strip_suffix('Z') {
            Some(clock) => clock,
            None => {
                let Some(at) = text.rfind(['+', '-']) else { return false };
                let (clock, zone) = text.split_at(at);
                let Some((hours, minutes)) = zone.get(1..).and_then(|zone| zone.split_once(':')) else { return false };
                if number(hours, 2, 2).is_none_or(|h| h > 24) || number(minutes, 2, 2).is_none_or(|m| m >= 60) {
                    return false;
                }
                clock
            }
        }
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), Some(second), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    number(hour, 1, 2).is_some_and(|n| n < 24)
        && number(minute, 1, 2).is_some_and(|n| n < 60)
        && number(second, 1, 2).is_some_and(|n| n < 60)
        && fraction.is_none_or(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

fn number(text: &str, len_min: usize, len_max: usize) -> Option<u32> {
    let is_number = (len_min..=len_max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
