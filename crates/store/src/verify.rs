//! Checking the whole record: every event against its hash and its predecessor, every stream
//! against its head, and on SQLite the structure of the file.
//!
//! A person who can write to the database could compute a new chain from some event on. Heads
//! kept elsewhere (see [`crate::StreamHead`]) tell that too.

use std::fmt;

use sqlx::Row;

use crate::backend::Backend;
use crate::event::{StreamHead, genesis};
use crate::limit::check_name;
use crate::{Error, Store};

/// Events per page: bounded memory, few queries.
const PAGE: u32 = 500;

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Name of the stream.
    pub stream: String,
    /// The first sequence number at which it does not hold.
    pub seq: u64,
    /// What was found there.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream `{}` is broken at event {}: {}", self.stream, self.seq, self.why)
    }
}

/// What [`Store::verify_all`] saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Streams that hold.
    pub intact: Vec<StreamHead>,
    /// The first fault of each stream that does not.
    pub broken: Vec<Broken>,
}

impl Store {
    /// Checks one stream and answers its head (0 when there is no such stream);
    /// [`Error::Broken`] with the first fault.
    pub async fn verify(&self, stream: &str) -> Result<StreamHead, Error> {
        check_name("a stream name", stream)?;
        let broken = |seq, why: &str| Error::Broken(Broken { stream: stream.to_owned(), seq, why: why.to_owned() });
        let mut last = StreamHead { stream: stream.to_owned(), seq: 0, hash: genesis(stream) };
        loop {
            let events = self.rows_after(stream, last.seq, PAGE).await?;
            for event in &events {
                let seq = last.seq + 1;
                if event.seq != seq {
                    return Err(broken(seq, "the event is missing"));
                }
                if !event.follows(&last.hash) {
                    return Err(broken(seq, "its content does not match its hash"));
                }
                last.seq = seq;
                last.hash.clone_from(&event.hash);
            }
            if !events.is_empty() {
                continue;
            }
            // The head is read after the events: appends in between only move it up.
            let head = self.stream_head(stream).await?.unwrap_or_else(|| StreamHead {
                stream: stream.to_owned(),
                seq: 0,
                hash: genesis(stream),
            });
            if head.seq < last.seq {
                return Err(broken(head.seq + 1, "the event was never acknowledged"));
            }
            if head.seq == last.seq {
                return if head.hash == last.hash {
                    Ok(last)
                } else {
                    Err(broken(last.seq, "the head has another hash"))
                };
            }
            if self.rows_after(stream, last.seq, 1).await?.is_empty() {
                return Err(broken(last.seq + 1, "the event is missing"));
            }
        }
    }

    /// Checks everything: the structure of the file (SQLite) and every stream. An error means
    /// that the check itself could not be done, or that the file is damaged.
    pub async fn verify_all(&self) -> Result<Audit, Error> {
        self.check_structure().await?;
        let mut audit = Audit::default();
        let mut after = String::new();
        // Streams are found from both tables: rows may have been removed from either.
        let sql = "SELECT stream FROM streams WHERE stream > $1 \
                   UNION SELECT stream FROM events WHERE stream > $1 ORDER BY 1 LIMIT 500";
        loop {
            let streams: Vec<String> = self.all(sqlx::query(sql).bind(after.as_str()), |row| row.try_get(0)).await?;
            let Some(last) = streams.last() else {
                return Ok(audit);
            };
            after.clone_from(last);
            for stream in &streams {
                match self.verify(stream).await {
                    Ok(head) => audit.intact.push(head),
                    Err(Error::Broken(broken)) => audit.broken.push(broken),
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn check_structure(&self) -> Result<(), Error> {
        if self.backend() == Backend::Postgres {
            return Ok(());
        }
        let lines: Vec<String> = self.all(sqlx::query("PRAGMA quick_check(3)"), |row| row.try_get(0)).await?;
        let faults: Vec<String> = lines.into_iter().filter(|line| line != "ok").collect();
        if faults.is_empty() { Ok(()) } else { Err(self.corrupt(faults.join("; "))) }
    }
}
