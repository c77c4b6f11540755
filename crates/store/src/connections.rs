//! Connections to the database: opened when needed, told once how to behave, used by one call at
//! a time, kept for the next call only when the call ended well.
//!
//! A connection whose state is unknown (an error, a future that was dropped half way) is closed:
//! that ends its transaction in both databases. `sqlx::Pool` is not used because it answers a
//! refusal during the set-up of a connection (a damaged file, a full disk) with a time-out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyConnectOptions, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, ConnectOptions, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::backend::Backend;
use crate::{Error, Options};

/// The write-ahead log is cut back to this many bytes after a checkpoint, so that one large
/// append does not occupy the disk for ever.
const WAL_KEPT_BYTES: u64 = 64 << 20;

/// The unit in which SQLite limits the size of a file; its default, which we do not change.
const SQLITE_PAGE_BYTES: u64 = 4096;

/// How long PostgreSQL keeps the locks of a client that began a transaction and stopped talking.
const IDLE_IN_TRANSACTION_SECS: u64 = 60;

/// A statement with its parameters.
pub(crate) type Statement<'q> = Query<'q, Any, AnyArguments>;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Write,
}

/// A bounded number of connections of one use.
pub(crate) struct Connections {
    backend: Backend,
    /// The location as it may be shown.
    name: String,
    connect: AnyConnectOptions,
    setup: String,
    connect_timeout: Duration,
    answer_timeout: Option<Duration>,
    count: u32,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<AnyConnection>>,
}

impl Connections {
    /// Opens nothing yet.
    pub(crate) fn new(
        backend: Backend,
        name: &str,
        url: &str,
        purpose: Use,
        count: u32,
        options: &Options,
    ) -> Result<Arc<Self>, Error> {
        // The parser's own message could repeat parts of the URL.
        let connect = url.parse::<AnyConnectOptions>().map_err(|_| Error::not_a_url())?;
        Ok(Arc::new(Self {
            backend,
            name: name.to_owned(),
            // Statements do not belong into our log.
            connect: connect.disable_statement_logging(),
            setup: setup(backend, purpose, options),
            connect_timeout: options.connect_timeout,
            // SQLite ends by itself; a server may be cut off without a word.
            answer_timeout: (backend == Backend::Postgres).then_some(options.answer_timeout),
            count,
            permits: Arc::new(Semaphore::new(count as usize)),
            idle: Mutex::new(Vec::new()),
        }))
    }

