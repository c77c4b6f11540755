//! Reading events. Every event that leaves the store was checked against its hash.

use sqlx::Row;

use crate::event::{StoredEvent, StreamHead, genesis};
use crate::limit::{check_name, page, prefix_bound, to_i64};
use crate::verify::Broken;
use crate::{Error, Store};

impl Store {
    /// The events after `after_seq`, oldest first, at most `limit` of them (and never more than
    /// ten thousand). An empty answer means that there are no more. [`Error::Broken`] when an
    /// event is not what was written.
    pub async fn read(&self, stream: &str, after_seq: u64, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        check_name("a stream name", stream)?;
        let events = self.rows_after(stream, after_seq, limit).await?;
        let Some(first) = events.first() else {
            return Ok(events);
        };
        let broken = |seq, why: &str| Error::Broken(Broken { stream: stream.to_owned(), seq, why: why.to_owned() });
        if first.seq != after_seq + 1 {
            return Err(broken(after_seq + 1, "the event is missing"));
        }
        let mut previous = self.hash_at(stream, after_seq).await?;
        for (event, seq) in events.iter().zip(after_seq + 1..) {
            if event.seq != seq {
                return Err(broken(seq, "the event is missing"));
            }
            if !event.follows(&previous) {
                return Err(broken(seq, "its content does not match its hash"));
            }
            previous.clone_from(&event.hash);
        }
        Ok(events)
    }

    /// Sequence number of the newest event; 0 when the stream does not exist.
    pub async fn head(&self, stream: &str) -> Result<u64, Error> {
        Ok(self.stream_head(stream).await?.map_or(0, |head| head.seq))
    }

    /// The streams whose name begins with `prefix` and comes after `after`, sorted by name, at
    /// most `limit` of them.
    pub async fn streams(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<StreamHead>, Error> {
        let sql = "SELECT stream, seq, hash FROM streams \
                   WHERE stream >= $1 AND stream < $2 AND stream > $3 ORDER BY stream LIMIT $4";
        let after = after.unwrap_or_default();
        let names = sqlx::query(sql).bind(prefix).bind(prefix_bound(prefix)).bind(after).bind(page(limit));
        self.all(names, head_from_row).await
    }

    /// The head of one stream, none when it does not exist.
    pub(crate) async fn stream_head(&self, stream: &str) -> Result<Option<StreamHead>, Error> {
        let head = sqlx::query("SELECT stream, seq, hash FROM streams WHERE stream = $1").bind(stream);
        self.first(head, head_from_row).await
    }

    /// Rows as they are stored, unchecked.
    pub(crate) async fn rows_after(&self, stream: &str, after_seq: u64, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        let sql = "SELECT seq, kind, version, at_ms, principal, body, hash FROM events \
                   WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let after = to_i64("a sequence number", after_seq)?;
        self.all(sqlx::query(sql).bind(stream).bind(after).bind(page(limit)), StoredEvent::from_row).await
    }

    /// The hash of one event, or the stream's first link.
    async fn hash_at(&self, stream: &str, seq: u64) -> Result<String, Error> {
        if seq == 0 {
            return Ok(genesis(stream));
        }
        let hash = sqlx::query("SELECT hash FROM events WHERE stream = $1 AND seq = $2");
        let hash = self.first(hash.bind(stream).bind(to_i64("a sequence number", seq)?), |row| row.try_get(0)).await?;
        let why = "the event is missing".to_owned();
        hash.ok_or_else(|| Error::Broken(Broken { stream: stream.to_owned(), seq, why }))
    }
}

fn head_from_row(row: &sqlx::any::AnyRow) -> Result<StreamHead, sqlx::Error> {
    Ok(StreamHead { stream: row.try_get(0)?, seq: row.try_get::<i64, _>(1)?.unsigned_abs(), hash: row.try_get(2)? })
}
