//! Times as text, as Go's `Time.Format` writes them.

use super::{
    Time,
    civil::{Civil, DAYS, MONTHS},
    layout::{self, Offset, Parts, Piece},
};

/// The time in a layout.
pub(super) fn format(time: &Time, layout: &str) -> String {
    let (offset, zone) = time.zone.at(time.seconds);
    let shown = Shown { civil: Civil::of(time.seconds.saturating_add(offset)), nanos: time.nanos, offset, zone };
    let mut out = String::new();
    let mut rest = layout;
    loop {
        let next = layout::next(rest);
        out.push_str(next.prefix);
        let Some((piece, _)) = next.piece else { return out };
        shown.piece(piece, &mut out);
        rest = next.rest;
    }
}

struct Shown {
    civil: Civil,
    nanos: u32,
    offset: i64,
    zone: String,
}

impl Shown {
    fn piece(&self, piece: Piece, out: &mut String) {
        let civil = &self.civil;
        let month = MONTHS.get(civil.month.saturating_sub(1)).copied().unwrap_or_default();
        let day = DAYS.get(civil.weekday).copied().unwrap_or_default();
        let short = |name: &'static str| name.get(..3).unwrap_or(name).to_owned();
        let hour_12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
        let noon = |before: &str, after: &str| if civil.hour >= 12 { after.to_owned() } else { before.to_owned() };
        let text = match piece {
            Piece::LongMonth => month.to_owned(),
            Piece::Month => short(month),
            Piece::NumMonth => civil.month.to_string(),
            Piece::ZeroMonth => format!("{:02}", civil.month),
            Piece::LongWeekDay => day.to_owned(),
            Piece::WeekDay => short(day),
            Piece::Day => civil.day.to_string(),
            Piece::UnderDay => format!("{:>2}", civil.day),
            Piece::ZeroDay => format!("{:02}", civil.day),
            Piece::UnderYearDay => format!("{:>3}", civil.day_of_year),
            Piece::ZeroYearDay => format!("{:03}", civil.day_of_year),
            Piece::Hour => format!("{:02}", civil.hour),
            Piece::Hour12 => hour_12.to_string(),
            Piece::ZeroHour12 => format!("{hour_12:02}"),
            Piece::Minute => civil.minute.to_string(),
            Piece::ZeroMinute => format!("{:02}", civil.minute),
            Piece::Second => civil.second.to_string(),
            Piece::ZeroSecond => format!("{:02}", civil.second),
            Piece::LongYear if civil.year < 0 => format!("-{:04}", -civil.year),
            Piece::LongYear => format!("{:04}", civil.year),
            Piece::Year => format!("{:02}", civil.year.max(0) % 100),
            Piece::UpperNoon => noon("AM", "PM"),
            Piece::LowerNoon => noon("am", "pm"),
            Piece::ZoneName => self.zone_name(),
            Piece::Offset(form) => self.offset(form),
            Piece::Fraction { point, digits, is_trimmed } => self.fraction(point, digits, is_trimmed),
        };
        out.push_str(&text);
    }

    fn zone_name(&self) -> String {
        if !self.zone.is_empty() {
            return self.zone.clone();
        }
        let minutes = self.offset / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    fn offset(&self, form: Offset) -> String {
        if form.has_z && self.offset == 0 {
            return "Z".to_owned();
        }
        // The sign is that of the minutes, as in Go.
        let sign = if self.offset / 60 < 0 { '-' } else { '+' };
        let magnitude = self.offset.abs();
        let colon = if form.has_colons { ":" } else { "" };
        let mut text = format!("{sign}{:02}", magnitude / 3600);
        if form.parts != Parts::Hours {
            text.push_str(&format!("{colon}{:02}", magnitude / 60 % 60));
        }
        if form.parts == Parts::Seconds {
            text.push_str(&format!("{colon}{:02}", magnitude % 60));
        }
        text
    }

    fn fraction(&self, point: char, digits: usize, is_trimmed: bool) -> String {
        let mut text: String = format!("{:09}", self.nanos).chars().take(digits).collect();
        // There are no digits after the ninth.
        text.extend(std::iter::repeat_n('0', digits.saturating_sub(9)));
        if is_trimmed {
            text.truncate(text.trim_end_matches('0').len());
            if text.is_empty() {
                return text;
            }
        }
        format!("{point}{text}")
    }
}
