//! Lists. Nothing in a template changes a list in place, so a list is shared and never copied.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::{Value, map, meter};
use crate::helm::fault::Fault;

/// Items of one list that functions make. Charts count replicas and ports; a million is a mistake or an attack.
pub const LIST_ITEMS_MAX: usize = 1_000_000;

/// The error of a list that is too long.
pub(crate) fn too_many_items() -> Fault {
    Fault::Limit {
        what: "the length of one list",
        limit: LIST_ITEMS_MAX as u64,
        help: "use smaller ranges and shorter texts",
    }
}

/// What Go declares the elements of a list to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Str,
    /// `[]int`
    Int,
    /// `[][]interface {}`
    List,
}

/// A shared list.
#[derive(Clone)]
pub struct List {
    kind: ListKind,
    /// Go's nil slice: empty, but `null` as JSON and YAML.
    is_absent: bool,
    cell: Rc<Cell>,
}

struct Cell {
    items: Vec<Value>,
}

/// Bytes that a list with so many items holds, without what its items hold.
fn footprint(capacity: usize) -> usize {
    capacity * size_of::<Value>() + 64
}

impl Drop for Cell {
    fn drop(&mut self) {
        meter::shrink(footprint(self.items.capacity()));
        if self.items.iter().any(Value::is_container) {
            map::dismantle(std::mem::take(&mut self.items));
        }
    }
}

impl List {
    /// A list of anything.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(ListKind::Any, items)
    }

    /// A list of text, `[]string`.
    #[must_use]
    pub fn of_text<T: Into<super::Str>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::of(ListKind::Str, items.into_iter().map(|item| Value::Str(item.into())).collect())
    }

    /// A list with declared elements.
    #[must_use]
    pub fn of(kind: ListKind, mut items: Vec<Value>) -> Self {
        items.shrink_to_fit();
        meter::grow(footprint(items.capacity()));
        Self { kind, is_absent: false, cell: Rc::new(Cell { items }) }
    }

    /// Go's nil slice, which `rest`, `concat` and others give for nothing: empty, but `null` as JSON and YAML.
    #[must_use]
    pub fn absent(kind: ListKind) -> Self {
        Self { is_absent: true, ..Self::of(kind, Vec::new()) }
    }

    /// Whether this is Go's nil slice.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.is_absent
    }

    /// What Go declares the elements to be.
    #[must_use]
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// Whether both are the same list, not only equal ones.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.cell, &other.cell)
    }

    /// The items, if nobody else holds the list.
    pub(super) fn into_sole_items(self) -> Option<Vec<Value>> {
        let mut cell = Rc::try_unwrap(self.cell).ok()?;
        meter::shrink(footprint(cell.items.capacity()) - footprint(0));
        Some(std::mem::take(&mut cell.items))
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.cell.items
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self::new(items)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "list of {}", self.len())
    }
}
