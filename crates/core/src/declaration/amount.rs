//! Counts and shares.

use super::Amount;
use crate::yaml::{Node, Yaml};

/// Reads a count of at least `min`, or a share from `0%` to `100%`.
///
/// # Errors
/// What was expected and what was found.
pub(super) fn read(node: &Node, min: u64) -> Result<Amount, String> {
    let wrong = || format!("expected a count of at least {min} or a share, found {}", node.description());
    match &node.value {
        Yaml::Number(number) => {
            let count = number.as_u64().filter(|count| *count >= min).ok_or_else(wrong)?;
            u32::try_from(count).map(Amount::Count).map_err(|_| wrong())
        }
        Yaml::Text(text) => {
            let share = text.strip_suffix('%').ok_or_else(wrong)?;
            let is_plain = !share.is_empty() && share.len() <= 3 && share.bytes().all(|b| b.is_ascii_digit());
            let share: u8 = if is_plain { share.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
            if share > 100 {
                return Err(format!("expected a share of at most `100%`, found `{share}%`"));
            }
            Ok(Amount::Percent(share))
        }
        Yaml::Null | Yaml::Bool(_) | Yaml::List(_) | Yaml::Map(_) => Err(wrong()),
    }
}
