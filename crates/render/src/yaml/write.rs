//! Values as YAML text, byte for byte as Go writes them.

use serde_json::{Map, Number, Value};

use super::{
    emit::{Page, ScalarStyle, style_of},
    float_text, json_float_text, key_order,
    resolve::{Meaning, is_base_60, resolve},
    scalar::{Analysis, analyze},
};

/// Longest key, in bytes, that stands on one line with its value.
const SIMPLE_KEY_BYTES_MAX: usize = 128;

/// Whose bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// `sigs.k8s.io/yaml`, which goes through JSON: Helm's `toYaml`, manifests.
    Kubernetes,
    /// `go.yaml.in/yaml/v3` with two spaces: Helm's `toYamlPretty`. Lists are indented, nothing is folded.
    Pretty,
}

/// The value as one document that ends with a line break. The caller bounds the value's depth.
pub(crate) fn write(value: &Value, style: Style) -> String {
    let mut writer = Writer { page: Page::new(style == Style::Kubernetes), style };
    writer.node(value, Context::Root);
    writer.page.line();
    writer.page.text
}

/// What a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Sequence,
    Mapping,
}

struct Writer {
    page: Page,
    style: Style,
}

impl Writer {
    fn node(&mut self, value: &Value, context: Context) {
        match value {
            Value::Null => self.page.scalar("null", ScalarStyle::Plain, false),
            Value::Bool(true) => self.page.scalar("true", ScalarStyle::Plain, false),
            Value::Bool(false) => self.page.scalar("false", ScalarStyle::Plain, false),
            Value::Number(number) => {
                let text = self.number(number);
                self.page.scalar(&text, ScalarStyle::Plain, false);
            }
            Value::String(text) => self.text(text, false),
            Value::Array(items) if items.is_empty() => self.empty("[", "]"),
            Value::Array(items) => self.sequence(items, context),
            Value::Object(entries) if entries.is_empty() => self.empty("{", "}"),
            Value::Object(entries) => self.mapping(entries),
        }
    }

    fn number(&self, number: &Number) -> String {
        match number.as_f64() {
            Some(value) if number.is_f64() && self.style == Style::Kubernetes => through_json(value),
            Some(value) if number.is_f64() => float_text(value),
            _ => number.to_string(),
        }
    }

    fn analyze(&self, text: &str) -> Analysis {
        analyze(text, self.style == Style::Pretty)
    }

    fn text(&mut self, text: &str, is_key: bool) {
        let wanted = wanted(text);
        let style = style_of(text, self.analyze(text), wanted, is_key);
        self.page.scalar(text, style, is_key);
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.page.indicator(open, true, true, false);
        self.page.indicator(close, false, false, false);
    }

    fn sequence(&mut self, items: &[Value], context: Context) {
        let is_indentless = match self.style {
            Style::Kubernetes => context == Context::Mapping && !self.page.is_indention,
            Style::Pretty => false,
        };
        let before = self.page.deeper(false, is_indentless);
        for item in items {
            self.page.line();
            self.page.indicator("-", true, false, true);
            self.node(item, Context::Sequence);
        }
        self.page.indent = before;
    }

    fn mapping(&mut self, entries: &Map<String, Value>) {
        let mut entries: Vec<(&str, &Value)> = entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
        key_order::sort(&mut entries, self.style == Style::Pretty);
        let before = self.page.deeper(false, false);
        for (key, value) in entries {
            self.page.line();
            if key.len() <= SIMPLE_KEY_BYTES_MAX && !self.analyze(key).is_multiline {
                self.text(key, true);
                self.page.indicator(":", false, false, false);
            } else {
                self.page.indicator("?", true, false, true);
                self.text(key, false);
                self.page.line();
                self.page.indicator(":", true, false, true);
            }
            self.node(value, Context::Mapping);
        }
        self.page.indent = before;
    }
}

/// The style that go-yaml asks for.
fn wanted(text: &str) -> ScalarStyle {
    if text.contains('\n') {
        return ScalarStyle::Literal;
    }
    let can_be_plain = match resolve(text) {
        Meaning::Text => !is_base_60(text),
        // The newer library knows fewer words, yet quotes the old ones.
        Meaning::Null
        | Meaning::Bool(_)
        | Meaning::Int(_)
        | Meaning::Uint(_)
        | Meaning::Float(_)
        | Meaning::Timestamp => false,
    };
    if can_be_plain { ScalarStyle::Plain } else { ScalarStyle::DoubleQuoted }
}

/// Go writes JSON first and reads that as YAML, so a whole number loses its point.
fn through_json(value: f64) -> String {
    let text = json_float_text(value);
    match resolve(&text) {
        Meaning::Int(whole) => whole.to_string(),
        Meaning::Uint(whole) => whole.to_string(),
        Meaning::Null | Meaning::Bool(_) | Meaning::Float(_) | Meaning::Timestamp | Meaning::Text => float_text(value),
    }
}
