//! Events and the chain of hashes that makes a stream a ledger.
//!
//! `hash(n) = sha256(hash(n-1) 0x00 seq kind version at_ms principal body)`, numbers as eight
//! bytes big-endian, each text preceded by its length as eight bytes big-endian. The hash before
//! the first event is `sha256("seaway.dev/stream/v1" 0x00 stream)`, so a chain cannot be moved to
//! another stream. Written as 64 hexadecimal digits.

use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

/// An event to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened, one word of the event format.
    pub kind: String,
    /// Version of the body's format.
    pub version: u32,
    /// When it happened, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Who caused it.
    pub by: String,
    /// JSON text.
    pub body: String,
}

/// An event that was read back and whose hash was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Position in its stream, from 1 without gaps.
    pub seq: u64,
    /// What happened, one word of the event format.
    pub kind: String,
    /// Version of the body's format.
    pub version: u32,
    /// When it happened, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// Who caused it.
    pub by: String,
    /// JSON text.
    pub body: String,
    /// Hash over this event and, through its predecessor's, all before it.
    pub hash: String,
}

/// The newest event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    /// Name of the stream.
    pub stream: String,
    /// Sequence number of the newest event.
    pub seq: u64,
    /// Its hash. Kept elsewhere, it proves later that nothing up to here was changed.
    pub hash: String,
}

/// The hash before the first event of a stream.
pub(crate) fn genesis(stream: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"seaway.dev/stream/v1\0");
    hasher.update(stream.as_bytes());
    hex::encode(hasher.finalize())
}

/// The hash of an event after `previous`.
pub(crate) fn link(previous: &str, seq: u64, event: &NewEvent) -> String {
    link_parts(previous, seq, &event.kind, event.version, event.at_ms, &event.by, &event.body)
}

impl StoredEvent {
    /// Whether this event is what was written after the event with the hash `previous`.
    pub(crate) fn follows(&self, previous: &str) -> bool {
        let Self { seq, kind, version, at_ms, by, body, hash } = self;
        *hash == link_parts(previous, *seq, kind, *version, *at_ms, by, body)
    }

    /// Reads a row of the columns seq, kind, version, at_ms, principal, body, hash.
    pub(crate) fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let number = |error: std::num::TryFromIntError| sqlx::Error::Decode(Box::new(error));
        Ok(Self {
            seq: row.try_get::<i64, _>(0)?.try_into().map_err(number)?,
            kind: row.try_get(1)?,
            version: row.try_get::<i64, _>(2)?.try_into().map_err(number)?,
            at_ms: row.try_get(3)?,
            by: row.try_get(4)?,
            body: row.try_get(5)?,
            hash: row.try_get(6)?,
        })
    }
}

fn link_parts(previous: &str, seq: u64, kind: &str, version: u32, at_ms: i64, by: &str, body: &str) -> String {
    let mut hasher = Sha256::new();
    let text = |hasher: &mut Sha256, text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    hasher.update(previous.as_bytes());
    hasher.update([0]);
    hasher.update(seq.to_be_bytes());
    text(&mut hasher, kind);
    hasher.update(u64::from(version).to_be_bytes());
    hasher.update(at_ms.to_be_bytes());
    text(&mut hasher, by);
    text(&mut hasher, body);
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, by: &str, body: &str) -> NewEvent {
        NewEvent { kind: kind.into(), version: 1, at_ms: 1_700_000_000_000, by: by.into(), body: body.into() }
    }

    /// The format is a promise: exported chains are checked by other programs.
    #[test]
    fn the_hash_of_a_known_event_never_changes() {
        let first = link(&genesis("rollout/1"), 1, &event("started", "ann", "{}"));
        assert_eq!(genesis("rollout/1"), "b28d37113e5fb75a88984a9959e7332967ae582de014a5b379a395e8d4ba64fd");
        assert_eq!(first, "ad98fb2600959594da52c96c37a200230cfd8a5966b28490e12641dc7fd0f876");
    }

    #[test]
    fn moving_text_between_fields_changes_the_hash() {
        let base = link("p", 1, &event("ab", "c", "d"));
        for other in [event("a", "bc", "d"), event("ab", "", "cd"), event("abc", "", "d")] {
            assert_ne!(base, link("p", 1, &other));
        }
        assert_ne!(base, link("p", 2, &event("ab", "c", "d")));
        assert_ne!(base, link("q", 1, &event("ab", "c", "d")));
    }
}
