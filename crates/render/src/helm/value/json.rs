//! JSON in and out, in the bytes of Go's `encoding/json`.

use super::{DEPTH_MAX, List, Map, MapKind, Str, Value, Writer, format_float, too_deep, whole};
use crate::helm::fault::{Answer, Fault};

/// How JSON is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonStyle {
    /// `<`, `>` and `&` as `\u003c` and so on, which Go does unless told not to.
    pub escape_html: bool,
    /// Two spaces for each level.
    pub indent: bool,
}

/// A template's value from JSON data. Every number becomes a `float64`, as in Helm's values.
#[must_use]
pub fn from_json(data: &serde_json::Value) -> Value {
    match data {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::text(text.as_str()),
        serde_json::Value::Array(items) => Value::List(List::new(items.iter().map(from_json).collect())),
        serde_json::Value::Object(entries) => Value::Map(map_from_json(MapKind::Any, entries)),
    }
}

/// A map of the given kind from a JSON object.
#[must_use]
pub fn map_from_json(kind: MapKind, entries: &serde_json::Map<String, serde_json::Value>) -> Map {
    Map::of(kind, entries.iter().map(|(key, value)| (Str::from(key.as_str()), from_json(value))).collect())
}

/// JSON data of a value. Integers stay integers; whole floats become integers, as they print.
///
/// # Errors
/// When the value is nested too deeply or a number has no JSON form.
pub fn to_json(value: &Value) -> Answer<serde_json::Value> {
    to_json_at(value, float_to_json, 0)
}

/// Data of a value in which every floating point number stays one.
///
/// # Errors
/// When the value is nested too deeply or a number has no JSON form.
pub fn to_data(value: &Value) -> Answer<serde_json::Value> {
    to_json_at(
        value,
        |number| serde_json::Number::from_f64(number).map(Into::into).ok_or_else(|| unsupported(number)),
        0,
    )
}

fn to_json_at(value: &Value, float: fn(f64) -> Answer<serde_json::Value>, depth: usize) -> Answer<serde_json::Value> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    Ok(match value {
        Value::Nil => serde_json::Value::Null,
        Value::List(list) if list.is_absent() => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number, _) => (*number).into(),
        Value::Float(number) => float(*number)?,
        Value::Str(text) => text.text().into_owned().into(),
        Value::Bytes(bytes) => base64(bytes.as_bytes()).into(),
        Value::List(list) => {
            serde_json::Value::Array(list.iter().map(|item| to_json_at(item, float, depth + 1)).collect::<Answer<_>>()?)
        }
        Value::Map(map) => {
            let mut entries = serde_json::Map::new();
            for (key, item) in map.entries().iter() {
                entries.insert(key.text().into_owned(), to_json_at(item, float, depth + 1)?);
            }
            serde_json::Value::Object(entries)
        }
        Value::Object(object) => object.data(),
    })
}

fn float_to_json(number: f64) -> Answer<serde_json::Value> {
    // The range in which every whole number is exact, so that writing it as an integer changes nothing.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT && !(number == 0.0 && number.is_sign_negative()) {
        return Ok((number as i64).into());
    }
    serde_json::Number::from_f64(number).map(Into::into).ok_or_else(|| unsupported(number))
}

fn unsupported(number: f64) -> Fault {
    Fault::failed(format!("json: unsupported value: {}", format_float(number, 'g', None)))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Writes a value as Go's `json.Marshal` does.
///
/// # Errors
/// When the text grows past its limit, the value is nested too deeply or a number has no JSON form.
pub fn write_json(out: &mut Writer, value: &Value, style: JsonStyle) -> Answer<()> {
    write_at(out, value, style, 0)
}

fn write_at(out: &mut Writer, value: &Value, style: JsonStyle, depth: usize) -> Answer<()> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    match value {
        Value::Nil => out.push("null"),
        Value::List(list) if list.is_absent() => out.push("null"),
        Value::Bool(truth) => out.push(if *truth { "true" } else { "false" }),
        Value::Int(number, _) => out.show(number),
        Value::Float(number) => match whole(*number) {
            Some(whole) => out.show(whole),
            None => out.push(&float_text(*number)?),
        },
        Value::Str(text) => write_text(out, text.as_bytes(), style),
        Value::Bytes(bytes) => out.push(&format!("\"{}\"", base64(bytes.as_bytes()))),
        Value::List(list) => {
            write_items(out, style, depth, ["[", "]"], list.len(), |out, at| write_at(out, &list[at], style, depth + 1))
        }
        Value::Map(map) => {
            let entries = map.entries();
            write_items(out, style, depth, ["{", "}"], entries.len(), |out, at| {
                let (key, item) = &entries[at];
                write_text(out, key.as_bytes(), style)?;
                out.push(if style.indent { ": " } else { ":" })?;
                write_at(out, item, style, depth + 1)
            })
        }
        Value::Object(object) => write_at(out, &object_data(object.data()), style, depth + 1),
    }
}

/// Data of an object, with whole numbers as integers.
fn object_data(data: serde_json::Value) -> Value {
    from_json(&data)
}

fn write_items(
    out: &mut Writer,
    style: JsonStyle,
    depth: usize,
    [open, close]: [&str; 2],
    count: usize,
    mut item: impl FnMut(&mut Writer, usize) -> Answer<()>,
) -> Answer<()> {
    out.push(open)?;
    for at in 0..count {
        if at > 0 {
            out.push(",")?;
        }
        line(out, style, depth + 1)?;
        item(out, at)?;
    }
    if count > 0 {
        line(out, style, depth)?;
    }
    out.push(close)
}

fn line(out: &mut Writer, style: JsonStyle, depth: usize) -> Answer<()> {
    if style.indent {
        out.push("\n")?;
        out.repeat(b"  ", depth)?;
    }
    Ok(())
}

/// JSON's number form: plain from 1e-6 up to 1e21, else with the exponent as short as it can be.
fn float_text(number: f64) -> Answer<String> {
    if !number.is_finite() {
        return Err(unsupported(number));
    }
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return Ok(format_float(number, 'f', None));
    }
    let text = format_float(number, 'e', None);
    Ok(text.replacen("e-0", "e-", 1))
}

fn write_text(out: &mut Writer, bytes: &[u8], style: JsonStyle) -> Answer<()> {
    out.push("\"")?;
    for chunk in bytes.utf8_chunks() {
        let text = chunk.valid();
        let mut written = 0;
        for (at, char) in text.char_indices() {
            let escape = match char {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                '\x08' => "\\b".to_owned(),
                '\x0c' => "\\f".to_owned(),
                '<' | '>' | '&' if style.escape_html => format!("\\u{:04x}", u32::from(char)),
                '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(char)),
                _ => continue,
            };
            out.push(&text[written..at])?;
            out.push(&escape)?;
            written = at + char.len_utf8();
        }
        out.push(&text[written..])?;
        for _ in chunk.invalid() {
            out.push("\\ufffd")?;
        }
    }
    out.push("\"")
}