    /// A connection for one call; waits while all are in use.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Connection, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| self.fail(sqlx::Error::PoolClosed))?;
        while let Some(mut conn) = self.take_idle() {
            // A server may have restarted since; a file does not.
            if self.backend == Backend::Sqlite || self.bounded(conn.ping()).await.is_ok() {
                return Ok(Connection { conn, home: Arc::clone(self), permit });
            }
        }
        let conn = self.connect().await?;
        Ok(Connection { conn, home: Arc::clone(self), permit })
    }

    /// A new connection that is never kept.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, Error> {
        let connect = async {
            let mut conn = AnyConnection::connect_with(&self.connect).await?;
            sqlx::raw_sql(AssertSqlSafe(self.setup.clone())).execute(&mut conn).await?;
            Ok(conn)
        };
        match tokio::time::timeout(self.connect_timeout, connect).await {
            Ok(connected) => connected.map_err(|error| self.fail(error)),
            Err(_) => Err(self.no_answer(self.connect_timeout)),
        }
    }

    /// Waits for the calls under way and closes everything; later calls are refused.
    pub(crate) async fn close(&self) {
        // Refused only when it was closed before.
        if let Ok(all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
            drop(all);
        }
        let idle = std::mem::take(&mut *self.idle());
        for conn in idle {
            // Whatever the database says to the goodbye, the connection is gone.
            let _ = self.bounded(conn.close()).await;
        }
    }

    /// Names what the database said.
    pub(crate) fn fail(&self, error: sqlx::Error) -> Error {
        Error::from_sqlx(self.backend, &self.name, error)
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Error> {
        match self.answer_timeout {
            None => work.await.map_err(|error| self.fail(error)),
            Some(timeout) => match tokio::time::timeout(timeout, work).await {
                Ok(done) => done.map_err(|error| self.fail(error)),
                Err(_) => Err(self.no_answer(timeout)),
            },
        }
    }

    fn no_answer(&self, timeout: Duration) -> Error {
        let why = format!("no answer within {} s", timeout.as_secs());
        match self.backend {
            Backend::Sqlite => Error::Io { store: self.name.clone(), why },
            Backend::Postgres => Error::Unreachable { store: self.name.clone(), why },
        }
    }

    /// The lock ends here: it must not be held while waiting for the database.
    fn take_idle(&self) -> Option<AnyConnection> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<AnyConnection>> {
        // Only pushed to and popped from: a panic elsewhere leaves the list whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. Closed when dropped, kept when [`Connection::keep`] is called.
pub(crate) struct Connection {
    conn: AnyConnection,
    home: Arc<Connections>,
    permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Gives the connection back for the next call: the last one ended well and left nothing open.
    pub(crate) fn keep(self) {
        let Self { conn, home, permit } = self;
        home.idle().push(conn);
        drop(permit);
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, Error> {
        Ok(self.home.bounded(statement.execute(&mut self.conn)).await?.rows_affected())
    }

    /// Runs a statement without parameters and answer.
    pub(crate) async fn command(&mut self, sql: &'static str) -> Result<(), Error> {
        self.home.bounded(sqlx::raw_sql(sql).execute(&mut self.conn)).await.map(drop)
    }

    /// All rows of a query, each made into something.
    pub(crate) async fn all<T>(
        &mut self,
        statement: Statement<'_>,
        from_row: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.home.bounded(statement.fetch_all(&mut self.conn)).await?;
        rows.iter().map(from_row).collect::<Result<_, _>>().map_err(|error| self.home.fail(error))
    }

    /// The first row of a query, if there is one, made into something.
    pub(crate) async fn first<T>(
        &mut self,
        statement: Statement<'_>,
        from_row: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, Error> {
        let row = self.home.bounded(statement.fetch_optional(&mut self.conn)).await?;
        row.as_ref().map(from_row).transpose().map_err(|error| self.home.fail(error))
    }

    /// What is stored is not what was written.
    pub(crate) fn corrupt(&self, detail: &str) -> Error {
        Error::Corrupt { store: self.home.name.clone(), detail: detail.to_owned() }
    }

    /// The connection itself, for the migrator.
    pub(crate) fn raw(&mut self) -> &mut AnyConnection {
        &mut self.conn
    }

    pub(crate) fn backend(&self) -> Backend {
        self.home.backend
    }

    /// The location as it may be shown.
    pub(crate) fn name(&self) -> &str {
        &self.home.name
    }
}

/// What every new connection is told.
fn setup(backend: Backend, purpose: Use, options: &Options) -> String {
    let busy_ms = millis(options.busy_timeout);
    match (backend, purpose) {
        // The busy timeout first: the others may have to wait.
        (Backend::Sqlite, Use::Write) => {
            let limit = options.sqlite_max_bytes.map_or_else(String::new, |bytes| {
                format!("PRAGMA max_page_count = {};", (bytes / SQLITE_PAGE_BYTES).clamp(1, i32::MAX as u64))
            });
            format!(
                "PRAGMA busy_timeout = {busy_ms}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = {WAL_KEPT_BYTES}; {limit}"
            )
        }
        (Backend::Sqlite, Use::Read) => format!("PRAGMA busy_timeout = {busy_ms}; PRAGMA query_only = ON;"),
        // A server may be configured to answer commits before they are durable; one that is
        // configured to wait for a replica is left as it is.
        (Backend::Postgres, Use::Read | Use::Write) => format!(
            "SET lock_timeout = {busy_ms}; \
             SET idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_SECS}s'; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off';"
        ),
    }
}

fn millis(duration: Duration) -> u64 {
    // Both databases take a positive 32-bit number; PostgreSQL reads 0 as `for ever`.
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, i32::MAX as u64)
}
