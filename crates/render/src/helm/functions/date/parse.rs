//! Times from text, as Go's `time.Parse` reads them.

use super::{
    Time,
    civil::{DAYS, MONTHS, days_in, is_leap, midnight, month_and_day},
    layout::{self, Offset, Parts, Piece},
    zone::Zone,
};
use crate::helm::value::quote_go;

/// A piece that does not fit.
enum Bad {
    Form,
    Range(&'static str),
}

type Read<T> = Result<T, Bad>;

/// What was read so far; a month and a day may be missing.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    is_afternoon: Option<bool>,
    is_utc: bool,
    offset: Option<i64>,
    zone: String,
}

/// Reads a text in a layout.
///
/// # Errors
/// Go's message.
pub(super) fn parse(layout: &str, text: &str) -> Result<Time, String> {
    let whole = |what: &str| format!("parsing time {}{what}", quote_go(text.as_bytes(), false));
    let cannot = |element: &str, rest: &str| {
        let [rest, element] = [quote_go(rest.as_bytes(), false), quote_go(element.as_bytes(), false)];
        format!(
            "parsing time {} as {}: cannot parse {rest} as {element}",
            quote_go(text.as_bytes(), false),
            quote_go(layout.as_bytes(), false)
        )
    };
    let mut found = Found::default();
    let (mut pattern, mut rest) = (layout, text);
    loop {
        let next = layout::next(pattern);
        rest = skip(rest, next.prefix).map_err(|rest| cannot(next.prefix, rest))?;
        let Some((piece, element)) = next.piece else { break };
        pattern = next.rest;
        let before = rest;
        match found.piece(piece, &mut rest, pattern) {
            Ok(()) => {}
            Err(Bad::Form) => return Err(cannot(element, before)),
            Err(Bad::Range(what)) => return Err(whole(&format!(": {what} out of range"))),
        }
    }
    if !rest.is_empty() {
        return Err(whole(&format!(": extra text: {}", quote_go(rest.as_bytes(), false))));
    }
    found.time().map_err(|message| whole(&message))
}

/// Takes the text between two pieces away; any number of spaces is as good as any other.
fn skip<'t>(mut text: &'t str, mut prefix: &str) -> Result<&'t str, &'t str> {
    while let Some(first) = prefix.chars().next() {
        if first == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return Err(text);
            }
            prefix = prefix.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text.strip_prefix(first).ok_or(text)?;
        prefix = prefix.get(first.len_utf8()..).unwrap_or_default();
    }
    Ok(text)
}

