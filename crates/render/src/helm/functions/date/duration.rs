//! Go's durations.

/// Nanoseconds of a second.
pub(super) const NANOS: i128 = 1_000_000_000;

/// Go's `time.ParseDuration`, in nanoseconds.
pub(super) fn parse_duration(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(end);
        let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOS,
            "m" => 60 * NANOS,
            "h" => 3600 * NANOS,
            _ => return None,
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && part.is_empty() || part.len() > 18 || whole.len() > 18 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let scale = 10_i128.pow(u32::try_from(part.len()).ok()?);
        let part: i128 = if part.is_empty() { 0 } else { part.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part * unit / scale)?;
        rest = behind;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).ok().map(i128::from)
}

/// Go's `Duration.String`.
pub(super) fn print_duration(nanos: i128) -> String {
    let (sign, magnitude) = if nanos < 0 { ("-", -nanos) } else { ("", nanos) };
    let (seconds, part) = (magnitude / NANOS, magnitude % NANOS);
    if seconds == 0 && part > 0 {
        let (unit, name) = match part {
            1_000_000.. => (1_000_000, "ms"),
            1_000.. => (1_000, "µs"),
            _ => (1, "ns"),
        };
        let rest = format!("{:06}", part % unit * (1_000_000 / unit));
        let rest = rest.trim_end_matches('0');
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{}{point}{rest}{name}", part / unit);
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let part = if part == 0 { String::new() } else { format!(".{part:09}").trim_end_matches('0').to_owned() };
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}{part}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}{part}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}{part}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_duration, print_duration};

    #[test]
    fn durations_are_read_and_printed_as_in_go() {
        for (text, printed) in [("90s", "1m30s"), ("-1.5h", "-1h30m0s"), ("0", "0s"), ("1h0.25s", "1h0m0.25s")] {
            assert_eq!(parse_duration(text).map(print_duration).as_deref(), Some(printed));
        }
        for (text, printed) in [("1ns", "1ns"), ("1500ns", "1.5µs"), ("2ms", "2ms"), ("-0.25s", "-250ms")] {
            assert_eq!(parse_duration(text).map(print_duration).as_deref(), Some(printed));
        }
        for bad in ["", "1", "h", "1d", "-", "1..2s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
