//! `.Files`: what a chart carries besides templates and values.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use base64::Engine as _;
use regex::Regex;
use serde_json::{Value as Json, json};

use crate::{
    helm::{
        chart::{Chart, File},
        fault::Fault,
        value::{List, Object, Str, Value},
    },
    yaml::{self, Style},
};

/// The files of one chart.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<String, Arc<[u8]>>);

impl Files {
    pub(super) fn of(chart: &Chart) -> Self {
        Self(chart.files.iter().map(|File { name, data }| (name.clone(), Arc::clone(data))).collect())
    }

    fn bytes(&self, name: &[u8]) -> &[u8] {
        std::str::from_utf8(name).ok().and_then(|name| self.0.get(name)).map_or(&[], |data| data)
    }

    fn glob(&self, pattern: &str) -> Self {
        // Helm takes everything when it cannot read the pattern.
        let regex = to_regex(pattern).and_then(|regex| Regex::new(&regex).ok());
        let fits = |name: &str| regex.as_ref().is_none_or(|regex| regex.is_match(name));
        Self(
            self.0.iter().filter(|(name, _)| fits(name)).map(|(name, data)| (name.clone(), Arc::clone(data))).collect(),
        )
    }

    fn lines(&self, name: &[u8]) -> Value {
        let bytes = self.bytes(name);
        if bytes.is_empty() {
            return Value::List(List::of_text(Vec::<Str>::new()));
        }
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines: Vec<Str> = text.split(|b| *b == b'\n').map(|line| Str::from_bytes(line.to_vec())).collect();
        Value::List(List::of_text(lines))
    }

    /// Name without folders → text, as YAML.
    fn mapping(&self, text: fn(&[u8]) -> String) -> Value {
        if self.0.is_empty() {
            return Value::text("");
        }
        let base = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let entries: serde_json::Map<_, _> =
            self.0.iter().map(|(name, data)| (base(name), Json::String(text(data)))).collect();
        let text = yaml::write(&Json::Object(entries), Style::Kubernetes);
        Value::text(text.strip_suffix('\n').unwrap_or(&text))
    }
}

fn plain(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

fn base64(data: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(data)
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind_name(&self) -> &'static str {
        "map"
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.get(name).map(|data| Value::bytes(data.to_vec()))
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let wanted = match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => 1,
            "AsConfig" | "AsSecrets" => 0,
            _ => return None,
        };
        if arguments.len() != wanted {
            let found = arguments.len();
            return Some(Err(Fault::failed(format!("wrong number of args for {name}: want {wanted} got {found}"))));
        }
        let argument = match arguments.first() {
            None => None,
            Some(Value::Str(text)) => Some(text),
            Some(other) => {
                let message = format!("wrong type for value; expected string; got {}", other.type_name());
                return Some(Err(Fault::failed(message)));
            }
        };
        let path = argument.map_or(&b""[..], |text| text.as_bytes());
        Some(Ok(match name {
            "Get" => Value::Str(Str::from_bytes(self.bytes(path).to_vec())),
            "GetBytes" => Value::bytes(self.bytes(path).to_vec()),
            "Glob" => Value::object(self.glob(&String::from_utf8_lossy(path))),
            "Lines" => self.lines(path),
            "AsConfig" => self.mapping(plain),
            _ => self.mapping(base64),
        }))
    }

    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        Some(self.0.iter().map(|(name, data)| (Str::from(name.as_str()), Value::bytes(data.to_vec()))).collect())
    }

    fn print(&self) -> String {
        let bytes = |data: &[u8]| data.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
        let entries: Vec<String> = self.0.iter().map(|(name, data)| format!("{name}:[{}]", bytes(data))).collect();
        format!("map[{}]", entries.join(" "))
    }

    fn data(&self) -> Json {
        self.0.iter().map(|(name, data)| (name.clone(), json!(base64(data)))).collect::<serde_json::Map<_, _>>().into()
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Helm's glob as a regular expression: `*` stops at `/`, `**` does not, `{a,b}` is one of them.
fn to_regex(pattern: &str) -> Option<String> {
    let mut regex = String::from("^(?s:");
    let mut chars = pattern.chars().peekable();
    let mut open = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                while chars.next_if_eq(&'*').is_some() {}
                regex.push_str(".*");
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => class(&mut chars, &mut regex)?,
            '{' => {
                open += 1;
                regex.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                regex.push(')');
            }
            ',' if open > 0 => regex.push('|'),
            '\\' => regex.push_str(&regex::escape(&chars.next()?.to_string())),
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push_str(")$");
    (open == 0).then_some(regex)
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &mut String) -> Option<()> {
    regex.push('[');
    if chars.next_if_eq(&'!').is_some() {
        regex.push('^');
    }
    loop {
        match chars.next()? {
            ']' => break,
            '-' => regex.push('-'),
            '\\' => regex.push_str(&regex::escape(&chars.next()?.to_string())),
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push(']');
    Some(())
}
