//! Opening a store, and the connections behind it.
//!
//! SQLite gets exactly one writing connection per process and a few reading ones, so writers of
//! one process queue here and only writers of different processes meet in the database.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Row;
use sqlx::any::AnyRow;

use crate::backend::Backend;
use crate::connections::{Connection, Connections, Statement, Use};
use crate::transaction::Transaction;
use crate::watch::Watch;
use crate::{Error, Location, file, schema};

/// Reading connections to a SQLite file: more would only wait for the same disk.
const SQLITE_READERS: u32 = 4;

/// How a store behaves when others use it too.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a writer waits for another process before [`Error::Locked`].
    pub busy_timeout: Duration,
    /// How long to wait for a new connection before [`Error::Unreachable`].
    pub connect_timeout: Duration,
    /// How long to wait for a server's answer to one statement before [`Error::Unreachable`].
    pub answer_timeout: Duration,
    /// Connections to a PostgreSQL server, shared by readers and writers.
    pub postgres_connections: u32,
    /// Bytes that a SQLite file may grow to before [`Error::Full`]; none: until the disk is full.
    pub sqlite_max_bytes: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(60),
            postgres_connections: 8,
            sqlite_max_bytes: None,
        }
    }
}

/// An open store. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    name: String,
    readers: Arc<Connections>,
    writers: Arc<Connections>,
    watch: Watch,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner.name)
    }
}

impl Store {
    /// Opens the store and creates what is missing: the folder (mode 0700), the file (mode 0600),
    /// the tables. [`Error::TooNew`] when it was written by a newer program.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        Self::open_with(location, &Options::default()).await
    }

    /// As [`Store::open`], with other waiting times and limits.
    pub async fn open_with(location: &Location, options: &Options) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        let name = location.to_string();
        match location {
            Location::Sqlite(path) => {
                let file = file::prepare(path, &name)?;
                let url = file::url(&file)?;
                let connections =
                    |purpose, count| Connections::new(Backend::Sqlite, &name, &url, purpose, count, options);
                let readers = connections(Use::Read, SQLITE_READERS)?;
                let writers = connections(Use::Write, 1)?;
                let opened = Self::start(Backend::Sqlite, &name, readers, writers).await;
                opened.map_err(|error| file::explain(&file, &name, error))
            }
            Location::Postgres(url) => {
                if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                    return Err(Error::not_a_url());
                }
                let count = options.postgres_connections.max(1);
                let all = Connections::new(Backend::Postgres, &name, url, Use::Write, count, options)?;
                Self::start(Backend::Postgres, &name, Arc::clone(&all), all).await
            }
        }
    }

    async fn start(
        backend: Backend,
        name: &str,
        readers: Arc<Connections>,
        writers: Arc<Connections>,
    ) -> Result<Self, Error> {
        let mut conn = writers.acquire().await?;
        check_server(&mut conn).await?;
        schema::bring_up_to_date(&mut conn).await?;
        conn.keep();
        let watch = Watch::new(backend, Arc::clone(&readers));
        Ok(Self { inner: Arc::new(Inner { backend, name: name.to_owned(), readers, writers, watch }) })
    }

    /// Ends all connections, after the calls under way; later calls are refused. On SQLite this
    /// also moves the write-ahead log into the file when no other process uses it.
    pub async fn close(&self) {
        self.inner.watch.close().await;
        self.inner.readers.close().await;
        self.inner.writers.close().await;
    }

    /// Where the store is, without password.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn backend(&self) -> Backend {
        self.inner.backend
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.inner.writers).await
    }

    /// All rows of a query, each made into something.
    pub(crate) async fn all<T>(
        &self,
        statement: Statement<'_>,
        from_row: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, Error> {
        let mut conn = self.inner.readers.acquire().await?;
        let all = conn.all(statement, from_row).await?;
        conn.keep();
        Ok(all)
    }

    /// The first row of a query, if there is one, made into something.
    pub(crate) async fn first<T>(
        &self,
        statement: Statement<'_>,
        from_row: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, Error> {
        let mut conn = self.inner.readers.acquire().await?;
        let first = conn.first(statement, from_row).await?;
        conn.keep();
        Ok(first)
    }

    pub(crate) fn corrupt(&self, detail: String) -> Error {
        Error::Corrupt { store: self.inner.name.clone(), detail }
    }
}

/// A server whose encoding cannot hold every character would refuse some event half way through
/// a rollout: better refuse it now.
async fn check_server(conn: &mut Connection) -> Result<(), Error> {
    if conn.backend() == Backend::Sqlite {
        return Ok(());
    }
    let encoding = sqlx::query("SELECT current_setting('server_encoding')");
    let encoding: String = conn.first(encoding, |row| row.try_get(0)).await?.unwrap_or_default();
    if encoding != "UTF8" {
        let why = format!("database encoding is `{encoding}`, expected `UTF8`; create it with `ENCODING 'UTF8'`");
        return Err(Error::Invalid { what: "a store on this database", why });
    }
    Ok(())
}