impl Found {
    fn piece(&mut self, piece: Piece, rest: &mut &str, behind: &str) -> Read<()> {
        match piece {
            Piece::Year => {
                let year = digits(rest, 2)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Piece::LongYear => self.year = digits(rest, 4)?,
            Piece::LongMonth => self.month = Some(name(rest, &MONTHS, usize::MAX)? + 1),
            Piece::Month => self.month = Some(name(rest, &MONTHS, 3)? + 1),
            Piece::NumMonth | Piece::ZeroMonth => {
                let month = number(rest, piece == Piece::ZeroMonth)?;
                self.month = Some(within(month, 1..=12, "month")?);
            }
            Piece::LongWeekDay => _ = name(rest, &DAYS, usize::MAX)?,
            Piece::WeekDay => _ = name(rest, &DAYS, 3)?,
            Piece::Day | Piece::UnderDay | Piece::ZeroDay => {
                if piece == Piece::UnderDay {
                    *rest = rest.strip_prefix(' ').unwrap_or(rest);
                }
                self.day = Some(number(rest, piece == Piece::ZeroDay)?);
            }
            Piece::UnderYearDay | Piece::ZeroYearDay => self.day_of_year = Some(day_of_year(piece, rest)?),
            Piece::Hour => self.hour = within(number(rest, false)?, 0..=23, "hour")?,
            Piece::Hour12 | Piece::ZeroHour12 => {
                self.hour = within(number(rest, piece == Piece::ZeroHour12)?, 0..=12, "hour")?;
            }
            Piece::Minute | Piece::ZeroMinute => {
                self.minute = within(number(rest, piece == Piece::ZeroMinute)?, 0..=59, "minute")?;
            }
            Piece::Second | Piece::ZeroSecond => self.second(piece, rest, behind)?,
            Piece::UpperNoon => self.is_afternoon = Some(noon(rest, "AM", "PM")?),
            Piece::LowerNoon => self.is_afternoon = Some(noon(rest, "am", "pm")?),
            Piece::Offset(form) => self.offset(form, rest)?,
            Piece::ZoneName => self.zone_name(rest)?,
            Piece::Fraction { digits, is_trimmed: false, .. } => self.nanos = fraction(rest, 1 + digits)?,
            Piece::Fraction { .. } => {
                if let Some(length) = fraction_length(rest) {
                    self.nanos = fraction(rest, length)?;
                }
            }
        }
        Ok(())
    }

    /// A fraction may follow even where the layout has none.
    fn second(&mut self, piece: Piece, rest: &mut &str, behind: &str) -> Read<()> {
        self.second = within(number(rest, piece == Piece::ZeroSecond)?, 0..=59, "second")?;
        let is_read_later = matches!(layout::next(behind).piece, Some((Piece::Fraction { .. }, _)));
        if let Some(length) = fraction_length(rest).filter(|_| !is_read_later) {
            self.nanos = fraction(rest, length)?;
        }
        Ok(())
    }

    fn offset(&mut self, form: Offset, rest: &mut &str) -> Read<()> {
        // Forms with seconds do not take the letter.
        if form.has_z
            && form.parts != Parts::Seconds
            && let Some(behind) = rest.strip_prefix('Z')
        {
            *rest = behind;
            self.is_utc = true;
            return Ok(());
        }
        let colon = usize::from(form.has_colons);
        let count = match form.parts {
            Parts::Hours => 1,
            Parts::Minutes => 2,
            Parts::Seconds => 3,
        };
        let text = take(rest, 1 + count * 2 + (count - 1) * colon)?;
        let (sign, mut text) = text.split_at_checked(1).ok_or(Bad::Form)?;
        let mut parts = [0; 3];
        for (at, part) in parts.iter_mut().enumerate().take(count) {
            if at > 0 && form.has_colons {
                text = text.strip_prefix(':').ok_or(Bad::Form)?;
            }
            *part = number(&mut text, true)?;
        }
        let [hours, minutes, seconds] = parts;
        within(hours, 0..=24, "time zone offset hour")?;
        within(minutes, 0..=60, "time zone offset minute")?;
        within(seconds, 0..=60, "time zone offset second")?;
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match sign {
            "+" => offset,
            "-" => -offset,
            _ => return Err(Bad::Form),
        });
        Ok(())
    }

    fn zone_name(&mut self, rest: &mut &str) -> Read<()> {
        if let Some(behind) = rest.strip_prefix("UTC") {
            *rest = behind;
            self.is_utc = true;
            return Ok(());
        }
        let length = zone_name_length(rest).ok_or(Bad::Form)?;
        self.zone = take(rest, length)?.to_owned();
        Ok(())
    }

    fn time(mut self) -> Result<Time, String> {
        match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(month, self.year) {
            return Err(": day out of range".to_owned());
        }
        let seconds = midnight(self.year, month, day) + self.hour * 3600 + self.minute * 60 + self.second;
        let nanos = self.nanos;
        if self.is_utc {
            return Ok(Time { seconds, nanos, zone: Zone::Utc });
        }
        if let Some(offset) = self.offset {
            let is_utc = offset == 0 && matches!(self.zone.as_str(), "" | "UTC");
            let zone = if is_utc { Zone::Utc } else { Zone::Fixed { name: self.zone, seconds: offset } };
            return Ok(Time { seconds: seconds - offset, nanos, zone });
        }
        if self.zone.is_empty() {
            return Ok(Time { seconds, nanos, zone: Zone::Utc });
        }
        // Nobody knows where such a zone is, except that `GMT+3` says it. The clock is taken to show UTC all the same.
        let hours = self.zone.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).unwrap_or(0);
        Ok(Time { seconds, nanos, zone: Zone::Fixed { name: self.zone, seconds: hours * 3600 } })
    }

    fn month_and_day(&self) -> Result<(i64, i64), String> {
        let Some(day_of_year) = self.day_of_year else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        let (month, day) = match day_of_year {
            60 if is_leap(self.year) => (2, 29),
            other => {
                let other = if is_leap(self.year) && other > 60 { other - 1 } else { other };
                if !(1..=365).contains(&other) {
                    return Err(": day-of-year out of range".to_owned());
                }
                month_and_day(other)
            }
        };
        if self.month.is_some_and(|given| given != month) {
            return Err(": day-of-year does not match month".to_owned());
        }
        if self.day.is_some_and(|given| given != day) {
            return Err(": day-of-year does not match day".to_owned());
        }
        Ok((month, day))
    }
}

