//! Claims: which rollout may change which service on which target, and who is next.
//!
//! A claim takes all of its keys or none, so two owners never hold half of what the other needs.
//! Waiting owners are served in the order in which they began to wait: each has one ticket for
//! all of its keys, and a key is not given to somebody with a later ticket. All changes happen
//! one after the other, under the lock of the ticket row.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Row};

use crate::limit::{MAX_CLAIM_KEYS, check_name, check_size};
use crate::transaction::Transaction;
use crate::{Error, Store};

/// Keys per statement: far below the parameter limits of both databases.
const BLOCK: usize = 256;

/// A key that an owner has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub key: String,
    /// For whom.
    pub owner: String,
}

/// An owner that waits for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Who waits.
    pub owner: String,
    /// Place in the queue of this key, from 1.
    pub position: u64,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// Claims all keys or none. [`Error::Claimed`] when another owner has one of them or has
    /// waited for one of them for longer. What the owner has already stays; granted keys leave
    /// the owner's waiting list.
    pub async fn claim(&self, keys: &[String], owner: &str) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let work = claim(&mut tx, keys, owner).await;
        tx.finish(work).await
    }

    /// Ends all claims of the owner and its places in the queues.
    pub async fn release_claims(&self, owner: &str) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let work = release(&mut tx, owner).await;
        tx.finish(work).await
    }

    /// Puts the owner at the end of the queue of each key. An owner that waits already keeps its
    /// turn, also for keys that it adds.
    pub async fn enqueue_claim(&self, keys: &[String], owner: &str, at_ms: i64) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let work = enqueue(&mut tx, keys, owner, at_ms).await;
        tx.finish(work).await
    }

    /// All claims, sorted by key.
    pub async fn claims(&self) -> Result<Vec<Claim>, Error> {
        let sql = "SELECT claim_key, owner FROM claims ORDER BY claim_key";
        let rows = sqlx::query(sql).fetch_all(self.reader()).await.map_err(|error| self.fail(error))?;
        let claim = |row: &sqlx::any::AnyRow| Ok(Claim { key: row.try_get(0)?, owner: row.try_get(1)? });
        rows.iter().map(claim).collect::<Result<_, _>>().map_err(|error| self.fail(error))
    }

    /// Who waits for a key, in order.
    pub async fn queue(&self, key: &str) -> Result<Vec<Waiting>, Error> {
        let sql = "SELECT owner, at_ms FROM claim_queue WHERE claim_key = $1 ORDER BY ticket";
        let rows = sqlx::query(sql).bind(key).fetch_all(self.reader()).await.map_err(|error| self.fail(error))?;
        let waiting = |(row, position): (&sqlx::any::AnyRow, u64)| {
            Ok(Waiting { owner: row.try_get(0)?, position, at_ms: row.try_get(1)? })
        };
        rows.iter().zip(1..).map(waiting).collect::<Result<_, _>>().map_err(|error| self.fail(error))
    }
}

pub(crate) async fn claim(tx: &mut Transaction, keys: &[String], owner: &str) -> Result<(), Error> {
    let keys = checked(keys, owner)?;
    lock(tx).await?;
    let ticket = ticket_of(tx, owner).await?.unwrap_or(i64::MAX);
    let mut wanted = Vec::with_capacity(keys.len());
    for block in keys.chunks(BLOCK) {
        let mine = refuse_held(tx, block, owner).await?;
        wanted.extend(block.iter().copied().filter(|key| !mine.contains(*key)));
    }
    for block in wanted.chunks(BLOCK) {
        refuse_awaited(tx, block, owner, ticket).await?;
    }
    for key in &wanted {
        let sql = "INSERT INTO claims (claim_key, owner) VALUES ($1, $2)";
        run(tx, sqlx::query(sql).bind(*key).bind(owner)).await?;
    }
    for key in &keys {
        let sql = "DELETE FROM claim_queue WHERE claim_key = $1 AND owner = $2";
        run(tx, sqlx::query(sql).bind(*key).bind(owner)).await?;
    }
    Ok(())
}

