//! Noticing that somebody, in this process or another one, committed something.
//!
//! SQLite counts the commits of *other* connections, and the count means something on one
//! connection only; so one connection is kept for this and the token also counts how often it had
//! to be made anew. PostgreSQL's snapshot names exactly the transactions that are visible.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Connection as _, Row};
use tokio::sync::Mutex;

use crate::backend::Backend;
use crate::connections::Connections;
use crate::{Error, Store};

pub(crate) struct Watch {
    backend: Backend,
    connections: Arc<Connections>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    conn: Option<AnyConnection>,
    made: u64,
}

impl Watch {
    pub(crate) fn new(backend: Backend, connections: Arc<Connections>) -> Self {
        Self { backend, connections, kept: Mutex::new(Kept::default()) }
    }

    pub(crate) async fn close(&self) {
        let kept = self.kept.lock().await.conn.take();
        if let Some(conn) = kept {
            // Whatever the database says to the goodbye, the connection is gone.
            let _ = conn.close().await;
        }
    }

    async fn token(&self) -> Result<u64, Error> {
        let query = sqlx::query(self.backend.watch());
        let fail = |error| self.connections.fail(error);
        match self.backend {
            Backend::Sqlite => {
                let mut kept = self.kept.lock().await;
                // Taken out while in use: a call that fails or is dropped leaves none behind.
                let mut conn = match kept.conn.take() {
                    Some(conn) => conn,
                    None => {
                        kept.made += 1;
                        self.connections.connect().await?
                    }
                };
                let row = query.fetch_one(&mut conn).await.map_err(fail)?;
                let version: i64 = row.try_get(0).map_err(fail)?;
                kept.conn = Some(conn);
                Ok(shorten(&format!("{} {version}", kept.made)))
            }
            Backend::Postgres => {
                let mut conn = self.connections.acquire().await?;
                let snapshot: Option<String> = conn.first(query, |row| row.try_get(0)).await?;
                conn.keep();
                snapshot.map(|snapshot| shorten(&snapshot)).ok_or_else(|| fail(sqlx::Error::RowNotFound))
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
        self.watch().token().await
    }
}
