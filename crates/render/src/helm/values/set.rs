//! The notation of `--set`: `a.b[0].c=1,d={x,y},e\.f=text`.

use serde_json::{Number, Value};

use super::{Values, with_floats};
use crate::yaml::{self, Limits};

/// Highest list index that may be set: Helm's limit.
const INDEX_MAX: usize = 65_536;
/// Most items that the indexes of one text may add to lists, gaps included.
const ITEMS_MAX: usize = 4 * INDEX_MAX;
/// Deepest path that may be set: Helm's limit.
const DEPTH_MAX: usize = 30;

/// What the texts behind `=` become.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers, booleans and null when they look like it.
    Typed,
    /// Text.
    Text,
    /// JSON.
    Json,
}

/// Sets everything that the text names.
pub(super) fn parse(values: &mut Values, text: &str, kind: Kind, limits: &mut Limits) -> Result<(), String> {
    let mut parser = Parser { rest: text, kind, items_left: ITEMS_MAX, limits: *limits };
    loop {
        parser.assignment(values, DEPTH_MAX)?;
        if parser.rest.is_empty() {
            *limits = parser.limits;
            return Ok(());
        }
    }
}

/// Sets one path to everything behind the first `=`, whatever it holds.
pub(super) fn parse_literal(values: &mut Values, text: &str) -> Result<(), String> {
    let mut parser = Parser { rest: text, kind: Kind::Text, items_left: ITEMS_MAX, limits: Limits::default() };
    parser.entry(values, DEPTH_MAX, &mut |parser| Ok(Value::String(std::mem::take(&mut parser.rest).to_owned())))
}

/// A JSON document; its numbers are floating point.
pub(super) fn json(text: &str, limits: &mut Limits) -> Result<Value, String> {
    let checked: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    checked.map_err(|error| format!("not JSON: {error}"))?;
    // The YAML reader keeps every digit of a number.
    yaml::read_within(text, limits).map(with_floats).map_err(|error| error.to_string())
}

struct Parser<'a> {
    rest: &'a str,
    kind: Kind,
    /// Items that indexes may still add to lists.
    items_left: usize,
    /// What JSON values may still hold.
    limits: Limits,
}

type Read<'r, 'a> = &'r mut dyn FnMut(&mut Parser<'a>) -> Result<Value, String>;

impl<'a> Parser<'a> {
    fn assignment(&mut self, values: &mut Values, depth: usize) -> Result<(), String> {
        self.entry(values, depth, &mut Self::value)
    }

    /// A key, what stands behind it, and its value.
    fn entry(&mut self, values: &mut Values, depth: usize, read: Read<'_, 'a>) -> Result<(), String> {
        let depth = depth.checked_sub(1).ok_or_else(|| format!("the path has more than {DEPTH_MAX} parts"))?;
        let (key, stop) = self.until(&['=', '[', ',', '.']);
        match stop {
            None if key.is_empty() => Ok(()),
            None => Err(format!("key `{key}` has no value")),
            Some(',') => Err(format!("key `{key}` has no value (cannot end with `,`)")),
            Some('=') => {
                let value = read(self)?;
                if !key.is_empty() {
                    values.insert(key, value);
                }
                Ok(())
            }
            Some('[') => {
                let index = self.index()?;
                let entry = values.entry(key).or_insert(Value::Null);
                if entry.is_null() {
                    *entry = Value::Array(Vec::new());
                }
                let Value::Array(items) = entry else { return Err("expected a list before `[`".to_owned()) };
                self.item(items, index, depth, read)
            }
            Some(_) => {
                let entry = values.entry(key.clone()).or_insert(Value::Null);
                if entry.is_null() {
                    *entry = Value::Object(Values::new());
                }
                let Value::Object(inner) = entry else { return Err(format!("`{key}` is not a mapping")) };
                let before = inner.len();
                self.entry(inner, depth, read)?;
                if inner.is_empty() && before == 0 {
                    return Err(format!("key map `{key}` has no value"));
                }
                Ok(())
            }
        }
    }

