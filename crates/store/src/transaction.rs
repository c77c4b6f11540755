//! A writing transaction. It is committed or rolled back by [`Transaction::finish`]; when that
//! fails, or the transaction is dropped, its connection is closed, which rolls it back as well.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::Error;
use crate::connections::{Connection, Connections};

/// An open writing transaction.
pub(crate) struct Transaction {
    conn: Connection,
}

impl Transaction {
    pub(crate) async fn begin(writers: &Arc<Connections>) -> Result<Self, Error> {
        let mut conn = writers.acquire().await?;
        conn.command(conn.backend().begin()).await?;
        Ok(Self { conn })
    }

    /// Commits when the work succeeded, else rolls back; answers the work's result only after the
    /// database has done so.
    pub(crate) async fn finish<T>(mut self, work: Result<T, Error>) -> Result<T, Error> {
        match &work {
            Ok(_) => self.conn.command("COMMIT").await?,
            Err(_) => {
                // The first error is the one that matters. After a full disk SQLite has rolled
                // back by itself and refuses to do it again.
                if self.conn.command("ROLLBACK").await.is_err() {
                    return work;
                }
            }
        }
        self.conn.keep();
        work
    }
}

impl Deref for Transaction {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.conn
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.conn
    }
}
