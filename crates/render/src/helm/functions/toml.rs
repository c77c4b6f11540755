//! TOML in and out: tables after values, keys sorted, two spaces for each level, as Helm writes it.

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{DEPTH_MAX, List, Map, Str, Value, Writer, format_float, too_deep, too_many_items};

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("toToml", &[Any], to_toml),
    Function::new("mustToToml", &[Any], |context, a| write(context, &a[0])),
    Function::new("fromToml", &[Text], from_toml),
];

/// Values in one text that is read: each takes some hundred bytes on the way.
const PARTS_MAX: usize = 300_000;

/// The text of the error where there is no form, as Helm gives it.
fn to_toml(context: &mut Context, a: &[Value]) -> Answer<Value> {
    if a[0].is_nil() {
        return Err(Fault::failed("runtime error: invalid memory address or nil pointer dereference"));
    }
    match write(context, &a[0]) {
        Err(Fault::Failed(message)) => Ok(message.into()),
        other => other,
    }
}

fn write(context: &mut Context, value: &Value) -> Answer<Value> {
    let mut page = Page { out: Writer::new() };
    match value {
        Value::Map(map) => page.table(&mut Vec::new(), map)?,
        Value::Nil => return Err(Fault::failed("toml: cannot encode nil")),
        other => page.value(other, 0)?,
    }
    context.charge(page.out.len() / 4)?;
    Ok(page.out.finish().into())
}

struct Page {
    out: Writer,
}

impl Page {
    fn line(&mut self) -> Answer<()> {
        if self.out.is_empty() { Ok(()) } else { self.out.push("\n") }
    }

    fn indent(&mut self, path: &[Str]) -> Answer<()> {
        self.out.repeat(b"  ", path.len().saturating_sub(1))
    }

    fn heading(&mut self, path: &[Str], [open, close]: [&str; 2]) -> Answer<()> {
        self.indent(path)?;
        self.out.push(open)?;
        for (at, key) in path.iter().enumerate() {
            if at > 0 {
                self.out.push(".")?;
            }
            self.key(key)?;
        }
        self.out.push(close)?;
        self.line()
    }

    /// What a table holds: plain values first, then tables.
    fn table(&mut self, path: &mut Vec<Str>, map: &Map) -> Answer<()> {
        if path.len() > DEPTH_MAX {
            return Err(too_deep());
        }
        let entries = map.snapshot();
        let (tables, values): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(_, value)| is_table(value));
        for (key, value) in values.into_iter().filter(|(_, value)| !value.is_nil()) {
            path.push(key);
            self.indent(path)?;
            if let Some(key) = path.last() {
                self.key(key)?;
            }
            self.out.push(" = ")?;
            self.value(&value, path.len())?;
            self.line()?;
            path.pop();
        }
        for (key, value) in tables {
            path.push(key);
            match &value {
                Value::Map(map) => {
                    if path.len() == 1 {
                        self.line()?;
                    }
                    self.heading(path, ["[", "]"])?;
                    self.table(path, map)?;
                }
                Value::List(list) => {
                    for map in list.iter().filter_map(Value::as_map) {
                        self.line()?;
                        self.heading(path, ["[[", "]]"])?;
                        self.table(path, map)?;
                    }
                }
                _ => {}
            }
            path.pop();
        }
        Ok(())
    }

    fn key(&mut self, key: &Str) -> Answer<()> {
        let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !key.is_empty() && key.as_bytes().iter().all(is_bare) {
            return self.out.push_bytes(key.as_bytes());
        }
        self.quoted(key)
    }

    fn quoted(&mut self, text: &Str) -> Answer<()> {
        self.out.push("\"")?;
        for char in text.text().chars() {
            match char {
                '"' => self.out.push("\\\"")?,
                '\\' => self.out.push("\\\\")?,
                '\x08' => self.out.push("\\b")?,
                '\t' => self.out.push("\\t")?,
                '\n' => self.out.push("\\n")?,
                '\x0c' => self.out.push("\\f")?,
                '\r' => self.out.push("\\r")?,
                '\0'..='\x1f' | '\x7f' => self.out.push(&format!("\\u{:04x}", u32::from(char)))?,
                _ => self.out.push(char.encode_utf8(&mut [0; 4]))?,
            }
        }
        self.out.push("\"")
    }

    /// A value on one line.
    fn value(&mut self, value: &Value, depth: usize) -> Answer<()> {
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        match value {
            Value::Str(text) => self.quoted(text),
            Value::Bool(truth) => self.out.push(if *truth { "true" } else { "false" }),
            Value::Int(number, _) => self.out.show(number),
            Value::Float(number) => self.out.push(&float(*number)),
            Value::List(list) => self.list(list, depth),
            Value::Map(map) => self.inline(map, depth),
            Value::Bytes(bytes) => {
                for (at, byte) in bytes.as_bytes().iter().enumerate() {
                    self.out.push(if at == 0 { "[" } else { ", " })?;
                    self.out.show(byte)?;
                }
                self.out.push(if bytes.is_empty() { "[]" } else { "]" })
            }
            Value::Nil => Err(Fault::failed("toml: cannot encode array with nil element")),
            Value::Object(object) => self.quoted(&object.print().into()),
        }
    }

    fn list(&mut self, list: &List, depth: usize) -> Answer<()> {
        self.out.push("[")?;
        for (at, item) in list.iter().enumerate() {
            if at > 0 {
                self.out.push(", ")?;
            }
            self.value(item, depth + 1)?;
        }
        self.out.push("]")
    }

    fn inline(&mut self, map: &Map, depth: usize) -> Answer<()> {
        self.out.push("{")?;
        let entries = map.snapshot();
        let (tables, values): (Vec<_>, Vec<_>) =
            entries.into_iter().filter(|(_, value)| !value.is_nil()).partition(|(_, value)| is_table(value));
        for (at, (key, value)) in values.iter().chain(&tables).enumerate() {
            if at > 0 {
                self.out.push(", ")?;
            }
            self.key(key)?;
            self.out.push(" = ")?;
            self.value(value, depth + 1)?;
        }
        self.out.push("}")
    }
}

/// Maps, and lists of nothing but maps, stand after the values of a table.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::List(list) => !list.is_empty() && list.iter().all(|item| item.as_map().is_some()),
        _ => false,
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format_float(number, 'g', None);
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}

fn from_toml(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let source = text(a, 0)?.text();
    context.charge(8 + source.len())?;
    let parts = source.bytes().filter(|byte| matches!(byte, b',' | b'=' | b'[')).count();
    if parts > PARTS_MAX {
        return Err(too_many_items());
    }
    Ok(match source.parse::<toml::Table>() {
        Ok(table) => table_value(table).into(),
        Err(error) => {
            let message = format!("toml: {}", error.message());
            std::iter::once((Str::from("Error"), message.into())).collect::<Map>().into()
        }
    })
}

fn table_value(table: toml::Table) -> Map {
    table.into_iter().map(|(key, value)| (Str::from(key), value_of(value))).collect()
}

fn value_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => Value::int64(number),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => Value::list(items.into_iter().map(value_of).collect()),
        toml::Value::Table(table) => table_value(table).into(),
    }
}
