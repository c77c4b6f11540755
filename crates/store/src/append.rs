//! Appending: the one way the record grows.
//!
//! In one transaction: the fence is checked and its lease row locked, the stream's head is moved
//! from the expected to the new sequence number, the events, the claims and the index row are
//! written. The answer comes after the commit.

use sqlx::{AssertSqlSafe, Row};

use crate::block::{blocks, rows};
use crate::event::{genesis, link};
use crate::limit::{self, check_body, check_name, check_size, check_word, to_i64};
use crate::transaction::Transaction;
use crate::{Error, Fence, NewEvent, RolloutRow, Store, claim, lease, rollout};

/// Most rows of one `INSERT`: eight columns each stay far below the parameter limits.
const INSERT_ROWS: usize = 64;

/// What one append writes. Everything happens or nothing does.
#[derive(Debug, Clone, Copy)]
pub struct Append<'a> {
    /// Name of the stream.
    pub stream: &'a str,
    /// Sequence number of the newest event the caller knows; 0 for a new stream.
    pub expected_seq: u64,
    /// The lease under which the caller acts.
    pub fence: Option<&'a Fence>,
    /// The events, at least one, in order.
    pub events: &'a [NewEvent],
    /// The row of the rollout index as it is after these events.
    pub index: Option<&'a RolloutRow>,
    /// What happens to claims together with these events.
    pub claims: Option<ClaimChange<'a>>,
}

/// A change of claims that belongs to an append.
#[derive(Debug, Clone, Copy)]
pub enum ClaimChange<'a> {
    /// As [`Store::claim`]; when it is refused, nothing is appended.
    Claim {
        /// What is claimed.
        keys: &'a [String],
        /// For whom.
        owner: &'a str,
    },
    /// As [`Store::enqueue_claim`].
    Enqueue {
        /// What is waited for.
        keys: &'a [String],
        /// Who waits.
        owner: &'a str,
        /// Since when, in milliseconds since 1970.
        at_ms: i64,
    },
    /// As [`Store::release_claims`].
    Release {
        /// Whose claims and waiting places end.
        owner: &'a str,
    },
}

impl Store {
    /// Appends events and answers the sequence number of the last one, after the commit.
    ///
    /// [`Error::Conflict`] when the stream is not at `expected_seq`, [`Error::Fenced`] when the
    /// lease is not held with that epoch, [`Error::Claimed`] when a claim is refused.
    pub async fn append(&self, append: Append<'_>) -> Result<u64, Error> {
        check(&append)?;
        let mut tx = self.begin().await?;
        let work = write(&mut tx, &append).await;
        tx.finish(work).await
    }
}

fn check(append: &Append<'_>) -> Result<(), Error> {
    check_name("a stream name", append.stream)?;
    if append.events.is_empty() {
        return Err(Error::Invalid { what: "an append", why: "it has no events".to_owned() });
    }
    check_size("an append", append.events.len(), limit::MAX_APPEND_EVENTS)?;
    for event in append.events {
        check_word("an event kind", &event.kind, limit::MAX_KIND_BYTES)?;
        check_name("a principal", &event.by)?;
        check_body("an event body", &event.body)?;
    }
    check_size("an append", append.events.iter().map(|event| event.body.len()).sum(), limit::MAX_APPEND_BYTES)?;
    append.index.map_or(Ok(()), rollout::check)
}

/// The order of the locks (lease, stream, claims, index row) is the same in every append: two of
/// them never wait for each other.
async fn write(tx: &mut Transaction, append: &Append<'_>) -> Result<u64, Error> {
    if let Some(fence) = append.fence {
        lease::hold(tx, fence).await?;
    }
    let previous = head_hash(tx, append).await?;
    let (rows, head) = chain(append, &previous);
    let last_seq = append.expected_seq + append.events.len() as u64;
    move_head(tx, append, last_seq, &head).await?;
    insert(tx, append.stream, &rows).await?;
    match append.claims {
        Some(ClaimChange::Claim { keys, owner }) => claim::claim(tx, keys, owner).await?,
        Some(ClaimChange::Enqueue { keys, owner, at_ms }) => claim::enqueue(tx, keys, owner, at_ms).await?,
        Some(ClaimChange::Release { owner }) => claim::release(tx, owner).await?,
        None => {}
    }
    if let Some(row) = append.index {
        rollout::upsert(tx, row).await?;
    }
    Ok(last_seq)
}

/// The hash that the first new event follows.
async fn head_hash(tx: &mut Transaction, append: &Append<'_>) -> Result<String, Error> {
    let head = sqlx::query("SELECT seq, hash FROM streams WHERE stream = $1").bind(append.stream);
    let head = tx.first(head, |row| Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get(1)?))).await?;
    let (found, hash) = head.unwrap_or_else(|| (0, genesis(append.stream)));
    if found == append.expected_seq { Ok(hash) } else { Err(Error::Conflict { expected: append.expected_seq, found }) }
}

struct Link<'a> {
    seq: u64,
    event: &'a NewEvent,
    hash: String,
}

fn chain<'a>(append: &Append<'a>, previous: &str) -> (Vec<Link<'a>>, String) {
    let mut head = previous.to_owned();
    let mut rows = Vec::with_capacity(append.events.len());
    for (event, seq) in append.events.iter().zip(append.expected_seq + 1..) {
        head = link(&head, seq, event);
        rows.push(Link { seq, event, hash: head.clone() });
    }
    (rows, head)
}

/// Moves the head, unless a concurrent append was faster: on PostgreSQL this waits for it.
async fn move_head(tx: &mut Transaction, append: &Append<'_>, seq: u64, hash: &str) -> Result<(), Error> {
    let sql = "INSERT INTO streams (stream, seq, hash) VALUES ($1, $2, $3) \
               ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash \
               WHERE streams.seq = $4";
    let moved = sqlx::query(sql)
        .bind(append.stream)
        .bind(to_i64("a sequence number", seq)?)
        .bind(hash)
        .bind(to_i64("a sequence number", append.expected_seq)?);
    if tx.execute(moved).await? == 1 {
        return Ok(());
    }
    head_hash(tx, append).await?;
    Err(Error::Conflict { expected: append.expected_seq, found: append.expected_seq })
}

async fn insert(tx: &mut Transaction, stream: &str, links: &[Link<'_>]) -> Result<(), Error> {
    for block in blocks(links, INSERT_ROWS) {
        let sql = format!(
            "INSERT INTO events (stream, seq, kind, version, at_ms, principal, body, hash) VALUES {}",
            rows(block.len(), 8)
        );
        let mut statement = sqlx::query(AssertSqlSafe(sql));
        for Link { seq, event, hash } in block {
            statement = statement
                .bind(stream)
                .bind(to_i64("a sequence number", *seq)?)
                .bind(event.kind.as_str())
                .bind(i64::from(event.version))
                .bind(event.at_ms)
                .bind(event.by.as_str())
                .bind(event.body.as_str())
                .bind(hash.as_str());
        }
        tx.execute(statement).await?;
    }
    Ok(())
}