pub(crate) async fn enqueue(tx: &mut Transaction, keys: &[String], owner: &str, at_ms: i64) -> Result<(), Error> {
    let keys = checked(keys, owner)?;
    let newest = lock(tx).await?;
    let ticket = ticket_of(tx, owner).await?.unwrap_or(newest);
    for key in keys {
        let sql = "INSERT INTO claim_queue (claim_key, owner, ticket, at_ms) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (claim_key, owner) DO NOTHING";
        run(tx, sqlx::query(sql).bind(key).bind(owner).bind(ticket).bind(at_ms)).await?;
    }
    Ok(())
}

pub(crate) async fn release(tx: &mut Transaction, owner: &str) -> Result<(), Error> {
    check_name("a claim owner", owner)?;
    lock(tx).await?;
    run(tx, sqlx::query("DELETE FROM claims WHERE owner = $1").bind(owner)).await?;
    run(tx, sqlx::query("DELETE FROM claim_queue WHERE owner = $1").bind(owner)).await
}

/// The keys, each once and sorted.
fn checked<'a>(keys: &'a [String], owner: &str) -> Result<Vec<&'a str>, Error> {
    check_name("a claim owner", owner)?;
    check_size("a claim", keys.len(), MAX_CLAIM_KEYS)?;
    keys.iter().try_for_each(|key| check_name("a claim key", key))?;
    Ok(keys.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect())
}

/// Takes the lock under which claims change and answers a ticket later than all others.
async fn lock(tx: &mut Transaction) -> Result<i64, Error> {
    let sql = "UPDATE claim_tickets SET ticket = ticket + 1 WHERE id = 1 RETURNING ticket";
    let row = sqlx::query(sql).fetch_one(&mut **tx).await.map_err(|error| tx.fail(error))?;
    row.try_get(0).map_err(|error| tx.fail(error))
}

async fn ticket_of(tx: &mut Transaction, owner: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT ticket FROM claim_queue WHERE owner = $1 ORDER BY ticket LIMIT 1";
    let row = sqlx::query(sql).bind(owner).fetch_optional(&mut **tx).await.map_err(|error| tx.fail(error))?;
    row.map(|row| row.try_get(0)).transpose().map_err(|error| tx.fail(error))
}

/// Refuses when another owner has one of the keys; answers those that the owner has itself.
async fn refuse_held(tx: &mut Transaction, keys: &[&str], owner: &str) -> Result<BTreeSet<String>, Error> {
    let sql = format!(
        "SELECT claim_key, owner FROM claims WHERE claim_key IN ({}) ORDER BY claim_key",
        places(1, keys.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for key in keys {
        query = query.bind(*key);
    }
    let rows = query.fetch_all(&mut **tx).await.map_err(|error| tx.fail(error))?;
    let mut mine = BTreeSet::new();
    for row in rows {
        let key: String = row.try_get(0).map_err(|error| tx.fail(error))?;
        let by: String = row.try_get(1).map_err(|error| tx.fail(error))?;
        if by != owner {
            return Err(Error::Claimed { key, by, waiting: false });
        }
        mine.insert(key);
    }
    Ok(mine)
}

/// Refuses when another owner with an earlier ticket waits for one of the keys.
async fn refuse_awaited(tx: &mut Transaction, keys: &[&str], owner: &str, ticket: i64) -> Result<(), Error> {
    let sql = format!(
        "SELECT claim_key, owner FROM claim_queue WHERE ticket < $1 AND owner <> $2 AND claim_key IN ({}) \
         ORDER BY ticket, claim_key LIMIT 1",
        places(3, keys.len())
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(ticket).bind(owner);
    for key in keys {
        query = query.bind(*key);
    }
    match query.fetch_optional(&mut **tx).await.map_err(|error| tx.fail(error))? {
        None => Ok(()),
        Some(row) => {
            let key = row.try_get(0).map_err(|error| tx.fail(error))?;
            let by = row.try_get(1).map_err(|error| tx.fail(error))?;
            Err(Error::Claimed { key, by, waiting: true })
        }
    }
}

/// `$from, …` for `count` values.
fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

async fn run(
    tx: &mut Transaction,
    query: sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments>,
) -> Result<(), Error> {
    query.execute(&mut **tx).await.map(drop).map_err(|error| tx.fail(error))
}
