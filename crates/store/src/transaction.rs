//! A writing transaction that is either committed, rolled back, or its connection is thrown away.
//!
//! A connection whose transaction has an unknown state (a failed commit, a full disk, a future
//! that was dropped half way) never returns to the pool: closing it ends the transaction in both
//! databases, so the next writer starts clean.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};

use crate::Error;
use crate::backend::Backend;

/// An open writing transaction.
pub(crate) struct Transaction {
    conn: PoolConnection<Any>,
    backend: Backend,
    store: String,
    is_settled: bool,
}

impl Transaction {
    pub(crate) async fn begin(pool: &AnyPool, backend: Backend, store: &str) -> Result<Self, Error> {
        let conn = pool.acquire().await.map_err(|error| Error::from_sqlx(backend, store, error))?;
        let mut tx = Self { conn, backend, store: store.to_owned(), is_settled: false };
        tx.execute(backend.begin()).await?;
        Ok(tx)
    }

    /// Commits when the work succeeded, else rolls back; answers the work's result only after the
    /// database has done so.
    pub(crate) async fn finish<T>(mut self, work: Result<T, Error>) -> Result<T, Error> {
        match work {
            Ok(value) => {
                self.execute("COMMIT").await?;
                self.is_settled = true;
                Ok(value)
            }
            Err(error) => {
                // When even the roll-back fails, closing the connection does it; the first error
                // is the one that matters.
                self.is_settled = self.execute("ROLLBACK").await.is_ok();
                Err(error)
            }
        }
    }

    /// Names what the database said.
    pub(crate) fn fail(&self, error: sqlx::Error) -> Error {
        Error::from_sqlx(self.backend, &self.store, error)
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), Error> {
        let done = sqlx::raw_sql(sql).execute(&mut *self.conn).await;
        done.map(drop).map_err(|error| self.fail(error))
    }
}

impl Deref for Transaction {
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        &self.conn
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.conn
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.is_settled {
            self.conn.close_on_drop();
        }
    }
}
