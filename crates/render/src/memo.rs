//! Results by what they depend on, so that targets with equal values share one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Most results that are kept. A fleet has at most ten thousand clusters; beyond that they are computed again.
const ENTRIES_MAX: usize = 10_000;

/// Results of a pure function by its argument.
pub(crate) struct Memo<V> {
    known: Mutex<BTreeMap<String, V>>,
}

impl<V: Clone> Memo<V> {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::new(BTreeMap::new()) }
    }

    /// The result for `key`; `compute` must depend on nothing else.
    pub(crate) fn get(&self, key: String, compute: impl FnOnce() -> V) -> V {
        // A poisoned lock holds whole entries all the same: an entry is put in by one call.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known().get(&key) {
            return value.clone();
        }
        let value = compute();
        let mut known = known();
        if known.len() < ENTRIES_MAX {
            known.insert(key, value.clone());
        }
        value
    }
}
