//! Format strings: flags, widths, precisions, argument indices and the marks of what does not fit.

use super::printer::Printer;
use super::writer::Writer;
use crate::helm::fault::Answer;
use crate::helm::value::{IntKind, Value};

/// The largest width, precision or argument index that Go takes; larger ones are marked as bad.
const NUMBER_MAX: i64 = 1_000_000;

/// The flags of one verb.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub plus: bool,
    pub minus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    /// `%#v`
    pub sharp_v: bool,
    pub width: Option<usize>,
    pub precision: Option<usize>,
}

impl Spec {
    /// Nothing but the verb.
    pub(super) fn is_plain(&self) -> bool {
        let has_flags = self.plus || self.minus || self.sharp || self.space || self.zero || self.sharp_v;
        !has_flags && self.width.is_none() && self.precision.is_none()
    }
}

/// Reads a format from left to right.
struct Reader<'f> {
    format: &'f [u8],
    at: usize,
    /// Index of the next argument.
    argument: usize,
    argument_count: usize,
    /// The index of the argument was good so far.
    is_good: bool,
    /// The item before was an index like `[3]`.
    after_index: bool,
    reordered: bool,
}

pub(super) fn format(out: &mut Writer, format: &[u8], arguments: &[Value]) -> Answer<()> {
    let mut reader = Reader {
        format,
        at: 0,
        argument: 0,
        argument_count: arguments.len(),
        is_good: true,
        after_index: false,
        reordered: false,
    };
    loop {
        let rest = &format[reader.at..];
        let text = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
        out.push_bytes(&rest[..text])?;
        reader.at += text;
        if reader.at >= format.len() {
            break;
        }
        reader.at += 1;
        reader.is_good = true;
        reader.after_index = false;
        verb(out, &mut reader, arguments)?;
    }
    if !reader.reordered && reader.argument < arguments.len() {
        extra(out, &arguments[reader.argument..])?;
    }
    Ok(())
}

fn verb(out: &mut Writer, reader: &mut Reader<'_>, arguments: &[Value]) -> Answer<()> {
    let mut spec = reader.flags();
    reader.index();
    width(out, reader, &mut spec, arguments)?;
    precision(out, reader, &mut spec, arguments)?;
    if !reader.after_index {
        reader.index();
    }
    let Some(verb) = reader.char() else {
        return out.push("%!(NOVERB)");
    };
    if verb == '%' {
        return out.push("%");
    }
    if !reader.is_good {
        return out.push(&format!("%!{verb}(BADINDEX)"));
    }
    let Some(argument) = arguments.get(reader.argument) else {
        return out.push(&format!("%!{verb}(MISSING)"));
    };
    reader.argument += 1;
    if verb == 'v' {
        spec.sharp_v = std::mem::take(&mut spec.sharp);
        spec.plus = false;
    }
    Printer::new(out).argument(&spec, argument, verb)
}

fn width(out: &mut Writer, reader: &mut Reader<'_>, spec: &mut Spec, arguments: &[Value]) -> Answer<()> {
    if reader.peek() != Some(b'*') {
        spec.width = reader.number();
        if reader.after_index && spec.width.is_some() {
            reader.is_good = false;
        }
        return Ok(());
    }
    reader.at += 1;
    match reader.number_argument(arguments) {
        None => out.push("%!(BADWIDTH)")?,
        Some(width) => {
            if width < 0 {
                spec.minus = true;
                spec.zero = false;
            }
            spec.width = usize::try_from(width.unsigned_abs()).ok();
        }
    }
    reader.after_index = false;
    Ok(())
}

fn precision(out: &mut Writer, reader: &mut Reader<'_>, spec: &mut Spec, arguments: &[Value]) -> Answer<()> {
    if reader.peek() != Some(b'.') || reader.at + 1 >= reader.format.len() {
        return Ok(());
    }
    reader.at += 1;
    if reader.after_index {
        reader.is_good = false;
    }
    reader.index();
    if reader.peek() != Some(b'*') {
        spec.precision = Some(reader.number().unwrap_or(0));
        return Ok(());
    }
    reader.at += 1;
    match reader.number_argument(arguments) {
        Some(precision) if precision >= 0 => spec.precision = usize::try_from(precision).ok(),
        _ => out.push("%!(BADPREC)")?,
    }
    reader.after_index = false;
    Ok(())
}

fn extra(out: &mut Writer, arguments: &[Value]) -> Answer<()> {
    out.push("%!(EXTRA ")?;
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            out.push(", ")?;
        }
        if argument.is_nil() {
            out.push("<nil>")?;
        } else {
            out.push(argument.type_name())?;
            out.push("=")?;
            Printer::new(out).argument(&Spec::default(), argument, 'v')?;
        }
    }
    out.push(")")
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        loop {
            match self.peek() {
                Some(b'#') => spec.sharp = true,
                Some(b'0') => spec.zero = true,
                Some(b'+') => spec.plus = true,
                Some(b'-') => spec.minus = true,
                Some(b' ') => spec.space = true,
                _ => return spec,
            }
            self.at += 1;
        }
    }

    /// The verb itself; a byte that is not UTF-8 is U+FFFD.
    fn char(&mut self) -> Option<char> {
        let rest = self.format.get(self.at..).filter(|rest| !rest.is_empty())?;
        let prefix = &rest[..rest.len().min(4)];
        let char = match prefix.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) {
            Some(char) => char,
            None => {
                self.at += 1;
                return Some(char::REPLACEMENT_CHARACTER);
            }
        };
        self.at += char.len_utf8();
        Some(char)
    }

    /// Decimal digits at this place. Numbers that are too large are left out as Go does.
    fn number(&mut self) -> Option<usize> {
        let (number, at) = self.digits(self.at);
        if number.is_some() || at > self.at {
            self.at = at;
        }
        number
    }

    fn digits(&self, from: usize) -> (Option<usize>, usize) {
        let mut number: i64 = 0;
        let mut at = from;
        while let Some(digit @ b'0'..=b'9') = self.format.get(at) {
            if number > NUMBER_MAX {
                // Go gives up here and takes the whole rest as read.
                return (None, self.format.len());
            }
            number = number * 10 + i64::from(digit - b'0');
            at += 1;
        }
        if at == from || number > NUMBER_MAX { (None, at.max(from)) } else { (usize::try_from(number).ok(), at) }
    }

    fn number_argument(&mut self, arguments: &[Value]) -> Option<i64> {
        let argument = arguments.get(self.argument)?;
        self.argument += 1;
        match argument {
            Value::Int(
                number,
                IntKind::Int | IntKind::Int64 | IntKind::Int32 | IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64,
            ) => (-NUMBER_MAX..=NUMBER_MAX).contains(number).then_some(*number),
            _ => None,
        }
    }

    /// An explicit index, `[n]`.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let Some(close) = self.format[self.at..].iter().position(|byte| *byte == b']') else {
            self.is_good = false;
            self.at += 1;
            return;
        };
        let (number, end) = self.digits(self.at + 1);
        let close = self.at + close;
        self.at = close + 1;
        match number {
            Some(number) if end == close && (1..=self.argument_count).contains(&number) => {
                self.argument = number - 1;
                self.after_index = true;
            }
            _ => self.is_good = false,
        }
    }
}
