//! What templates compute with: Go's values as far as a chart can tell them apart.
//!
//! The Go type matters: `trunc` refuses an `int64`, `eq 1 1.0` is an error, `typeOf` and `printf "%T"` print it.
//! Values of one render share parts by reference and stay on one thread; [`meter`] counts what they hold.

mod capabilities;
mod compare;
mod files;
mod format;
mod json;
mod list;
mod map;
pub mod meter;
mod number;
mod object;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;
use std::rc::Rc;

pub use capabilities::Capabilities;
pub use compare::{deep_equal, equal, less};
pub use files::Files;
pub use format::{TEXT_BYTES_MAX, Writer, is_printable, print_value, print_values, quote_go, sprintf};
pub(crate) use format::{too_deep, too_long};
pub use json::{JsonStyle, from_json, map_from_json, to_data, to_json, write_json};
pub(crate) use list::too_many_items;
pub use list::{LIST_ITEMS_MAX, List, ListKind};
pub use map::{Map, MapKind};
pub(crate) use number::whole;
pub use number::{format_float, parse_float, parse_int};
pub use object::Object;
pub use text::Str;

/// How deeply maps and lists may nest where a value is walked: printed, copied, compared, merged, written as YAML.
/// Real charts stay below 50. Walking recurses, so the limit keeps the stack; it also ends the walk of a map that
/// contains itself.
pub const DEPTH_MAX: usize = 500;

/// Go's integer types that reach templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`: literals, `len`, `int`.
    Int,
    /// `int64`: what sprig's arithmetic gives.
    Int64,
    /// `int32`: character constants and runes.
    Int32,
    /// `uint8`: a byte of a text.
    Uint8,
    /// `uint32`: what `adler32sum`-like sums use inside objects.
    Uint32,
    /// `uint64`: parts of versions.
    Uint64,
}

/// A value of a template.
#[derive(Clone, Default)]
pub enum Value {
    /// Go's nil: a missing key, YAML's null.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// An integer. `uint64` values above the range of `i64` do not occur.
    Int(i64, IntKind),
    /// `float64`: every number of a values file.
    Float(f64),
    /// `string`
    Str(Str),
    /// `[]uint8`. Behind a pointer because a second text in place would cost every value a word.
    Bytes(Rc<Str>),
    /// A slice.
    List(List),
    /// A map with text keys.
    Map(Map),
    /// Anything with fields or methods.
    Object(Rc<dyn Object>),
}

impl Value {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// Bytes.
    #[must_use]
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Self::Bytes(Rc::new(Str::from_bytes(bytes)))
    }

    /// A Go `int`.
    #[must_use]
    pub const fn int(number: i64) -> Self {
        Self::Int(number, IntKind::Int)
    }

    /// A Go `int64`.
    #[must_use]
    pub const fn int64(number: i64) -> Self {
        Self::Int(number, IntKind::Int64)
    }

    /// A Go `int` from a size.
    #[must_use]
    pub fn size(number: usize) -> Self {
        Self::int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// A list of anything.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(List::new(items))
    }

    /// An object.
    #[must_use]
    pub fn object(object: impl Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// Whether this is nil.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Whether this is a list or a map.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// The text, if this is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&Str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if this is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The object behind this value, if it is one of type `T`.
    #[must_use]
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Whether `if` takes the value for true.
    #[must_use]
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(truth) => *truth,
            Self::Int(number, _) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => object.truth(),
        }
    }

    /// The type as Go's `%T` prints it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_, kind) => kind.name(),
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::List(list) => match list.kind() {
                ListKind::Any => "[]interface {}",
                ListKind::Str => "[]string",
                ListKind::Int => "[]int",
                ListKind::List => "[][]interface {}",
            },
            Self::Map(map) => match map.kind() {
                MapKind::Any => "map[string]interface {}",
                MapKind::Str => "map[string]string",
                MapKind::Values => "common.Values",
            },
            Self::Object(object) => object.type_name(),
        }
    }

    /// The kind as Go's reflection names it.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_, kind) => kind.name(),
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Bytes(_) | Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind_name(),
        }
    }
}

impl IntKind {
    /// The type's name in Go.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Int32 => "int32",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
        }
    }

    /// Whether the type has no sign.
    #[must_use]
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint8 | Self::Uint32 | Self::Uint64)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::Str(text)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => out.write_str("nil"),
            Self::Bool(truth) => write!(out, "{truth}"),
            Self::Int(number, kind) => write!(out, "{number} ({})", kind.name()),
            Self::Float(number) => write!(out, "{number:?}"),
            Self::Str(text) => write!(out, "{text:?}"),
            Self::Bytes(bytes) => write!(out, "bytes {:?}", bytes.as_bytes()),
            Self::List(list) => write!(out, "{list:?}"),
            Self::Map(map) => write!(out, "{map:?}"),
            Self::Object(object) => write!(out, "{object:?}"),
        }
    }
}
