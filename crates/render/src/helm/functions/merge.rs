//! `merge` and `mergeOverwrite`, by the rules of Go's mergo for maps of anything.
//!
//! Maps are merged into each other, everything else is taken whole. What is taken is shared with its source, not
//! copied: charts see later changes of one in the other.

use super::Context;
use super::dicts::put;
use crate::helm::fault::Answer;
use crate::helm::value::{DEPTH_MAX, Map, Value, too_deep};

/// Who wins where both maps have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The map that is merged into, unless its value is empty.
    Keep,
    /// The map that is merged from, even with an empty value or nil.
    Overwrite,
}

/// Merges `from` into `into`.
pub(super) fn merge(context: &mut Context, into: &Map, from: &Map, mode: Mode) -> Answer<()> {
    merge_at(context, into, from, mode, 0)
}

fn merge_at(context: &mut Context, into: &Map, from: &Map, mode: Mode, depth: usize) -> Answer<()> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    if into.is_same(from) {
        return Ok(());
    }
    let entries = from.snapshot();
    context.charge(1 + entries.len() / 2)?;
    for (key, value) in entries {
        if value.is_nil() {
            if mode == Mode::Overwrite {
                put(context, into, key, Value::Nil)?;
            }
            continue;
        }
        let existing = into.get(&key);
        if let (Some(Value::Map(existing)), Value::Map(value)) = (&existing, &value) {
            merge_at(context, existing, value, mode, depth + 1)?;
            if !existing.is_empty() {
                continue;
            }
        }
        let is_free = existing.as_ref().is_none_or(|existing| !existing.truth());
        if mode == Mode::Overwrite || is_free {
            put(context, into, key, value)?;
        }
    }
    Ok(())
}
