//! Numbers as Go writes and reads them (`strconv`).

/// Exponent from which the shortest form is written with exponent: 100000 is plain, 1000000 is `1e+06`.
const SHORTEST_THRESHOLD: i64 = 6;

/// Digits after which the exact decimal form of every `f64` has ended.
const EXACT_DIGITS_MAX: usize = 1100;

/// Formats a number as Go's `strconv.FormatFloat` does.
///
/// `verb` is one of `e E f F g G`; without `precision`, as many digits as tell the number from its neighbours.
#[must_use]
pub fn format_float(number: f64, verb: char, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if let (Some(whole), 'f' | 'g' | 'G', None) = (whole(number), verb, precision) {
        return whole.to_string();
    }
    let upper = verb.is_ascii_uppercase();
    let text = match verb.to_ascii_lowercase() {
        'e' => exponent_form(number, precision),
        'f' => plain_form(number, precision),
        _ => shorter_form(number, precision),
    };
    if upper { text.to_ascii_uppercase() } else { text }
}

/// A whole number that every plain form writes as an integer; most numbers of charts are.
pub(crate) fn whole(number: f64) -> Option<i32> {
    const LIMIT: f64 = 1e6;
    let is_negative_zero = number == 0.0 && number.is_sign_negative();
    let is_whole = number.abs() < LIMIT && number.fract() == 0.0 && !is_negative_zero;
    is_whole.then_some(number as i32)
}

fn plain_form(number: f64, precision: Option<usize>) -> String {
    match precision {
        None => format!("{number}"),
        Some(precision) => {
            let mut text = format!("{number:.*}", precision.min(EXACT_DIGITS_MAX));
            pad_zeros(&mut text, precision);
            text
        }
    }
}

fn pad_zeros(text: &mut String, precision: usize) {
    let missing = precision.saturating_sub(EXACT_DIGITS_MAX);
    text.extend(std::iter::repeat_n('0', missing));
}

fn exponent_form(number: f64, precision: Option<usize>) -> String {
    let text = match precision {
        None => format!("{number:e}"),
        Some(precision) => format!("{number:.*e}", precision.min(EXACT_DIGITS_MAX)),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits = digits.to_owned();
    pad_zeros(&mut digits, precision.unwrap_or(0));
    digits + &exponent_text(exponent.parse().unwrap_or(0))
}

/// At least two digits, always with a sign.
fn exponent_text(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:02}", exponent.unsigned_abs())
}

/// `%g`: plain for exponents from -4 up to the precision, else with exponent.
fn shorter_form(number: f64, precision: Option<usize>) -> String {
    let precision = precision.map(|precision| precision.clamp(1, EXACT_DIGITS_MAX));
    let text = match precision {
        None => format!("{number:e}"),
        Some(precision) => format!("{number:.*e}", precision - 1),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let mut digits: String = mantissa.chars().filter(|char| *char != '.').collect();
    let significant = digits.trim_end_matches('0').len().max(1);
    digits.truncate(significant);

    let point = i64::from(exponent) + 1;
    let digit_count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let threshold = match precision {
        None => SHORTEST_THRESHOLD,
        Some(precision) => {
            let precision = i64::try_from(precision).unwrap_or(i64::MAX);
            if precision > digit_count && digit_count >= point { digit_count } else { precision }
        }
    };
    if i64::from(exponent) < -4 || i64::from(exponent) >= threshold {
        let fraction = &digits[1..];
        let dot = if fraction.is_empty() { "" } else { "." };
        return format!("{sign}{}{dot}{fraction}{}", &digits[..1], exponent_text(exponent));
    }
    format!("{sign}{}", place_point(&digits, point))
}

fn place_point(digits: &str, point: i64) -> String {
    let Ok(point) = usize::try_from(point) else {
        let zeros = usize::try_from(-point).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    if point == 0 {
        return format!("0.{digits}");
    }
    if point >= digits.len() {
        return format!("{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{}.{}", &digits[..point], &digits[point..])
}

/// Reads an integer as Go's `strconv.ParseInt(text, 0, 64)`: `0x`, `0o`, `0b`, a leading zero for octal, and single
/// underscores between digits where the base is written. Nothing if it is not one or does not fit.
#[must_use]
pub fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn parse_uint(text: &str, base: u32) -> Option<u64> {
    if base != 0 {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return if plain && !text.is_empty() { u64::from_str_radix(text, base).ok() } else { None };
    }
    let lower = text.get(..2).map(str::to_ascii_lowercase);
    let (base, digits, prefixed) = match lower.as_deref() {
        Some("0x") => (16, &text[2..], true),
        Some("0o") => (8, &text[2..], true),
        Some("0b") => (2, &text[2..], true),
        _ if text.len() > 1 && text.starts_with('0') => (8, &text[1..], true),
        _ => (10, text, false),
    };
    let digits = without_underscores(digits, prefixed)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(&digits, base).ok()
}

/// Takes out underscores, which stand between two digits or after a prefix only.
fn without_underscores(digits: &str, prefixed: bool) -> Option<std::borrow::Cow<'_, str>> {
    if !digits.contains('_') {
        return Some(digits.into());
    }
    let wrong = digits.ends_with('_') || digits.contains("__") || (digits.starts_with('_') && !prefixed);
    (!wrong).then(|| digits.replace('_', "").into())
}

/// Reads a number as Go's `strconv.ParseFloat(text, 64)`. Numbers out of range are nothing, as they are an error in Go.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = ["inf", "infinity"].iter().any(|word| unsigned.eq_ignore_ascii_case(word));
    if is_word || text.eq_ignore_ascii_case("nan") {
        return text.to_ascii_lowercase().parse().ok();
    }
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let lone = |(at, _): (usize, &str)| at == 0 || !is_digit(at - 1) || !is_digit(at + 1);
    if text.match_indices('_').any(lone) {
        return None;
    }
    let text = text.replace('_', "");
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if unsigned.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x")) {
        let number = hexadecimal(&unsigned[2..])?;
        return Some(if text.starts_with('-') { -number } else { number });
    }
    if !unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `1.8p3` after its prefix: hexadecimal digits and a power of two.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || exponent.strip_prefix(['+', '-']).unwrap_or(exponent).is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let power = exponent.parse::<i32>().ok()?.checked_sub(shift)?;
    Some(number * 2_f64.powi(power)).filter(|number| number.is_finite())
}
