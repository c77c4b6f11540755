//! Values that a template sees only through fields and methods: capabilities, chart files, versions, times.

use std::any::Any;
use std::fmt;

use super::{Str, Value};
use crate::helm::fault::Fault;

/// A Go value with fields and methods.
///
/// Objects are immutable and hold no maps or lists that a template could change.
pub trait Object: Any + fmt::Debug {
    /// The type as Go's `%T` prints it, such as `*semver.Version`.
    fn type_name(&self) -> &str;

    /// The kind as Go's reflection calls it: `struct`, `ptr`, `map`, `slice`, `int64`.
    fn kind_name(&self) -> &'static str {
        "ptr"
    }

    /// A field, or for things that are maps in Go an entry. Nothing where there is no such field.
    fn field(&self, name: &str) -> Option<Value>;

    /// Calls a method; nothing where there is no such method. Methods come before fields.
    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let _ = (name, arguments);
        None
    }

    /// The entries, for things that are maps in Go and can be ranged over.
    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        None
    }

    /// The items, for things that are slices in Go.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    /// The text that Go's `%v` prints.
    fn print(&self) -> String;

    /// What `toYaml` and `toJson` see.
    fn data(&self) -> serde_json::Value;

    /// Steps that a method costs, as far as they grow with what the object holds; with no name, those of a walk.
    fn weight(&self, method: &str) -> usize {
        let _ = method;
        1
    }

    /// Whether the value counts as true; structs and pointers always do.
    fn truth(&self) -> bool {
        true
    }

    /// Whether Go finds the other value deeply equal.
    fn equals(&self, other: &dyn Object) -> bool {
        self.type_name() == other.type_name() && self.print() == other.print()
    }

    /// For functions that take this type of object.
    fn as_any(&self) -> &dyn Any;
}
