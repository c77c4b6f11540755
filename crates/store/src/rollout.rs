//! The index of rollouts: what lists and prefixes are answered from. Written together with the
//! events it sums up; a view, never the truth.

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::limit::{MAX_CANDIDATES, check_body, check_name, page, prefix_bound};
use crate::transaction::Transaction;
use crate::{Error, Store};

/// One rollout in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRow {
    /// Id of the rollout.
    pub id: String,
    /// Name of the environment.
    pub environment: String,
    /// JSON text: the services and what else a list shows.
    pub services: String,
    /// Hash of the plan.
    pub plan: String,
    /// Rollout word: `Running`, `Waiting`, …
    pub phase: String,
    /// When it was created, in milliseconds since 1970.
    pub created_ms: i64,
    /// When its newest event happened, in milliseconds since 1970.
    pub updated_ms: i64,
}

/// Which rollouts to list; nothing given fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolloutFilter {
    /// Name of the environment.
    pub environment: Option<String>,
    /// Rollout word.
    pub phase: Option<String>,
}

impl Store {
    /// Rollouts, newest first, at most `limit`. `before` is the last row of the page before.
    pub async fn rollouts(
        &self,
        filter: &RolloutFilter,
        limit: u32,
        before: Option<&RolloutRow>,
    ) -> Result<Vec<RolloutRow>, Error> {
        let sql = "SELECT id, environment, services, plan_hash, phase, created_ms, updated_ms FROM rollouts \
                   WHERE (created_ms < $1 OR (created_ms = $1 AND id < $2)) \
                   AND ($3 = '' OR environment = $3) AND ($4 = '' OR phase = $4) \
                   ORDER BY created_ms DESC, id DESC LIMIT $5";
        let page = sqlx::query(sql)
            .bind(before.map_or(i64::MAX, |row| row.created_ms))
            .bind(before.map_or("", |row| row.id.as_str()))
            .bind(filter.environment.as_deref().unwrap_or_default())
            .bind(filter.phase.as_deref().unwrap_or_default())
            .bind(page(limit));
        self.all(page, from_row).await
    }

    /// One rollout; [`Error::NotFound`] when there is none with this id.
    pub async fn rollout(&self, id: &str) -> Result<RolloutRow, Error> {
        let sql =
            "SELECT id, environment, services, plan_hash, phase, created_ms, updated_ms FROM rollouts WHERE id = $1";
        let row = self.first(sqlx::query(sql).bind(id), from_row).await?;
        row.ok_or_else(|| Error::NotFound { what: "rollout".to_owned(), name: id.to_owned() })
    }

    /// The rollout with this id, or the only one whose id begins so. [`Error::NotFound`],
    /// [`Error::Ambiguous`].
    pub async fn resolve_rollout(&self, prefix: &str) -> Result<RolloutRow, Error> {
        let sql = "SELECT id FROM rollouts WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3";
        let fitting = sqlx::query(sql).bind(prefix).bind(prefix_bound(prefix)).bind(candidate_limit());
        let id = only_one("rollout", prefix, self.all(fitting, |row| row.try_get(0)).await?)?;
        self.rollout(&id).await
    }
}

pub(crate) fn candidate_limit() -> i64 {
    MAX_CANDIDATES as i64
}

/// The exact match or the only candidate. The candidates are sorted, so an exact match is first.
pub(crate) fn only_one(what: &str, prefix: &str, mut candidates: Vec<String>) -> Result<String, Error> {
    check_name("a prefix", prefix)?;
    if candidates.len() > 1 && candidates.first().is_none_or(|first| first != prefix) {
        return Err(Error::Ambiguous { what: what.to_owned(), prefix: prefix.to_owned(), candidates });
    }
    candidates.truncate(1);
    candidates.pop().ok_or_else(|| Error::NotFound { what: what.to_owned(), name: prefix.to_owned() })
}

pub(crate) fn check(row: &RolloutRow) -> Result<(), Error> {
    check_name("a rollout id", &row.id)?;
    check_name("an environment name", &row.environment)?;
    check_name("a rollout phase", &row.phase)?;
    check_body("a plan hash", &row.plan)?;
    check_body("a list of services", &row.services)
}

pub(crate) async fn upsert(tx: &mut Transaction, row: &RolloutRow) -> Result<(), Error> {
    let sql = "INSERT INTO rollouts (id, environment, services, plan_hash, phase, created_ms, updated_ms) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (id) DO UPDATE SET environment = excluded.environment, services = excluded.services, \
               plan_hash = excluded.plan_hash, phase = excluded.phase, created_ms = excluded.created_ms, \
               updated_ms = excluded.updated_ms";
    let upsert = sqlx::query(sql)
        .bind(row.id.as_str())
        .bind(row.environment.as_str())
        .bind(row.services.as_str())
        .bind(row.plan.as_str())
        .bind(row.phase.as_str())
        .bind(row.created_ms)
        .bind(row.updated_ms);
    tx.execute(upsert).await.map(drop)
}

fn from_row(row: &AnyRow) -> Result<RolloutRow, sqlx::Error> {
    Ok(RolloutRow {
        id: row.try_get(0)?,
        environment: row.try_get(1)?,
        services: row.try_get(2)?,
        plan: row.try_get(3)?,
        phase: row.try_get(4)?,
        created_ms: row.try_get(5)?,
        updated_ms: row.try_get(6)?,
    })
}