    /// What stands behind `[index]`.
    fn item(&mut self, items: &mut Vec<Value>, index: usize, depth: usize, read: Read<'_, 'a>) -> Result<(), String> {
        let depth = depth.checked_sub(1).ok_or_else(|| format!("the path has more than {DEPTH_MAX} parts"))?;
        let (rest, stop) = self.until(&['[', '.', '=']);
        if !rest.is_empty() {
            return Err(format!("unexpected text `{rest}` behind `]`"));
        }
        if items.len() <= index {
            let added = index + 1 - items.len();
            let Some(left) = self.items_left.checked_sub(added) else {
                return Err(format!("the indexes make lists of more than {ITEMS_MAX} items"));
            };
            self.items_left = left;
            items.resize(index + 1, Value::Null);
        }
        let Some(slot) = items.get_mut(index) else { return Ok(()) };
        match stop {
            None | Some('=') => {
                *slot = read(self)?;
                Ok(())
            }
            Some('[') => {
                let index = self.index()?;
                if !slot.is_array() {
                    *slot = Value::Array(Vec::new());
                }
                let Value::Array(inner) = slot else { return Ok(()) };
                self.item(inner, index, depth, read)
            }
            Some(_) => {
                if !slot.is_object() {
                    *slot = Value::Object(Values::new());
                }
                let Value::Object(inner) = slot else { return Ok(()) };
                self.entry(inner, depth, read)
            }
        }
    }

    fn index(&mut self) -> Result<usize, String> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err("expected `]` behind the index".to_owned());
        }
        match text.parse::<usize>() {
            Ok(index) if index <= INDEX_MAX => Ok(index),
            Ok(_) => Err(format!("index {text} is greater than {INDEX_MAX}")),
            Err(_) => Err(format!("`{text}` is not an index")),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.kind == Kind::Json {
            return self.json_value();
        }
        if let Some(rest) = self.rest.strip_prefix('{') {
            self.rest = rest;
            return self.list();
        }
        let (text, _) = self.until(&[',']);
        Ok(typed(&text, self.kind))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            match stop {
                None => return Err("a list must end with `}`".to_owned()),
                Some('}') => {
                    // `{}` is a list with one empty text, as in Helm.
                    items.push(typed(&text, self.kind));
                    self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                    return Ok(Value::Array(items));
                }
                Some(_) => items.push(typed(&text, self.kind)),
            }
        }
    }

    fn json_value(&mut self) -> Result<Value, String> {
        let mut documents = serde_json::Deserializer::from_str(self.rest).into_iter::<serde::de::IgnoredAny>();
        match documents.next() {
            None => return Ok(Value::Null),
            Some(Err(error)) => return Err(format!("not JSON: {error}")),
            Some(Ok(_)) => {}
        }
        let (text, rest) = self.rest.split_at(documents.byte_offset());
        let rest = rest.trim_start();
        self.rest = match rest.strip_prefix(',') {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err("expected `,` behind the JSON value".to_owned()),
        };
        json(text, &mut self.limits)
    }

    /// The text up to one of the marks, which is taken as well. A backslash takes the next character as it is.
    fn until(&mut self, marks: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                text.extend(chars.next().map(|(_, next)| next));
            } else if marks.contains(&c) {
                self.rest = self.rest.get(at + c.len_utf8()..).unwrap_or_default();
                return (text, Some(c));
            } else {
                text.push(c);
            }
        }
        self.rest = "";
        (text, None)
    }
}

fn typed(text: &str, kind: Kind) -> Value {
    if kind == Kind::Text {
        return Value::String(text.to_owned());
    }
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        "0" => Value::Number(Number::from(0)),
        // A leading zero is a zip code or an account, not a number.
        _ if text.starts_with('0') => Value::String(text.to_owned()),
        _ => match text.parse::<i64>() {
            Ok(number) => Value::Number(number.into()),
            Err(_) => Value::String(text.to_owned()),
        },
    }
}
