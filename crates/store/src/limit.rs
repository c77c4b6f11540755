//! Limits on what callers may hand to the store. They are far above what the engine needs and
//! keep a mistake or a hostile input from filling the memory or the database in one call.

use crate::Error;

/// Longest name of a stream, lease, holder, claim key, owner, document kind or id, in bytes.
/// Names are keys of indexes; PostgreSQL refuses index entries over about 2,700 bytes.
pub(crate) const MAX_NAME_BYTES: usize = 512;

/// Longest kind of an event, in bytes: it is a word such as `stage_opened`.
pub(crate) const MAX_KIND_BYTES: usize = 128;

/// Most events in one append: ten thousand targets may change state in one decision.
pub(crate) const MAX_APPEND_EVENTS: usize = 20_000;

/// Longest body of one event or document, in bytes: a plan for thousands of targets fits,
/// anything larger belongs into a blob.
pub(crate) const MAX_BODY_BYTES: usize = 64 << 20;

/// Most bytes of bodies in one append: they are held in memory together.
pub(crate) const MAX_APPEND_BYTES: usize = 128 << 20;

/// Largest blob, in bytes: a rendered object or a packed source folder, not an image.
pub(crate) const MAX_BLOB_BYTES: usize = 256 << 20;

/// Most rows that one call returns: pages keep the memory of a reader bounded.
pub(crate) const MAX_PAGE_ROWS: u32 = 10_000;

/// Most keys in one claim: (service, target) pairs of the largest fleet.
pub(crate) const MAX_CLAIM_KEYS: usize = 100_000;

/// How many candidates an ambiguous prefix lists.
pub(crate) const MAX_CANDIDATES: usize = 8;

/// Refuses a name that is empty, too long or carries control characters: PostgreSQL cannot store
/// NUL, and the others would break the lines of reports.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), Error> {
    check_word(what, name, MAX_NAME_BYTES)
}

/// As [`check_name`], with another length.
pub(crate) fn check_word(what: &'static str, word: &str, limit: usize) -> Result<(), Error> {
    if word.is_empty() {
        return Err(Error::Invalid { what, why: "it is empty".to_owned() });
    }
    check_size(what, word.len(), limit)?;
    if let Some(found) = word.chars().find(|c| c.is_control()) {
        let why = format!("it contains the control character `{}`", found.escape_unicode());
        return Err(Error::Invalid { what, why });
    }
    Ok(())
}

/// Refuses text that one of the databases could not store as it is.
pub(crate) fn check_body(what: &'static str, body: &str) -> Result<(), Error> {
    check_size(what, body.len(), MAX_BODY_BYTES)?;
    if body.as_bytes().contains(&0) {
        return Err(Error::Invalid { what, why: "it contains a NUL character".to_owned() });
    }
    Ok(())
}

/// Refuses more than `limit` bytes or items.
pub(crate) fn check_size(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size > limit {
        return Err(Error::TooLarge { what, size, limit });
    }
    Ok(())
}

/// The rows of one page: what the caller asked for, within the limit.
pub(crate) fn page(limit: u32) -> i64 {
    i64::from(limit.min(MAX_PAGE_ROWS))
}

/// A sequence number, epoch or revision as the databases store it.
pub(crate) fn to_i64(what: &'static str, number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::Invalid { what, why: format!("`{number}` is beyond any real value") })
}

/// The smallest text that is greater than every text beginning with `prefix`, compared by code
/// point; none when there is no such text. Turns a prefix into a range that an index answers.
pub(crate) fn prefix_end(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            // The gap of the surrogates is not made of characters.
            '\u{D7FF}' => Some('\u{E000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// The upper bound of a prefix range for a query: text above every name when there is no other.
pub(crate) fn prefix_bound(prefix: &str) -> String {
    prefix_end(prefix).unwrap_or_else(|| char::MAX.to_string().repeat(MAX_NAME_BYTES))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_just_above_everything_that_begins_with_it() {
        for prefix in ["a", "rollout/", "ä", "z\u{10FFFF}", "\u{D7FF}", "zz\u{10FFFF}\u{10FFFF}"] {
            let end = prefix_end(prefix).unwrap();
            for tail in ["", "a", "\u{10FFFF}"] {
                let name = format!("{prefix}{tail}");
                assert!(name.as_str() >= prefix && name < end, "{prefix:?} {name:?} {end:?}");
            }
            assert!(!end.starts_with(prefix));
        }
        assert_eq!(prefix_end(""), None);
        assert_eq!(prefix_end("\u{10FFFF}"), None);
    }

    #[test]
    fn names_that_a_database_cannot_keep_are_refused() {
        assert!(check_name("stream", "rollout/ä-1").is_ok());
        for bad in ["", "a\0b", "a\nb", &"x".repeat(MAX_NAME_BYTES + 1)] {
            assert!(check_name("stream", bad).is_err(), "{bad:?}");
        }
    }
}
