//! The tree that Kustomize works on: scalars keep their text and tag, mappings their order.
//!
//! Kustomize edits YAML nodes, not JSON values, and some of its results depend on that: the text of a number is
//! copied as it is written, a field keeps its type when a replacement changes its text, and `yes` stays text in
//! a resource while the kustomization file itself reads it as a boolean. JSON is made of it at the very end.

use super::{
    budget::VALUE_WEIGHT,
    scalar::{Words, resolve},
};

/// What a scalar is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tag {
    /// Not said: decided by the text when the node is written.
    Open,
    Null,
    Bool,
    Int,
    Float,
    Text,
    Timestamp,
    Binary,
    /// `<<` as a key.
    Merge,
    /// A tag of somebody's own.
    Custom,
}

/// Text with a tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) tag: Tag,
    /// Whether it is written in quotes or as a block.
    pub(crate) is_quoted: bool,
    /// Values of one object with the same number, which is not 0, are one value in several places.
    pub(crate) twin: u32,
}

/// A key of a mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) tag: Tag,
}

/// One entry of a mapping.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Field {
    pub(crate) key: Key,
    pub(crate) value: Node,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Shape {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Field>),
}

/// One value and where it was read.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    /// Line in its file, from 1; 0 = made here.
    pub(crate) line: u32,
    /// Column in its file, from 1.
    pub(crate) column: u32,
}

impl From<Shape> for Node {
    fn from(shape: Shape) -> Self {
        Self { shape, line: 0, column: 0 }
    }
}

impl Node {
    pub(crate) fn scalar(text: impl Into<String>, tag: Tag) -> Self {
        Shape::Scalar(Scalar { text: text.into(), tag, is_quoted: false, twin: 0 }).into()
    }

