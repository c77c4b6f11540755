//! The tree.

use serde_json::{Number, Value};

use crate::diagnostic::Place;

/// A place inside one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset in the file.
    pub offset: usize,
    /// Length in bytes; 0 for a mapping or list without brackets, whose end is not known.
    pub len: usize,
}

impl Span {
    /// The place in the named file.
    pub fn in_file(self, file: &str) -> Place {
        Place { file: file.to_owned(), line: self.line, column: self.column, offset: self.offset, len: self.len }
    }
}

/// One value and where it stands. A value that comes from an alias stands where the alias is written.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The value.
    pub value: Yaml,
    /// Where it stands.
    pub span: Span,
    /// Whether it is text in quotes.
    pub is_quoted: bool,
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Yaml {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true`, `false` and their YAML 1.1 spellings.
    Bool(bool),
    /// A finite number; whole numbers are kept as integers.
    Number(Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file, each key once.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key of a mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// The key as text; `true` for a key that is written `yes`, as Kubernetes reads it.
    pub text: String,
    /// Whether it is text, not a number or a boolean.
    pub is_text: bool,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// Nothing, nowhere.
    pub fn null() -> Self {
        Self { value: Yaml::Null, span: Span::default(), is_quoted: false }
    }

    /// The value of a key, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, when this is a mapping that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The entries; none when this is not a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Yaml::Map(entries) => entries,
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) | Yaml::List(_) => &[],
        }
    }

    /// The items; none when this is not a list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Yaml::List(items) => items,
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text(_) | Yaml::Map(_) => &[],
        }
    }

    /// The text, when this is text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) => Some(text),
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// Whether this is `null` or nothing at all.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Yaml::Null)
    }

    /// What this is, for messages: `text`, `a number`, ….
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "a boolean",
            Yaml::Number(_) => "a number",
            Yaml::Text(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// What this is with its value when it is short: ``text `abc` ``.
    pub fn description(&self) -> String {
        let value = match &self.value {
            Yaml::Bool(value) => value.to_string(),
            Yaml::Number(value) => value.to_string(),
            Yaml::Text(value) => crate::diagnostic::excerpt(value),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => return self.kind().to_owned(),
        };
        format!("{} `{value}`", self.kind())
    }

    /// The same value without places.
    pub fn to_json(&self) -> Value {
        match &self.value {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(value) => Value::Number(value.clone()),
            Yaml::Text(value) => Value::String(value.clone()),
            Yaml::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Yaml::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.text.clone(), entry.value.to_json())).collect())
            }
        }
    }
}
