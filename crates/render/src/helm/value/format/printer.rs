//! One value under one verb.

use std::fmt::Write as _;

use super::quote::{can_backquote, is_printable, quote_char, quote_go};
use super::verb::Spec;
use super::writer::Writer;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{DEPTH_MAX, IntKind, List, Map, Value, format_float, whole};

pub(super) struct Printer<'o> {
    out: &'o mut Writer,
}

/// The error of a value that is nested too deeply to walk.
pub(crate) fn too_deep() -> Fault {
    Fault::Limit {
        what: "the depth of a value",
        limit: DEPTH_MAX as u64,
        help: "look for a map that was put into itself, or values nested without end",
    }
}

impl<'o> Printer<'o> {
    pub(super) fn new(out: &'o mut Writer) -> Self {
        Self { out }
    }

    /// An argument of a format; `%T` and a nil argument are special.
    pub(super) fn argument(&mut self, spec: &Spec, value: &Value, verb: char) -> Answer<()> {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(spec, b"<nil>"),
            (_, 'T') => self.text(spec, value.type_name().as_bytes()),
            _ => self.value(spec, value, verb, 0),
        }
    }

    fn value(&mut self, spec: &Spec, value: &Value, verb: char, depth: usize) -> Answer<()> {
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        match value {
            Value::Nil if depth == 0 => self.bad_verb(spec, value, verb),
            Value::Nil if spec.sharp_v => self.out.push("interface {}(nil)"),
            Value::Nil => self.out.push("<nil>"),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.pad(spec, if *truth { b"true" } else { b"false" }),
                _ => self.bad_verb(spec, value, verb),
            },
            Value::Int(number, kind) => self.integer(spec, *number, *kind, verb),
            Value::Float(number) => self.float(spec, *number, verb),
            Value::Str(text) => match verb {
                'v' if spec.sharp_v => self.quoted(spec, text.as_bytes()),
                'v' | 's' => self.text(spec, text.as_bytes()),
                'x' | 'X' => self.hex(spec, text.as_bytes(), verb == 'X'),
                'q' => self.quoted(spec, text.as_bytes()),
                _ => self.bad_verb(spec, value, verb),
            },
            Value::Bytes(bytes) => match verb {
                's' => self.text(spec, bytes.as_bytes()),
                'x' | 'X' => self.hex(spec, bytes.as_bytes(), verb == 'X'),
                'q' => self.quoted(spec, bytes.as_bytes()),
                _ => self.byte_list(spec, bytes.as_bytes(), verb),
            },
            Value::List(list) => self.list(spec, value.type_name(), list, verb, depth),
            Value::Map(map) => self.map(spec, value.type_name(), map, verb, depth),
            Value::Object(object) => match (object.entries(), object.items()) {
                (Some(entries), _) => {
                    let map = entries.into_iter().collect::<Map>();
                    self.map(spec, value.type_name(), &map, verb, depth)
                }
                (None, Some(items)) => self.list(spec, value.type_name(), &List::new(items), verb, depth),
                (None, None) => self.text(spec, object.print().as_bytes()),
            },
        }
    }

    fn list(&mut self, spec: &Spec, type_name: &str, list: &List, verb: char, depth: usize) -> Answer<()> {
        let (open, between, close) = self.brackets(spec, type_name, "[", "]");
        self.out.push(&open)?;
        for (at, item) in list.iter().enumerate() {
            if at > 0 {
                self.out.push(between)?;
            }
            self.value(spec, item, verb, depth + 1)?;
        }
        self.out.push(close)
    }

    fn map(&mut self, spec: &Spec, type_name: &str, map: &Map, verb: char, depth: usize) -> Answer<()> {
        let (open, between, close) = self.brackets(spec, type_name, "map[", "]");
        self.out.push(&open)?;
        for (at, (key, item)) in map.entries().iter().enumerate() {
            if at > 0 {
                self.out.push(between)?;
            }
            self.value(spec, &Value::Str(key.clone()), verb, depth + 1)?;
            self.out.push(":")?;
            self.value(spec, item, verb, depth + 1)?;
        }
        self.out.push(close)
    }

    fn brackets(
        &self,
        spec: &Spec,
        type_name: &str,
        open: &'static str,
        close: &'static str,
    ) -> (String, &'static str, &'static str) {
        if spec.sharp_v { (format!("{type_name}{{"), ", ", "}") } else { (open.to_owned(), " ", close) }
    }

    fn byte_list(&mut self, spec: &Spec, bytes: &[u8], verb: char) -> Answer<()> {
        let (open, between, close) = self.brackets(spec, "[]byte", "[", "]");
        self.out.push(&open)?;
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 {
                self.out.push(between)?;
            }
            let verb = if verb == 'v' { 'd' } else { verb };
            if spec.sharp_v {
                self.out.show(format_args!("0x{byte:x}"))?;
            } else {
                self.integer(spec, i64::from(*byte), IntKind::Uint8, verb)?;
            }
        }
        self.out.push(close)
    }

    fn bad_verb(&mut self, _spec: &Spec, value: &Value, verb: char) -> Answer<()> {
        self.out.show(format_args!("%!{verb}("))?;
        if value.is_nil() {
            self.out.push("<nil>")?;
        } else {
            self.out.push(value.type_name())?;
            self.out.push("=")?;
            self.value(_spec, value, 'v', 0)?;
        }
        self.out.push(")")
    }

    fn text(&mut self, spec: &Spec, bytes: &[u8]) -> Answer<()> {
        self.pad(spec, truncated(spec, bytes))
    }

    fn quoted(&mut self, spec: &Spec, bytes: &[u8]) -> Answer<()> {
        let bytes = truncated(spec, bytes);
        if spec.sharp && can_backquote(bytes) {
            return self.pad(spec, &[b"`", bytes, b"`"].concat());
        }
        self.pad(spec, quote_go(bytes, spec.plus).as_bytes())
    }

    fn hex(&mut self, spec: &Spec, bytes: &[u8], upper: bool) -> Answer<()> {
        let bytes = &bytes[..spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = match (spec.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut text = String::with_capacity(bytes.len() * 2);
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 && spec.space {
                text.push(' ');
            }
            if at == 0 || spec.space {
                text.push_str(prefix);
            }
            // Writing into a text cannot fail.
            let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
        }
        self.pad(spec, text.as_bytes())
    }

    fn integer(&mut self, spec: &Spec, number: i64, kind: IntKind, verb: char) -> Answer<()> {
        let signed = !kind.is_unsigned();
        match verb {
            'v' if spec.sharp_v && !signed => self.digits(&Spec { sharp: true, ..spec.clone() }, number, 16, 'x'),
            'v' | 'd' => self.digits(spec, number, 10, verb),
            'b' => self.digits(spec, number, 2, verb),
            'o' | 'O' => self.digits(spec, number, 8, verb),
            'x' | 'X' => self.digits(spec, number, 16, verb),
            'c' => self.pad(spec, rune(number).to_string().as_bytes()),
            'q' => self.pad(spec, quote_char(rune(number), spec.plus).as_bytes()),
            'U' => self.code_point(spec, number),
            _ => self.bad_verb(spec, &Value::Int(number, kind), verb),
        }
    }

    fn digits(&mut self, spec: &Spec, number: i64, base: u32, verb: char) -> Answer<()> {
        if base == 10 && spec.is_plain() {
            return self.out.show(number);
        }
        let magnitude = number.unsigned_abs();
        let has_sign = number < 0 || spec.plus || spec.space;
        let least = match spec.precision {
            Some(0) if number == 0 => return self.pad_plainly(spec, b""),
            Some(precision) => precision,
            None if spec.zero && !spec.minus => spec.width.unwrap_or(0).saturating_sub(usize::from(has_sign)),
            None => 0,
        };
        let mut text = match base {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if verb == 'X' => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        if text.len() < least {
            text.insert_str(0, &"0".repeat(least - text.len()));
        }
        if spec.sharp {
            match base {
                2 => text.insert_str(0, "0b"),
                8 if !text.starts_with('0') => text.insert(0, '0'),
                16 => text.insert_str(0, if verb == 'X' { "0X" } else { "0x" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.insert_str(0, "0o");
        }
        match (number < 0, spec.plus, spec.space) {
            (true, _, _) => text.insert(0, '-'),
            (false, true, _) => text.insert(0, '+'),
            (false, false, true) => text.insert(0, ' '),
            (false, false, false) => {}
        }
        self.pad_plainly(spec, text.as_bytes())
    }

    fn code_point(&mut self, spec: &Spec, number: i64) -> Answer<()> {
        let least = spec.precision.unwrap_or(0).max(4);
        let digits = format!("{number:X}");
        let mut text = format!("U+{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        let char = u32::try_from(number).ok().and_then(char::from_u32).filter(|char| is_printable(*char));
        if let (true, Some(char)) = (spec.sharp, char) {
            text.push_str(&format!(" '{char}'"));
        }
        self.pad_plainly(spec, text.as_bytes())
    }

    fn float(&mut self, spec: &Spec, number: f64, verb: char) -> Answer<()> {
        if let (Some(whole), 'v', true) = (whole(number), verb, spec.is_plain()) {
            return self.out.show(whole);
        }
        let (form, precision) = match verb {
            'v' => ('g', spec.precision),
            'e' | 'E' | 'f' => (verb, Some(spec.precision.unwrap_or(6))),
            'F' => ('f', Some(spec.precision.unwrap_or(6))),
            'g' | 'G' => (verb, spec.precision),
            'x' | 'X' => return self.hex_float(spec, number, verb == 'X'),
            _ => return self.bad_verb(spec, &Value::Float(number), verb),
        };
        let mut text = format_float(number, form, precision);
        if spec.sharp && number.is_finite() {
            text = with_point(&text, form, spec.precision);
        }
        self.signed(spec, text, number)
    }

    fn signed(&mut self, spec: &Spec, text: String, number: f64) -> Answer<()> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let sign = match (text.starts_with('-'), spec.plus, spec.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) if number.is_infinite() => "+",
            (false, false, false) => "",
        };
        let width = spec.width.unwrap_or(0);
        if !number.is_finite() {
            return self.pad_plainly(spec, format!("{sign}{unsigned}").as_bytes());
        }
        if spec.zero && !spec.minus && !sign.is_empty() {
            self.out.push(sign)?;
            let filled = sign.len() + unsigned.len();
            self.out.repeat(b"0", width.saturating_sub(filled))?;
            return self.out.push(unsigned);
        }
        self.pad(spec, format!("{sign}{unsigned}").as_bytes())
    }

    /// The shortest hexadecimal form, `0x1.8p+01`.
    fn hex_float(&mut self, spec: &Spec, number: f64, upper: bool) -> Answer<()> {
        if !number.is_finite() {
            return self.signed(spec, format_float(number, 'g', None), number);
        }
        let bits = number.to_bits();
        let mut mantissa = bits & ((1 << 52) - 1);
        let raw_exponent = (bits >> 52) & 0x7ff;
        let mut exponent = i64::try_from(raw_exponent).unwrap_or(0) - 1023;
        let mut lead = 1;
        if raw_exponent == 0 {
            exponent = -1022;
            if mantissa == 0 {
                (lead, exponent) = (0, 0);
            } else {
                let shift = mantissa.leading_zeros() - 11;
                mantissa = (mantissa << shift) & ((1 << 52) - 1);
                exponent -= i64::from(shift);
            }
        }
        let digits = format!("{mantissa:013x}");
        let digits = digits.trim_end_matches('0');
        let dot = if digits.is_empty() { "" } else { "." };
        let sign = if number.is_sign_negative() { "-" } else { "" };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        let text = format!("{sign}0x{lead}{dot}{digits}p{exponent_sign}{:02}", exponent.unsigned_abs());
        self.signed(spec, if upper { text.to_ascii_uppercase() } else { text }, number)
    }

    /// Fills up to the width with spaces, or with zeros on the left under the flag `0`.
    fn pad(&mut self, spec: &Spec, bytes: &[u8]) -> Answer<()> {
        let Some(width) = spec.width else {
            return self.out.push_bytes(bytes);
        };
        let missing = width.saturating_sub(rune_count(bytes));
        if spec.minus {
            self.out.push_bytes(bytes)?;
            return self.out.repeat(b" ", missing);
        }
        self.out.repeat(if spec.zero { b"0" } else { b" " }, missing)?;
        self.out.push_bytes(bytes)
    }

    fn pad_plainly(&mut self, spec: &Spec, bytes: &[u8]) -> Answer<()> {
        self.pad(&Spec { zero: false, ..spec.clone() }, bytes)
    }
}

/// The text up to the precision, in runes.
fn truncated<'b>(spec: &Spec, bytes: &'b [u8]) -> &'b [u8] {
    let Some(precision) = spec.precision else {
        return bytes;
    };
    // Only the bytes that so many runes can have: the text may be long and be cut a million times.
    let bytes = &bytes[..bytes.len().min(precision.saturating_mul(4))];
    let mut left = precision;
    let mut end = 0;
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            if left == 0 {
                return &bytes[..end];
            }
            left -= 1;
            end += char.len_utf8();
        }
        for _ in chunk.invalid() {
            if left == 0 {
                return &bytes[..end];
            }
            left -= 1;
            end += 1;
        }
    }
    bytes
}

fn rune_count(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

fn rune(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The flag `#`: always a decimal point, and for `%g` the zeros that were cut.
fn with_point(text: &str, form: char, precision: Option<usize>) -> String {
    let (number, tail) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut number = number.to_owned();
    let unsigned = number.trim_start_matches('-');
    let significant = unsigned.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    let wanted = if matches!(form, 'g' | 'G') { precision.unwrap_or(6) } else { 0 };
    let counted = if unsigned == "0" { 1 } else { significant };
    if !number.contains('.') {
        number.push('.');
    }
    number.push_str(&"0".repeat(wanted.saturating_sub(counted)));
    number + tail
}
