//! Leases: who may act. Each holding has an epoch, and no two holdings of a lease share one, so a
//! process that was asleep while another took over is recognised by its old epoch.
//!
//! The store reads no clock: the callers' clocks decide when a lease expires. A clock that is
//! wrong can only move a holding to somebody else too early, never let two epochs write.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::limit::{check_name, to_i64};
use crate::transaction::Transaction;
use crate::{Error, Store};

/// A holding of a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Name of the lease.
    pub name: String,
    /// Number of this holding; grows with each one.
    pub epoch: u64,
    /// When it expires unless renewed, in milliseconds since 1970.
    pub until_ms: i64,
}

impl Lease {
    /// What an append under this lease must show.
    pub fn fence(&self) -> Fence {
        Fence { lease: self.name.clone(), epoch: self.epoch }
    }
}

/// The lease and epoch under which a writer acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Name of the lease.
    pub lease: String,
    /// The epoch that must still be the newest and not released.
    pub epoch: u64,
}

/// A lease as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseState {
    /// Name of the lease.
    pub name: String,
    /// Who held it last.
    pub holder: String,
    /// Number of that holding.
    pub epoch: u64,
    /// When it expires or expired, in milliseconds since 1970.
    pub until_ms: i64,
    /// Whether the holder gave it back.
    pub is_released: bool,
}

impl LeaseState {
    /// Whether somebody holds the lease at this time.
    pub fn is_held(&self, now_ms: i64) -> bool {
        !self.is_released && now_ms < self.until_ms
    }
}

impl Store {
    /// Acquires a lease that is new, released or expired; [`Error::Held`] when another holder has
    /// it. A holder that already has it gets a new epoch: its former one is fenced off, which is
    /// what a process needs that lost the answer to its first call.
    pub async fn acquire_lease(&self, name: &str, holder: &str, now_ms: i64, ttl_ms: i64) -> Result<Lease, Error> {
        check_name("a lease name", name)?;
        check_name("a lease holder", holder)?;
        let mut tx = self.begin().await?;
        let work = acquire(&mut tx, name, holder, now_ms, ttl_ms).await;
        tx.finish(work).await
    }

    /// Extends a holding, also one that expired if nobody took it over; [`Error::Fenced`] when it
    /// is not the newest one or was released.
    pub async fn renew_lease(&self, fence: &Fence, now_ms: i64, ttl_ms: i64) -> Result<Lease, Error> {
        let until_ms = now_ms.saturating_add(ttl_ms.max(0));
        let sql = "UPDATE leases SET until_ms = $1 WHERE name = $2 AND epoch = $3 AND released = 0";
        let mut tx = self.begin().await?;
        let work = change(&mut tx, sql, until_ms, fence).await;
        tx.finish(work).await?;
        Ok(Lease { name: fence.lease.clone(), epoch: fence.epoch, until_ms })
    }

    /// Gives a holding back, so that the next one need not wait; [`Error::Fenced`] when it is not
    /// the newest one. Giving back twice is no error.
    pub async fn release_lease(&self, fence: &Fence) -> Result<(), Error> {
        let sql = "UPDATE leases SET released = $1 WHERE name = $2 AND epoch = $3";
        let mut tx = self.begin().await?;
        let work = change(&mut tx, sql, 1, fence).await;
        tx.finish(work).await
    }

    /// The newest holding of a lease; none when it was never acquired.
    pub async fn lease(&self, name: &str) -> Result<Option<LeaseState>, Error> {
        let sql = "SELECT holder, epoch, until_ms, released FROM leases WHERE name = $1";
        let state = |row: &AnyRow| {
            Ok(LeaseState {
                name: name.to_owned(),
                holder: row.try_get(0)?,
                epoch: row.try_get::<i64, _>(1)?.unsigned_abs(),
                until_ms: row.try_get(2)?,
                is_released: row.try_get::<i64, _>(3)? != 0,
            })
        };
        self.first(sqlx::query(sql).bind(name), state).await
    }
}

async fn acquire(tx: &mut Transaction, name: &str, holder: &str, now_ms: i64, ttl_ms: i64) -> Result<Lease, Error> {
    let until_ms = now_ms.saturating_add(ttl_ms.max(0));
    let sql = "INSERT INTO leases (name, holder, epoch, until_ms, released) VALUES ($1, $2, 1, $3, 0) \
               ON CONFLICT (name) DO UPDATE \
               SET holder = excluded.holder, epoch = leases.epoch + 1, until_ms = excluded.until_ms, released = 0 \
               WHERE leases.released = 1 OR leases.until_ms <= $4 OR leases.holder = excluded.holder \
               RETURNING epoch";
    let taken = sqlx::query(sql).bind(name).bind(holder).bind(until_ms).bind(now_ms);
    if let Some(epoch) = tx.first(taken, |row| row.try_get::<i64, _>(0)).await? {
        return Ok(Lease { name: name.to_owned(), epoch: epoch.unsigned_abs(), until_ms });
    }
    let holder = sqlx::query("SELECT holder, until_ms FROM leases WHERE name = $1").bind(name);
    let held = tx.first(holder, |row| Ok(Error::Held { by: row.try_get(0)?, until_ms: row.try_get(1)? })).await?;
    Err(held.unwrap_or_else(|| Error::NotFound { what: "lease".to_owned(), name: name.to_owned() }))
}

/// Refuses a writer whose holding is not the newest one. The row is written, not only read, so
/// that on PostgreSQL a take-over waits until this transaction has ended, and the other way round.
pub(crate) async fn hold(tx: &mut Transaction, fence: &Fence) -> Result<(), Error> {
    let sql = "UPDATE leases SET released = $1 WHERE name = $2 AND epoch = $3 AND released = 0";
    change(tx, sql, 0, fence).await
}

async fn change(tx: &mut Transaction, sql: &'static str, value: i64, fence: &Fence) -> Result<(), Error> {
    let statement = sqlx::query(sql).bind(value).bind(fence.lease.as_str()).bind(to_i64("a lease epoch", fence.epoch)?);
    if tx.execute(statement).await? == 1 {
        Ok(())
    } else {
        Err(Error::Fenced { lease: fence.lease.clone(), epoch: fence.epoch })
    }
}
