//! Go's layouts of times: the reference time `Mon Jan 2 15:04:05 MST 2006` written as the times should look.

/// A part of a layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperNoon,
    LowerNoon,
    ZoneName,
    Offset(Offset),
    /// Digits of the second's fraction; `is_trimmed` leaves zeros at the end out.
    Fraction {
        point: char,
        digits: usize,
        is_trimmed: bool,
    },
}

/// A form of the distance from UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Offset {
    /// UTC itself is `Z`.
    pub(super) has_z: bool,
    pub(super) has_colons: bool,
    pub(super) parts: Parts,
}

/// How much of the distance is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parts {
    Hours,
    Minutes,
    Seconds,
}

const fn offset(has_z: bool, has_colons: bool, parts: Parts) -> Piece {
    Piece::Offset(Offset { has_z, has_colons, parts })
}

/// What a place of a layout may begin with, in the order in which Go looks.
const FIXED: [(&str, Piece); 35] = [
    ("January", Piece::LongMonth),
    ("Monday", Piece::LongWeekDay),
    ("MST", Piece::ZoneName),
    ("01", Piece::ZeroMonth),
    ("02", Piece::ZeroDay),
    ("03", Piece::ZeroHour12),
    ("04", Piece::ZeroMinute),
    ("05", Piece::ZeroSecond),
    ("06", Piece::Year),
    ("002", Piece::ZeroYearDay),
    ("15", Piece::Hour),
    ("1", Piece::NumMonth),
    ("2006", Piece::LongYear),
    ("2", Piece::Day),
    ("_2", Piece::UnderDay),
    ("__2", Piece::UnderYearDay),
    ("3", Piece::Hour12),
    ("4", Piece::Minute),
    ("5", Piece::Second),
    ("PM", Piece::UpperNoon),
    ("pm", Piece::LowerNoon),
    ("-070000", offset(false, false, Parts::Seconds)),
    ("-07:00:00", offset(false, true, Parts::Seconds)),
    ("-0700", offset(false, false, Parts::Minutes)),
    ("-07:00", offset(false, true, Parts::Minutes)),
    ("-07", offset(false, false, Parts::Hours)),
    ("Z070000", offset(true, false, Parts::Seconds)),
    ("Z07:00:00", offset(true, true, Parts::Seconds)),
    ("Z0700", offset(true, false, Parts::Minutes)),
    ("Z07:00", offset(true, true, Parts::Minutes)),
    ("Z07", offset(true, false, Parts::Hours)),
    // Short names only where no longer word follows.
    ("Jan", Piece::Month),
    ("Mon", Piece::WeekDay),
    (".", Piece::Fraction { point: '.', digits: 0, is_trimmed: false }),
    (",", Piece::Fraction { point: ',', digits: 0, is_trimmed: false }),
];

/// Text before the first piece of a layout, the piece with its text, and what follows.
pub(super) struct Next<'l> {
    pub(super) prefix: &'l str,
    pub(super) piece: Option<(Piece, &'l str)>,
    pub(super) rest: &'l str,
}

/// Splits a layout at its first piece.
pub(super) fn next(layout: &str) -> Next<'_> {
    let may_begin = |byte: u8| b"JM0123456789_Pp-Z.,".contains(&byte);
    // All pieces begin with ASCII, so each of these places is one where a character begins.
    for at in layout.bytes().enumerate().filter(|(_, byte)| may_begin(*byte)).map(|(at, _)| at) {
        let (prefix, here) = layout.split_at(at);
        // `_2006` is an underscore before a year.
        if here.starts_with("_2006") {
            let (prefix, here) = layout.split_at(at + 1);
            let (text, rest) = here.split_at(4);
            return Next { prefix, piece: Some((Piece::LongYear, text)), rest };
        }
        if let Some((piece, len)) = piece_at(here) {
            let (text, rest) = here.split_at(len);
            return Next { prefix, piece: Some((piece, text)), rest };
        }
    }
    Next { prefix: layout, piece: None, rest: "" }
}

fn piece_at(here: &str) -> Option<(Piece, usize)> {
    let (text, piece) = FIXED.iter().find(|(text, _)| here.starts_with(text)).copied()?;
    let behind = here.get(text.len()..).unwrap_or_default();
    match piece {
        Piece::Month | Piece::WeekDay if behind.starts_with(|c: char| c.is_ascii_lowercase()) => None,
        Piece::Fraction { point, .. } => {
            let digit = behind.chars().next().filter(|c| matches!(c, '0' | '9'))?;
            let digits = behind.bytes().take_while(|byte| *byte == digit as u8).count();
            let ends = !behind.get(digits..)?.starts_with(|c: char| c.is_ascii_digit());
            ends.then_some((Piece::Fraction { point, digits, is_trimmed: digit == '9' }, 1 + digits))
        }
        _ => Some((piece, text.len())),
    }
}
