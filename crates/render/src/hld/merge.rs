//! Two layers become one; the higher wins.
//!
//! | high | low | result |
//! | --- | --- | --- |
//! | absent or null | anything | low |
//! | anything | absent or null | high |
//! | map | map | key by key |
//! | list | list | high followed by low |
//! | scalar | anything | high |
//! | map | scalar or list | error |
//! | list | scalar or map | error |

use std::collections::BTreeMap;

use seaway_core::diagnostic::codes;

use super::{
    Lists,
    setting::{Beaten, Given, Setting},
    trouble::Trouble,
};

/// Merges `low` under `high`. `path` is what leads to the maps, for messages.
pub(super) fn maps(
    trouble: &mut Trouble<'_>,
    path: &mut Vec<String>,
    high: &mut BTreeMap<String, Setting>,
    low: BTreeMap<String, Setting>,
) {
    for (key, low) in low {
        if !trouble.spend(1) {
            return;
        }
        let Some(high) = high.get_mut(&key) else {
            high.insert(key, low);
            continue;
        };
        path.push(key);
        one(trouble, path, high, low);
        path.pop();
    }
}

fn one(trouble: &mut Trouble<'_>, path: &mut Vec<String>, high: &mut Setting, low: Setting) {
    if low.is_null() {
        return;
    }
    if high.is_null() {
        *high = low;
        return;
    }
    match (&mut high.value, low.value) {
        (Given::Map(high), Given::Map(low)) => maps(trouble, path, high, low),
        (Given::List(list), Given::List(below)) => {
            if list.is_closed || trouble.settings.lists == Lists::Replace && trouble.is_strict() {
                let shown = format!("a list of {}", below.items.len());
                high.beaten.push(Beaten { origin: low.origin, shown });
                high.beaten.extend(low.beaten);
            } else if trouble.spend(below.items.len() as u64) {
                list.items.extend(below.items);
                list.is_closed = below.is_closed;
            }
        }
        (Given::Map(_) | Given::List(_), below) => {
            let low = Setting { value: below, origin: low.origin, beaten: Vec::new() };
            let (found, other) = (high.kind(), low.kind());
            let key = path.join(".");
            let message = format!("`{key}` is {found} here and {other} in {}", low.origin.place());
            let help = "a mapping merges with a mapping and a list with a list; make both the same";
            trouble.error(codes::HLD_CANNOT_MERGE, Some(high.origin.place()), message, help);
        }
        (Given::Bool(_) | Given::Number(_) | Given::Text(_) | Given::Null, below) => {
            let low = Setting { value: below, origin: low.origin, beaten: low.beaten };
            high.beaten.push(Beaten { shown: low.shown(), origin: low.origin });
            high.beaten.extend(low.beaten);
        }
    }
}
