//! Noticing that somebody, in this process or another one, committed something.
//!
//! SQLite counts the commits of *other* connections, and the count means something on one
//! connection only; so one connection is kept for this and the token also counts how often it had
//! to be made anew. PostgreSQL's snapshot names exactly the transactions that are visible.

use sha2::{Digest, Sha256};
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, Row};
use tokio::sync::Mutex;

use crate::backend::Backend;
use crate::{Error, Store};

pub(crate) struct Watch {
    backend: Backend,
    pool: AnyPool,
    kept: Mutex<Kept>,
}

struct Kept {
    conn: Option<PoolConnection<Any>>,
    made: u64,
}

impl Watch {
    pub(crate) fn new(backend: Backend, pool: AnyPool) -> Self {
        Self { backend, pool, kept: Mutex::new(Kept { conn: None, made: 0 }) }
    }

    pub(crate) async fn close(&self) {
        self.kept.lock().await.conn = None;
        self.pool.close().await;
    }

    async fn token(&self) -> Result<u64, sqlx::Error> {
        match self.backend {
            Backend::Sqlite => {
                let mut kept = self.kept.lock().await;
                // Taken out while in use: a call that fails or is dropped leaves none behind.
                let mut conn = match kept.conn.take() {
                    Some(conn) => conn,
                    None => {
                        kept.made += 1;
                        self.pool.acquire().await?
                    }
                };
                let version: i64 = sqlx::query(self.backend.watch()).fetch_one(&mut *conn).await?.try_get(0)?;
                kept.conn = Some(conn);
                Ok(shorten(&format!("{} {version}", kept.made)))
            }
            Backend::Postgres => {
                let snapshot: String = sqlx::query(self.backend.watch()).fetch_one(&self.pool).await?.try_get(0)?;
                Ok(shorten(&snapshot))
            }
        }
    }
}

fn shorten(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

impl Store {
    /// A number that differs from the one before when anything was committed in between, by any
    /// process, also by this one. It says nothing else; on a shared server it may differ without
    /// need. Take it *before* reading: then equal tokens mean that the reading is up to date.
    ///
    /// Costs a few microseconds on SQLite and one round trip on PostgreSQL (13 or newer).
    pub async fn watch_token(&self) -> Result<u64, Error> {
        self.watch().token().await.map_err(|error| self.fail(error))
    }
}
