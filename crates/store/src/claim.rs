//! Claims: which rollout may change which service on which target, and who is next.
//!
//! A claim takes all of its keys or none, so two owners never hold half of what the other needs.
//! Waiting owners are served in the order in which they began to wait: each has one ticket for
//! all of its keys, and a key is not given to somebody with a later ticket. All changes happen
//! one after the other, under the lock of the ticket row.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::block::{blocks, places, rows};
use crate::connections::Statement;
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
        let claims = sqlx::query("SELECT claim_key, owner FROM claims ORDER BY claim_key");
        self.all(claims, |row| Ok(Claim { key: row.try_get(0)?, owner: row.try_get(1)? })).await
    }

    /// Who waits for a key, in order.
    pub async fn queue(&self, key: &str) -> Result<Vec<Waiting>, Error> {
        let sql = "SELECT owner, at_ms FROM claim_queue WHERE claim_key = $1 ORDER BY ticket";
        let waiting = |row: &AnyRow| Ok(Waiting { owner: row.try_get(0)?, position: 0, at_ms: row.try_get(1)? });
        let mut queue = self.all(sqlx::query(sql).bind(key), waiting).await?;
        for (waiting, position) in queue.iter_mut().zip(1..) {
            waiting.position = position;
        }
        Ok(queue)
    }
}

pub(crate) async fn claim(tx: &mut Transaction, keys: &[String], owner: &str) -> Result<(), Error> {
    let keys = checked(keys, owner)?;
    lock(tx).await?;
    let ticket = ticket_of(tx, owner).await?.unwrap_or(i64::MAX);
    let mut wanted = Vec::with_capacity(keys.len());
    for block in blocks(&keys, BLOCK) {
        let mine = refuse_held(tx, block, owner).await?;
        wanted.extend(block.iter().copied().filter(|key| !mine.contains(*key)));
    }
    refuse_awaited(tx, &wanted, owner, ticket).await?;
    for block in blocks(&wanted, BLOCK) {
        let sql = format!("INSERT INTO claims (claim_key, owner) VALUES {}", rows(block.len(), 2));
        let insert = block.iter().fold(sqlx::query(AssertSqlSafe(sql)), |sql, key| sql.bind(*key).bind(owner));
        tx.execute(insert).await?;
    }
    for block in blocks(&keys, BLOCK) {
        let sql = format!("DELETE FROM claim_queue WHERE owner = $1 AND claim_key IN ({})", places(2, block.len()));
        tx.execute(with_keys(sqlx::query(AssertSqlSafe(sql)).bind(owner), block)).await?;
    }
    Ok(())
}

pub(crate) async fn enqueue(tx: &mut Transaction, keys: &[String], owner: &str, at_ms: i64) -> Result<(), Error> {
    let keys = checked(keys, owner)?;
    let newest = lock(tx).await?;
    let ticket = ticket_of(tx, owner).await?.unwrap_or(newest);
    for block in blocks(&keys, BLOCK) {
        let sql = format!(
            "INSERT INTO claim_queue (claim_key, owner, ticket, at_ms) VALUES {} \
             ON CONFLICT (claim_key, owner) DO NOTHING",
            rows(block.len(), 4)
        );
        let insert = block
            .iter()
            .fold(sqlx::query(AssertSqlSafe(sql)), |sql, key| sql.bind(*key).bind(owner).bind(ticket).bind(at_ms));
        tx.execute(insert).await?;
    }
    Ok(())
}

pub(crate) async fn release(tx: &mut Transaction, owner: &str) -> Result<(), Error> {
    check_name("a claim owner", owner)?;
    lock(tx).await?;
    tx.execute(sqlx::query("DELETE FROM claims WHERE owner = $1").bind(owner)).await?;
    tx.execute(sqlx::query("DELETE FROM claim_queue WHERE owner = $1").bind(owner)).await.map(drop)
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
    let next = sqlx::query("UPDATE claim_tickets SET ticket = ticket + 1 WHERE id = 1 RETURNING ticket");
    let ticket = tx.first(next, |row| row.try_get(0)).await?;
    ticket.ok_or_else(|| tx.corrupt("the ticket counter is missing"))
}

async fn ticket_of(tx: &mut Transaction, owner: &str) -> Result<Option<i64>, Error> {
    let ticket = sqlx::query("SELECT ticket FROM claim_queue WHERE owner = $1 ORDER BY ticket LIMIT 1").bind(owner);
    tx.first(ticket, |row| row.try_get(0)).await
}

/// Refuses when another owner has one of the keys; answers those that the owner has itself.
async fn refuse_held(tx: &mut Transaction, keys: &[&str], owner: &str) -> Result<BTreeSet<String>, Error> {
    let sql = format!(
        "SELECT claim_key, owner FROM claims WHERE claim_key IN ({}) ORDER BY claim_key",
        places(1, keys.len())
    );
    let held = with_keys(sqlx::query(AssertSqlSafe(sql)), keys);
    let mut mine = BTreeSet::new();
    for (key, by) in tx.all(held, |row| Ok((row.try_get(0)?, row.try_get(1)?))).await? {
        let by: String = by;
        if by != owner {
            return Err(Error::Claimed { key, by, waiting: false });
        }
        mine.insert(key);
    }
    Ok(mine)
}

/// Refuses when another owner with an earlier ticket waits for one of the keys; names the earliest.
async fn refuse_awaited(tx: &mut Transaction, keys: &[&str], owner: &str, ticket: i64) -> Result<(), Error> {
    let mut earliest: Option<(i64, String, String)> = None;
    for block in blocks(keys, BLOCK) {
        let sql = format!(
            "SELECT ticket, claim_key, owner FROM claim_queue \
             WHERE ticket < $1 AND owner <> $2 AND claim_key IN ({}) ORDER BY ticket, claim_key LIMIT 1",
            places(3, block.len())
        );
        let awaited = with_keys(sqlx::query(AssertSqlSafe(sql)).bind(ticket).bind(owner), block);
        let found = tx.first(awaited, |row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).await?;
        earliest = earliest.into_iter().chain(found).min();
    }
    earliest.map_or(Ok(()), |(_, key, by)| Err(Error::Claimed { key, by, waiting: true }))
}

fn with_keys<'q>(statement: Statement<'q>, keys: &[&'q str]) -> Statement<'q> {
    keys.iter().fold(statement, |statement, key| statement.bind(*key))
}
