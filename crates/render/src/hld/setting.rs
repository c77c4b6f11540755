//! A configuration value that knows where it comes from.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Place, excerpt},
    yaml::{Entry, Node, Span, Yaml},
};
use serde_json::{Number, Value};

use super::{file::Parsed, plain, trouble::Trouble};

/// Marks a list that takes the place of the lower layers' list.
const REPLACE_TAG: &str = "!replace";

/// Where a value stands.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<str>,
    pub(super) span: Span,
}

impl Origin {
    pub(super) fn place(&self) -> Place {
        self.span.in_file(&self.file)
    }
}

/// A value with its origin and what it beat.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Setting {
    pub(super) value: Given,
    pub(super) origin: Origin,
    /// Values of lower layers that do not count, the highest first.
    pub(super) beaten: Vec<Beaten>,
}

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Given {
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    List(List),
    Map(BTreeMap<String, Setting>),
}

/// A list.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct List {
    pub(super) items: Vec<Setting>,
    /// Whether lower layers add nothing to it.
    pub(super) is_closed: bool,
}

/// A value that does not count.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Beaten {
    pub(super) origin: Origin,
    /// The value, short.
    pub(super) shown: String,
}

impl Setting {
    /// Takes a value from a file. `None` = the budget is used up.
    pub(super) fn read(trouble: &mut Trouble<'_>, parsed: &Parsed, node: &Node) -> Option<Self> {
        if !trouble.spend(1) {
            return None;
        }
        let value = match &node.value {
            Yaml::Null => Given::Null,
            Yaml::Bool(value) => Given::Bool(*value),
            Yaml::Number(value) => Given::Number(value.clone()),
            Yaml::Text(value) => Given::Text(value.as_str().into()),
            Yaml::List(items) => {
                let items = items.iter().map(|item| Self::read(trouble, parsed, item)).collect::<Option<_>>()?;
                Given::List(List { items, is_closed: false })
            }
            Yaml::Map(entries) => Given::Map(Self::entries(trouble, parsed, entries)?),
        };
        Some(Self { value, origin: Origin { file: Arc::clone(&parsed.file), span: node.span }, beaten: Vec::new() })
    }

    /// Takes the entries of a mapping.
    pub(super) fn entries(
        trouble: &mut Trouble<'_>,
        parsed: &Parsed,
        entries: &[Entry],
    ) -> Option<BTreeMap<String, Self>> {
        let mut map = BTreeMap::new();
        for entry in entries {
            let mut setting = Self::read(trouble, parsed, &entry.value)?;
            let is_list = matches!(setting.value, Given::List(_));
            if is_list && has_tag(parsed, entry) {
                close(trouble, parsed, entry, &mut setting);
            }
            // The key is what a person looks for; an empty value has no place of its own.
            if setting.origin.span.len == 0 {
                setting.origin.span = entry.key.span;
            }
            map.insert(plain::key_of(parsed, &entry.key), setting);
        }
        Some(map)
    }

    pub(super) fn is_null(&self) -> bool {
        self.value == Given::Null
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            Given::Null => "nothing",
            Given::Bool(_) => "a boolean",
            Given::Number(_) => "a number",
            Given::Text(_) => "text",
            Given::List(_) => "a list",
            Given::Map(_) => "a mapping",
        }
    }

    /// The value alone.
    pub(super) fn to_json(&self) -> Value {
        match &self.value {
            Given::Null => Value::Null,
            Given::Bool(value) => Value::Bool(*value),
            Given::Number(value) => Value::Number(value.clone()),
            Given::Text(value) => Value::String(value.to_string()),
            Given::List(list) => Value::Array(list.items.iter().map(Self::to_json).collect()),
            Given::Map(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), value.to_json())).collect()),
        }
    }

    /// The value in one line.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Given::Text(text) => excerpt(text),
            Given::List(list) => format!("a list of {}", list.items.len()),
            Given::Map(map) => format!("a mapping of {}", map.len()),
            Given::Null | Given::Bool(_) | Given::Number(_) => self.to_json().to_string(),
        }
    }

    /// How many values it holds, itself included.
    pub(super) fn size(&self) -> u64 {
        1 + match &self.value {
            Given::Null | Given::Bool(_) | Given::Number(_) | Given::Text(_) => 0,
            Given::List(list) => list.items.iter().map(Self::size).sum(),
            Given::Map(map) => map.values().map(Self::size).sum(),
        }
    }
}

/// Whether `!replace` stands between the key and its list. The reader gives no tags, but their place is fixed.
fn has_tag(parsed: &Parsed, entry: &Entry) -> bool {
    let after_key = entry.key.span.offset + entry.key.span.len;
    let before = parsed.text.get(after_key..entry.value.span.offset).unwrap_or_default();
    let at_value = parsed.text.get(entry.value.span.offset..).unwrap_or_default();
    let is_before = before.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default();
        line.split_whitespace().any(|word| word == REPLACE_TAG)
    });
    is_before || at_value.starts_with(REPLACE_TAG)
}

fn close(trouble: &mut Trouble<'_>, parsed: &Parsed, entry: &Entry, setting: &mut Setting) {
    if trouble.is_strict() {
        if let Given::List(list) = &mut setting.value {
            list.is_closed = true;
        }
        return;
    }
    let message = format!("`{REPLACE_TAG}` has no effect: lists are appended");
    let place = parsed.place(entry.key.span);
    let help = "it needs `profile: strict` in `hld.yaml`";
    trouble.warning(seaway_core::diagnostic::codes::HLD_UNUSED, Some(place), message, help);
}
