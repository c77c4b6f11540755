//! Results by what they depend on, so that targets with equal values share one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// Most results that are kept. A fleet has at most ten thousand clusters; beyond that they are computed again.
const ENTRIES_MAX: usize = 10_000;

/// Results of a pure function by its argument.
pub(crate) struct Memo<V> {
    known: Mutex<BTreeMap<String, Arc<OnceLock<V>>>>,
}

impl<V: Clone> Memo<V> {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::new(BTreeMap::new()) }
    }

    /// The result for `key`; `compute` must depend on nothing else. It is called once for each key: whoever asks for one
    /// that is being computed waits for it.
    pub(crate) fn get(&self, key: String, compute: impl FnOnce() -> V) -> V {
        let cell = {
            // A poisoned lock holds whole entries all the same: an entry is put in by one call.
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= ENTRIES_MAX && !known.contains_key(&key) {
                Arc::default()
            } else {
                Arc::clone(known.entry(key).or_default())
            }
        };
        cell.get_or_init(compute).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn threads_that_ask_for_the_same_share_one_computation() {
        let (memo, calls) = (Memo::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let value = memo.get("a".to_owned(), || {
                        std::thread::yield_now();
                        calls.fetch_add(1, Ordering::Relaxed)
                    });
                    assert_eq!(value, 0);
                });
            }
        });
        assert_eq!(memo.get("b".to_owned(), || 7), 7);
        assert_eq!(calls.into_inner(), 1);
    }
}
