//! Reading typed settings out of nodes, with what Go's JSON decoder takes: null is nothing, names of fields are
//! compared without case, a number is no text.

use std::collections::BTreeMap;

use seaway_core::diagnostic::nearest;

use super::{
    fault::{Fault, Outcome, quoted},
    node::{Node, Shape, Tag},
    scalar::{Meaning, Words, resolve},
};

/// How strictly a file is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Strictness {
    /// Unknown fields are refused and a number is no text: kustomization files.
    Strict,
    /// Unknown fields are passed over and plain values become text where text is wanted: plugin configurations.
    Lenient,
}

/// The fields of one mapping; each is asked for once, and what nobody asked for is unknown.
pub(crate) struct Fields<'a> {
    what: &'static str,
    node: &'a Node,
    strictness: Strictness,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a mapping; null has none.
    pub(crate) fn of(what: &'static str, node: &'a Node, strictness: Strictness) -> Outcome<Self> {
        if !node.is_map() && !node.is_null() {
            return Err(wrong(node, what, "a mapping"));
        }
        Ok(Self { what, node, strictness, known: Vec::new() })
    }

    /// A field that is there and not null.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'a Node> {
        self.known.push(name);
        let fields = self.node.fields();
        let found = fields.iter().rev().find(|field| field.key.text.eq_ignore_ascii_case(name));
        found.map(|field| &field.value).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Outcome<String> {
        let strictness = self.strictness;
        self.get(name).map_or(Ok(String::new()), |node| text(node, name, strictness))
    }

    pub(crate) fn optional_text(&mut self, name: &'static str) -> Outcome<Option<String>> {
        let strictness = self.strictness;
        self.get(name).map(|node| text(node, name, strictness)).transpose()
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Outcome<bool> {
        self.get(name).map_or(Ok(false), |node| flag(node, name))
    }

    pub(crate) fn number(&mut self, name: &'static str) -> Outcome<i64> {
        let Some(node) = self.get(name) else { return Ok(0) };
        let meaning = node.as_scalar().filter(|scalar| scalar.tag == Tag::Int).map(|s| resolve(&s.text, Words::Legacy));
        match meaning {
            Some(Meaning::Int(value)) => i64::try_from(value).map_err(|_| wrong(node, name, "a number of 64 bits")),
            _ => Err(wrong(node, name, "a whole number")),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&'a Node) -> Outcome<T>,
    ) -> Outcome<Vec<T>> {
        let Some(node) = self.get(name) else { return Ok(Vec::new()) };
        match &node.shape {
            Shape::List(items) => items.iter().map(&mut read).collect(),
            Shape::Scalar(_) | Shape::Map(_) => Err(wrong(node, name, "a list")),
        }
    }

    pub(crate) fn texts(&mut self, name: &'static str) -> Outcome<Vec<String>> {
        let strictness = self.strictness;
        self.list(name, |node| if node.is_null() { Ok(String::new()) } else { text(node, name, strictness) })
    }

    pub(crate) fn text_map(&mut self, name: &'static str) -> Outcome<Option<BTreeMap<String, String>>> {
        let strictness = self.strictness;
        let Some(node) = self.get(name) else { return Ok(None) };
        if !node.is_map() {
            return Err(wrong(node, name, "a mapping"));
        }
        let entry = |field: &super::node::Field| {
            let value = if field.value.is_null() { String::new() } else { text(&field.value, name, strictness)? };
            Ok((field.key.text.clone(), value))
        };
        node.fields().iter().map(entry).collect::<Outcome<_>>().map(Some)
    }

    pub(crate) fn flag_map(&mut self, name: &'static str) -> Outcome<BTreeMap<String, bool>> {
        let Some(node) = self.get(name) else { return Ok(BTreeMap::new()) };
        if !node.is_map() {
            return Err(wrong(node, name, "a mapping"));
        }
        let entry = |field: &super::node::Field| Ok((field.key.text.clone(), flag(&field.value, name)?));
        node.fields().iter().map(entry).collect()
    }

    /// Refuses fields that nobody asked for.
    pub(crate) fn finish(self) -> Outcome<()> {
        if self.strictness == Strictness::Lenient {
            return Ok(());
        }
        for field in self.node.fields() {
            if self.known.iter().any(|known| field.key.text.eq_ignore_ascii_case(known)) {
                continue;
            }
            let message = format!("unknown field {} in {}", quoted(&field.key.text), self.what);
            let fault = Fault::field(message).at("", field.value.line, field.value.column);
            return Err(match nearest(&field.key.text, self.known.iter().copied()) {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
        Ok(())
    }
}

/// Text, and with lenient reading also numbers and booleans.
pub(crate) fn text(node: &Node, name: &str, strictness: Strictness) -> Outcome<String> {
    let wanted = || wrong(node, name, "text");
    let scalar = node.as_scalar().ok_or_else(wanted)?;
    match scalar.tag {
        Tag::Text | Tag::Timestamp | Tag::Open | Tag::Merge | Tag::Custom => Ok(scalar.text.clone()),
        Tag::Bool | Tag::Int | Tag::Float if strictness == Strictness::Lenient => {
            Ok(match resolve(&scalar.text, Words::Legacy) {
                Meaning::Bool(value) => value.to_string(),
                Meaning::Int(value) => value.to_string(),
                Meaning::Float(value) => super::scalar::general(value),
                Meaning::Null | Meaning::Timestamp(_) | Meaning::Text | Meaning::Merge => scalar.text.clone(),
            })
        }
        Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Binary => Err(wanted().help("write the value in quotes")),
    }
}

fn flag(node: &Node, name: &str) -> Outcome<bool> {
    let meaning = node.as_scalar().filter(|scalar| scalar.tag == Tag::Bool).map(|s| resolve(&s.text, Words::Legacy));
    match meaning {
        Some(Meaning::Bool(value)) => Ok(value),
        _ if node.is_null() => Ok(false),
        _ => Err(wrong(node, name, "a boolean")),
    }
}

pub(crate) fn wrong(node: &Node, name: &str, wanted: &str) -> Box<Fault> {
    Fault::field(format!("expected `{name}` to be {wanted}, found {}", node.kind())).at("", node.line, node.column)
}
