//! Floating point numbers as Go prints them.

/// As `strconv.FormatFloat(value, 'g', -1, 64)`, which is how YAML is written: the fewest digits that read back
/// as the same number, with an exponent below 1e-4 and from 1e6 on.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(value);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", mantissa(negative, &digits), exponent.unsigned_abs())
}

/// As `encoding/json` writes it: an exponent only below 1e-6 and from 1e21 on.
pub(crate) fn json_float_text(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (negative, digits, exponent) = shortest(value);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{}", mantissa(negative, &digits), exponent.unsigned_abs());
    }
    // Rust prints the fewest digits as well, never with an exponent.
    format!("{value}")
}

fn mantissa(negative: bool, digits: &str) -> String {
    let (first, rest) = digits.split_at(1.min(digits.len()));
    let point = if rest.is_empty() { "" } else { "." };
    format!("{}{first}{point}{rest}", if negative { "-" } else { "" })
}

/// Sign, digits without point, and the decimal exponent of the first digit.
fn shortest(value: f64) -> (bool, String, i32) {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.trim_start_matches('-').replace('.', "");
    (value.is_sign_negative(), digits, exponent.parse().unwrap_or(0))
}
