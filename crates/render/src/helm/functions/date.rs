//! Times. All are in UTC: the zone of the machine that renders is nobody's business.

use std::any::Any;

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{IntKind, Object, Value};

use Takes::{Any as Anything, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("now", &[], |c, _| Ok(Value::object(Time(c.now()?)))),
    Function::new("date", &[Text, Anything], date),
    Function::new("dateInZone", &[Text, Anything, Text], date),
    Function::new("date_in_zone", &[Text, Anything, Text], date),
    Function::new("htmlDate", &[Anything], html_date),
    Function::new("htmlDateInZone", &[Anything, Text], html_date),
    Function::new("unixEpoch", &[Anything], |c, a| Ok(seconds(c, a, 0)?.to_string().into())),
    Function::new("dateModify", &[Text, Anything], modify),
    Function::new("date_modify", &[Text, Anything], modify),
    Function::new("mustDateModify", &[Text, Anything], must_modify),
    Function::new("must_date_modify", &[Text, Anything], must_modify),
    Function::new("ago", &[Anything], ago),
    Function::new("duration", &[Anything], duration),
    Function::new("durationRound", &[Anything], duration_round),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NANOS: i128 = 1_000_000_000;

/// Go's `time.Time`, in seconds since 1970.
#[derive(Debug)]
struct Time(i64);

/// A time taken apart.
struct Civil {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
    day_of_year: i64,
}

impl Civil {
    /// Counts in years that start with March, so that leap days stand last.
    fn of(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let shifted = days + 719_468;
        let (era, in_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
        let day_of_march_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_march_year + 2) / 153;
        let day = day_of_march_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let month = usize::try_from(month).unwrap_or(1);
        let leap_day = i64::from(is_leap && month > 2);
        Self {
            year,
            month,
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            day_of_year: before.get(month - 1).copied().unwrap_or(0) + day + leap_day,
        }
    }

    /// As Go's `Format` with a layout.
    fn format(&self, layout: &str) -> String {
        // Longer pieces first: `January` begins with `Jan`, `2006` with `2`.
        const PIECES: [&str; 30] = [
            "January",
            "Jan",
            "Monday",
            "Mon",
            "MST",
            "2006",
            "-07:00:00",
            "-070000",
            "-07:00",
            "-0700",
            "-07",
            "Z07:00:00",
            "Z070000",
            "Z07:00",
            "Z0700",
            "Z07",
            "002",
            "01",
            "02",
            "03",
            "04",
            "05",
            "06",
            "15",
            "PM",
            "pm",
            "_2",
            "1",
            "2",
            "3",
        ];
        let mut out = String::new();
        let mut rest = layout;
        while let Some(first) = rest.chars().next() {
            let piece = PIECES.iter().find(|piece| rest.starts_with(**piece)).copied();
            let piece = piece.or_else(|| ["4", "5"].into_iter().find(|piece| rest.starts_with(piece)));
            if let Some(piece) = piece {
                out.push_str(&self.piece(piece));
                rest = rest.get(piece.len()..).unwrap_or_default();
                continue;
            }
            if let Some((text, behind)) = fraction(rest) {
                out.push_str(&text);
                rest = behind;
                continue;
            }
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
        out
    }

    fn piece(&self, piece: &str) -> String {
        let month = MONTHS.get(self.month.saturating_sub(1)).copied().unwrap_or_default();
        let day = DAYS.get(self.weekday).copied().unwrap_or_default();
        let short = |name: &str| name.chars().take(3).collect::<String>();
        let hour_12 = if self.hour % 12 == 0 { 12 } else { self.hour % 12 };
        match piece {
            "January" => month.to_owned(),
            "Jan" => short(month),
            "Monday" => day.to_owned(),
            "Mon" => short(day),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{:04}", self.year),
            "06" => format!("{:02}", self.year.rem_euclid(100)),
            "-07:00:00" => "+00:00:00".to_owned(),
            "-070000" => "+000000".to_owned(),
            "-07:00" => "+00:00".to_owned(),
            "-0700" => "+0000".to_owned(),
            "-07" => "+00".to_owned(),
            "002" => format!("{:03}", self.day_of_year),
            "01" => format!("{:02}", self.month),
            "1" => self.month.to_string(),
            "02" => format!("{:02}", self.day),
            "_2" => format!("{:>2}", self.day),
            "2" => self.day.to_string(),
            "15" => format!("{:02}", self.hour),
            "03" => format!("{hour_12:02}"),
            "3" => hour_12.to_string(),
            "04" => format!("{:02}", self.minute),
            "4" => self.minute.to_string(),
            "05" => format!("{:02}", self.second),
            "5" => self.second.to_string(),
            "PM" => if self.hour >= 12 { "PM" } else { "AM" }.to_owned(),
            "pm" => if self.hour >= 12 { "pm" } else { "am" }.to_owned(),
            // All forms with `Z`.
            _ => "Z".to_owned(),
        }
    }
}

/// `.000` and `,000` are written, `.999` is left out when it is nothing, which it always is here.
fn fraction(rest: &str) -> Option<(String, &str)> {
    let point = rest.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = rest.chars().nth(1).filter(|c| matches!(c, '0' | '9'))?;
    let digits = rest.get(1..)?.chars().take_while(|c| *c == digit).count();
    let behind = rest.get(1 + digits..)?;
    if behind.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let text = if digit == '0' { format!("{point}{}", "0".repeat(digits)) } else { String::new() };
    Some((text, behind))
}

/// The time that an argument stands for; anything that is no time is now, as in sprig.
fn seconds(context: &Context, a: &[Value], at: usize) -> Answer<i64> {
    match a.get(at) {
        Some(Value::Int(seconds, IntKind::Int | IntKind::Int64 | IntKind::Int32)) => Ok(*seconds),
        Some(value) => match value.downcast::<Time>() {
            Some(time) => Ok(time.0),
            None => context.now(),
        },
        None => context.now(),
    }
}

fn date(context: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(Civil::of(seconds(context, a, 1)?).format(&text(a, 0)?.text()).into())
}

fn html_date(context: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(Civil::of(seconds(context, a, 0)?).format("2006-01-02").into())
}

fn modify(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let before = seconds(context, a, 1)?;
    Ok(Value::object(Time(shifted(before, &text(a, 0)?.text()).unwrap_or(before))))
}

fn must_modify(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let (before, by) = (seconds(context, a, 1)?, text(a, 0)?.text());
    let invalid = || Fault::failed(format!("time: invalid duration {by:?}"));
    Ok(Value::object(Time(shifted(before, &by).ok_or_else(invalid)?)))
}

fn shifted(seconds: i64, by: &str) -> Option<i64> {
    let nanos = parse_duration(by)?;
    seconds.checked_add(i64::try_from(nanos.div_euclid(NANOS)).ok()?)
}

fn ago(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let past = i128::from(context.now()?) - i128::from(seconds(context, a, 0)?);
    Ok(print_duration(past * NANOS).into())
}

fn duration(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let seconds = match a.first() {
        Some(Value::Str(text)) => text.text().parse::<i64>().unwrap_or(0),
        Some(Value::Int(seconds, IntKind::Int64)) => *seconds,
        _ => 0,
    };
    Ok(print_duration(i128::from(seconds) * NANOS).into())
}

fn duration_round(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let nanos = match a.first() {
        Some(Value::Str(text)) => parse_duration(&text.text()).unwrap_or(0),
        Some(Value::Int(nanos, IntKind::Int64)) => i128::from(*nanos),
        Some(value) => match value.downcast::<Time>() {
            Some(time) => (i128::from(context.now()?) - i128::from(time.0)) * NANOS,
            None => 0,
        },
        None => 0,
    };
    let hours = 3600 * NANOS;
    let units = [
        (hours * 24 * 365, "y"),
        (hours * 24 * 30, "mo"),
        (hours * 24, "d"),
        (hours, "h"),
        (60 * NANOS, "m"),
        (NANOS, "s"),
    ];
    let magnitude = nanos.abs();
    let found = units.iter().find(|(unit, _)| magnitude > *unit);
    let sign = if nanos < 0 { "-" } else { "" };
    Ok(found.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{sign}{}{name}", magnitude / unit)).into())
}

/// Go's `time.ParseDuration`, in nanoseconds.
fn parse_duration(text: &str) -> Option<i128> {
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
fn print_duration(nanos: i128) -> String {
    let (sign, magnitude) = if nanos < 0 { ("-", -nanos) } else { ("", nanos) };
    let (seconds, part) = (magnitude / NANOS, magnitude % NANOS);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let part = if part == 0 { String::new() } else { format!(".{part:09}").trim_end_matches('0').to_owned() };
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}{part}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}{part}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}{part}s"),
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let civil = Civil::of(self.0);
        Some(Ok(match (name, arguments) {
            ("Unix", []) => Value::int64(self.0),
            ("Year", []) => Value::int(civil.year),
            ("Day", []) => Value::int(civil.day),
            ("Hour", []) => Value::int(civil.hour),
            ("Minute", []) => Value::int(civil.minute),
            ("Second", []) => Value::int(civil.second),
            ("YearDay", []) => Value::int(civil.day_of_year),
            ("UTC", []) => Value::object(Time(self.0)),
            ("String", []) => self.print().into(),
            ("Format", [Value::Str(layout)]) => civil.format(&layout.text()).into(),
            ("Unix" | "Year" | "Day" | "Hour" | "Minute" | "Second" | "YearDay" | "UTC" | "String" | "Format", _) => {
                return Some(Err(Fault::failed(format!("wrong arguments for {name}"))));
            }
            _ => return None,
        }))
    }

    fn print(&self) -> String {
        Civil::of(self.0).format("2006-01-02 15:04:05 -0700 MST")
    }

    fn data(&self) -> serde_json::Value {
        Civil::of(self.0).format("2006-01-02T15:04:05Z07:00").into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Civil, parse_duration, print_duration};

    #[test]
    fn times_are_formatted_as_in_go() {
        let time = Civil::of(1_700_000_000);
        for (layout, expected) in [
            ("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z"),
            ("Mon, 02 Jan 2006 15:04:05 MST", "Tue, 14 Nov 2023 22:13:20 UTC"),
            ("Monday January _2 3:4:5PM 06 002 -0700", "Tuesday November 14 10:13:20PM 23 318 +0000"),
            ("20060102150405.000", "20231114221320.000"),
            ("1/2/2006 .999x", "11/14/2023 x"),
        ] {
            assert_eq!(time.format(layout), expected, "{layout}");
        }
        assert_eq!(Civil::of(951_782_400).format("2006-01-02 002"), "2000-02-29 060");
        assert_eq!(Civil::of(-1).format("2006-01-02 15:04:05"), "1969-12-31 23:59:59");
    }

    #[test]
    fn durations_are_read_and_printed_as_in_go() {
        for (text, printed) in [("90s", "1m30s"), ("-1.5h", "-1h30m0s"), ("0", "0s"), ("1h0.25s", "1h0m0.25s")] {
            assert_eq!(parse_duration(text).map(print_duration).as_deref(), Some(printed));
        }
        for bad in ["", "1", "h", "1d", "-", "1..2s"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