fn within(number: i64, range: std::ops::RangeInclusive<i64>, what: &'static str) -> Read<i64> {
    if range.contains(&number) { Ok(number) } else { Err(Bad::Range(what)) }
}

fn take<'t>(rest: &mut &'t str, length: usize) -> Read<&'t str> {
    let (taken, behind) = rest.split_at_checked(length).ok_or(Bad::Form)?;
    *rest = behind;
    Ok(taken)
}

fn digits(rest: &mut &str, count: usize) -> Read<i64> {
    let text = take(rest, count)?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Bad::Form);
    }
    text.parse().map_err(|_| Bad::Form)
}

/// One or two digits.
fn number(rest: &mut &str, is_fixed: bool) -> Read<i64> {
    match leading_digits(rest) {
        0 => Err(Bad::Form),
        1 if is_fixed => Err(Bad::Form),
        1 => digits(rest, 1),
        _ => digits(rest, 2),
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn day_of_year(piece: Piece, rest: &mut &str) -> Read<i64> {
    let is_fixed = piece == Piece::ZeroYearDay;
    for _ in 0..2 {
        *rest = rest.strip_prefix(' ').filter(|_| !is_fixed).unwrap_or(rest);
    }
    match leading_digits(rest).min(3) {
        0 => Err(Bad::Form),
        count if is_fixed && count != 3 => Err(Bad::Form),
        count => digits(rest, count),
    }
}

/// The place of a name in a table, in upper or lower case.
fn name(rest: &mut &str, names: &[&str], length: usize) -> Read<i64> {
    for (at, name) in names.iter().enumerate() {
        let name = name.get(..length).unwrap_or(name);
        if let Some((head, behind)) = rest.split_at_checked(name.len())
            && head.eq_ignore_ascii_case(name)
        {
            *rest = behind;
            return Ok(at as i64);
        }
    }
    Err(Bad::Form)
}

fn noon(rest: &mut &str, before: &str, after: &str) -> Read<bool> {
    match take(rest, 2)? {
        text if text == after => Ok(true),
        text if text == before => Ok(false),
        _ => Err(Bad::Form),
    }
}

/// Length of a point with digits, if there is one.
fn fraction_length(text: &str) -> Option<usize> {
    let behind = text.strip_prefix(['.', ','])?;
    Some(leading_digits(behind)).filter(|digits| *digits > 0).map(|digits| 1 + digits)
}

/// Digits after the ninth are thrown away.
fn fraction(rest: &mut &str, length: usize) -> Read<u32> {
    let text = take(rest, length)?;
    let text = text.strip_prefix(['.', ',']).ok_or(Bad::Form)?;
    if text.is_empty() || leading_digits(text) != text.len() {
        return Err(Bad::Form);
    }
    format!("{:0<9}", text.get(..9).unwrap_or(text)).parse().map_err(|_| Bad::Form)
}

/// Length of something that looks like the name of a zone.
fn zone_name_length(text: &str) -> Option<usize> {
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(behind) = text.strip_prefix("GMT") {
        return Some(3 + signed_hours_length(behind));
    }
    if text.len() >= 3 && text.starts_with(['+', '-']) {
        return Some(signed_hours_length(text)).filter(|length| *length > 0);
    }
    let ends_in_t = |length: usize| text.as_bytes().get(length - 1) == Some(&b'T');
    match text.bytes().take(6).take_while(u8::is_ascii_uppercase).count() {
        3 => Some(3),
        4 if ends_in_t(4) || text.starts_with("WITA") => Some(4),
        5 if ends_in_t(5) => Some(5),
        _ => None,
    }
}

/// Length of `+3` or `-11`; hours above 23 are none.
fn signed_hours_length(text: &str) -> usize {
    let Some(behind) = text.strip_prefix(['+', '-']) else { return 0 };
    let digits = leading_digits(behind);
    let is_in_range = behind.get(..digits).and_then(|hours| hours.parse::<u32>().ok()).is_some_and(|hours| hours <= 23);
    if is_in_range { 1 + digits } else { 0 }
}