    /// Text, whatever it looks like.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::scalar(text, Tag::Text)
    }

    pub(crate) fn null() -> Self {
        Self::scalar("", Tag::Null)
    }

    pub(crate) fn map() -> Self {
        Shape::Map(Vec::new()).into()
    }

    pub(crate) fn list() -> Self {
        Shape::List(Vec::new()).into()
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.shape, Shape::Scalar(scalar) if scalar.tag == Tag::Null)
    }

    /// Null, or a mapping or list without entries.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.shape {
            Shape::Scalar(scalar) => scalar.tag == Tag::Null,
            Shape::List(items) => items.is_empty(),
            Shape::Map(fields) => fields.is_empty(),
        }
    }

    pub(crate) fn is_empty_map(&self) -> bool {
        matches!(&self.shape, Shape::Map(fields) if fields.is_empty())
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.shape, Shape::Map(_))
    }

    pub(crate) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(scalar),
            Shape::List(_) | Shape::Map(_) => None,
        }
    }

    pub(crate) fn as_scalar_mut(&mut self) -> Option<&mut Scalar> {
        match &mut self.shape {
            Shape::Scalar(scalar) => Some(scalar),
            Shape::List(_) | Shape::Map(_) => None,
        }
    }

    /// The text of a scalar; nothing for others.
    pub(crate) fn raw(&self) -> &str {
        self.as_scalar().map_or("", |scalar| &scalar.text)
    }

    /// The text of a scalar that is not null; nothing for others.
    pub(crate) fn value(&self) -> &str {
        if self.is_null() { "" } else { self.raw() }
    }

    pub(crate) fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Map(fields) => fields,
            Shape::Scalar(_) | Shape::List(_) => &[],
        }
    }

    pub(crate) fn fields_mut(&mut self) -> Option<&mut Vec<Field>> {
        match &mut self.shape {
            Shape::Map(fields) => Some(fields),
            Shape::Scalar(_) | Shape::List(_) => None,
        }
    }

    pub(crate) fn items(&self) -> &[Node] {
        match &self.shape {
            Shape::List(items) => items,
            Shape::Scalar(_) | Shape::Map(_) => &[],
        }
    }

    pub(crate) fn items_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.shape {
            Shape::List(items) => Some(items),
            Shape::Scalar(_) | Shape::Map(_) => None,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.fields().iter().find(|field| field.key.text == key).map(|field| &field.value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.fields_mut()?.iter_mut().find(|field| field.key.text == key).map(|field| &mut field.value)
    }

    /// Follows keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The field, made when it is missing; `None` when this is no mapping.
    pub(crate) fn entry(&mut self, key: &str, make: impl FnOnce() -> Node) -> Option<&mut Node> {
        let fields = self.fields_mut()?;
        let index = match fields.iter().position(|field| field.key.text == key) {
            Some(index) => index,
            None => {
                fields.push(Field { key: Key::open(key), value: make() });
                fields.len() - 1
            }
        };
        fields.get_mut(index).map(|field| &mut field.value)
    }

    /// Sets a field as Kustomize does: null takes it away, a value that is there hands on its quotes.
    pub(crate) fn set(&mut self, key: &str, mut value: Node) {
        if value.is_null() {
            self.remove(key);
            return;
        }
        let Some(fields) = self.fields_mut() else { return };
        match fields.iter_mut().find(|field| field.key.text == key) {
            Some(field) => {
                let own = field.value.as_scalar().map(|scalar| (scalar.is_quoted, scalar.twin));
                if let Some(scalar) = value.as_scalar_mut() {
                    (scalar.is_quoted, scalar.twin) = own.unwrap_or_default();
                }
                field.value = value;
            }
            None => {
                // Text of no stated type that a YAML 1.1 reader would take for something else gets quotes.
                if let Some(scalar) = value.as_scalar_mut().filter(|scalar| scalar.tag == Tag::Open) {
                    scalar.is_quoted |= resolve(&scalar.text, Words::Legacy).tag() != Tag::Text;
                }
                fields.push(Field { key: Key::open(key), value });
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let fields = self.fields_mut()?;
        let index = fields.iter().position(|field| field.key.text == key)?;
        Some(fields.remove(index).value)
    }

    /// What this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.shape {
            Shape::List(_) => "a list",
            Shape::Map(_) => "a mapping",
            Shape::Scalar(scalar) => match scalar.tag {
                Tag::Null => "nothing",
                Tag::Bool => "a boolean",
                Tag::Int | Tag::Float => "a number",
                Tag::Timestamp => "a date",
                Tag::Open | Tag::Text | Tag::Binary | Tag::Merge | Tag::Custom => "text",
            },
        }
    }

    /// Values and bytes of text in it: what copying it costs.
    pub(crate) fn weight(&self) -> u64 {
        match &self.shape {
            Shape::Scalar(scalar) => VALUE_WEIGHT + scalar.text.len() as u64,
            Shape::List(items) => VALUE_WEIGHT + items.iter().map(Node::weight).sum::<u64>(),
            Shape::Map(fields) => {
                VALUE_WEIGHT
                    + fields.iter().map(|field| field.key.text.len() as u64 + field.value.weight()).sum::<u64>()
            }
        }
    }

    /// Bytes of text in it.
    pub(crate) fn text_len(&self) -> u64 {
        match &self.shape {
            Shape::Scalar(scalar) => scalar.text.len() as u64,
            Shape::List(items) => items.iter().map(Node::text_len).sum::<u64>(),
            Shape::Map(fields) => {
                fields.iter().map(|field| field.key.text.len() as u64 + field.value.text_len()).sum::<u64>()
            }
        }
    }

    /// Levels of lists and mappings in it.
    pub(crate) fn depth(&self) -> usize {
        match &self.shape {
            Shape::Scalar(_) => 0,
            Shape::List(items) => 1 + items.iter().map(Node::depth).max().unwrap_or(0),
            Shape::Map(fields) => 1 + fields.iter().map(|field| field.value.depth()).max().unwrap_or(0),
        }
    }
}

impl Key {
    /// A key that is text, whatever it looks like.
    pub(crate) fn text(text: &str) -> Self {
        Self { text: text.to_owned(), tag: Tag::Text }
    }

    /// A key that Kustomize writes without quotes, so that one that looks like a number is one, which nothing takes.
    pub(crate) fn open(text: &str) -> Self {
        Self { text: text.to_owned(), tag: Tag::Open }
    }
}
