//! Maps: shared by reference and changed in place, as `set`, `unset` and `merge` do and charts rely on.
//!
//! Entries are kept in a sorted list: charts walk maps in key order all the time and few maps have more than some
//! dozen keys. A map may come to contain itself; [`Map::clear`] is how the end of a render takes such knots apart.

use std::cell::{Ref, RefCell};
use std::fmt;
use std::rc::Rc;

use super::{Str, Value, meter};

/// What Go declares a map to be. Only its type name, its methods and what a missing key gives depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`: a missing key gives the empty text.
    Str,
    /// `.Values`, which has methods of its own (`AsMap`, `YAML`, `PathValue`).
    Values,
}

/// A shared, mutable map with text keys.
#[derive(Clone)]
pub struct Map {
    kind: MapKind,
    cell: Rc<Cell>,
}

struct Cell {
    entries: RefCell<Vec<(Str, Value)>>,
}

/// Bytes that a map with so many entries holds, without what keys and values hold.
fn footprint(capacity: usize) -> usize {
    capacity * size_of::<(Str, Value)>() + 80
}

impl Drop for Cell {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        meter::shrink(footprint(entries.capacity()));
        if entries.iter().any(|(_, value)| value.is_container()) {
            dismantle(std::mem::take(entries).into_iter().map(|(_, value)| value).collect());
        }
    }
}

/// Drops values without recursion: a template can nest values deeper than the stack is.
pub(super) fn dismantle(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::Map(map) => {
                if let Ok(mut cell) = Rc::try_unwrap(map.cell) {
                    let entries = std::mem::take(cell.entries.get_mut());
                    meter::shrink(footprint(entries.capacity()) - footprint(0));
                    pending.extend(entries.into_iter().map(|(_, value)| value).filter(Value::is_container));
                }
            }
            Value::List(list) => {
                if let Some(items) = list.into_sole_items() {
                    pending.extend(items.into_iter().filter(Value::is_container));
                }
            }
            Value::Nil
            | Value::Bool(_)
            | Value::Int(..)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Object(_) => {}
        }
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    #[must_use]
    pub fn new() -> Self {
        Self::of(MapKind::Any, Vec::new())
    }

    /// A map from entries in any order; of equal keys the last one counts.
    #[must_use]
    pub fn of(kind: MapKind, mut entries: Vec<(Str, Value)>) -> Self {
        if !entries.is_sorted_by(|left, right| left.0 < right.0) {
            // The sort is stable, so after turning the list around the last of equal keys comes first and stays.
            entries.reverse();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            entries.dedup_by(|later, first| later.0 == first.0);
        }
        meter::grow(footprint(entries.capacity()));
        Self { kind, cell: Rc::new(Cell { entries: RefCell::new(entries) }) }
    }

    /// What Go declares the map to be.
    #[must_use]
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The same map under another type: changes to one are seen in the other.
    #[must_use]
    pub fn seen_as(&self, kind: MapKind) -> Self {
        Self { kind, cell: Rc::clone(&self.cell) }
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cell.entries.borrow().len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let entries = self.cell.entries.borrow();
        let at = position(&entries, key.as_ref()).ok()?;
        Some(entries[at].1.clone())
    }

    /// Whether the key is there, whatever its value.
    #[must_use]
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        position(&self.cell.entries.borrow(), key.as_ref()).is_ok()
    }

    /// Puts a value under a key and gives the one that was there.
    pub fn insert(&self, key: Str, value: Value) -> Option<Value> {
        let mut entries = self.cell.entries.borrow_mut();
        match position(&entries, key.as_bytes()) {
            Ok(at) => Some(std::mem::replace(&mut entries[at].1, value)),
            Err(at) => {
                let before = entries.capacity();
                entries.insert(at, (key, value));
                meter::grow(footprint(entries.capacity()) - footprint(before));
                None
            }
        }
    }

    /// Takes a key out and gives its value.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let mut entries = self.cell.entries.borrow_mut();
        let at = position(&entries, key.as_ref()).ok()?;
        Some(entries.remove(at).1)
    }

    /// The entries in order of their keys. The map must not be changed while they are held.
    #[must_use]
    pub fn entries(&self) -> Ref<'_, [(Str, Value)]> {
        Ref::map(self.cell.entries.borrow(), Vec::as_slice)
    }

    /// A copy of the entries in order of their keys, for a walk during which the map may change.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(Str, Value)> {
        self.cell.entries.borrow().clone()
    }

    /// Takes every entry out.
    pub fn clear(&self) {
        let entries = std::mem::take(&mut *self.cell.entries.borrow_mut());
        meter::shrink(footprint(entries.capacity()) - footprint(0));
        dismantle(entries.into_iter().map(|(_, value)| value).collect());
    }

    /// Whether both are the same map, not only equal ones.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.cell, &other.cell)
    }
}

fn position(entries: &[(Str, Value)], key: &[u8]) -> Result<usize, usize> {
    entries.binary_search_by(|(name, _)| name.as_bytes().cmp(key))
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::of(MapKind::Any, entries.into_iter().collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "map of {}", self.len())
    }
}
