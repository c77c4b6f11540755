//! Opening a store: the file and its rights, the connections and how they are set up.
//!
//! SQLite gets exactly one writing connection per process and a few reading ones, so writers of
//! one process queue here and only writers of different processes meet in the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Row};

use crate::backend::Backend;
use crate::transaction::Transaction;
use crate::watch::Watch;
use crate::{Error, Location, schema};

/// Reading connections to a SQLite file: more would only wait for the same disk.
const SQLITE_READERS: u32 = 4;

/// The write-ahead log is cut back to this many bytes after a checkpoint, so that one large
/// append does not occupy the disk for ever.
const WAL_KEPT_BYTES: u64 = 64 << 20;

/// How a store behaves when others use it too.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a writer waits for another process before [`Error::Locked`].
    pub busy_timeout: Duration,
    /// How long a caller waits for a connection.
    pub connect_timeout: Duration,
    /// Connections to a PostgreSQL server, shared by readers and writers.
    pub postgres_connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), connect_timeout: Duration::from_secs(15), postgres_connections: 8 }
    }
}

/// An open store. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    /// The location as it may be shown.
    name: String,
    read: AnyPool,
    write: AnyPool,
    watch: Watch,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner.name)
    }
}

impl Store {
    /// Opens the store and creates what is missing: the folder (mode 0700), the file (mode 0600),
    /// the tables. Refuses a store that was written by a newer program.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        Self::open_with(location, &Options::default()).await
    }

    /// As [`Store::open`], with other waiting times.
    pub async fn open_with(location: &Location, options: &Options) -> Result<Self, Error> {
        sqlx::any::install_default_drivers();
        match location {
            Location::Sqlite(path) => Self::open_sqlite(path, location.to_string(), options).await,
            Location::Postgres(url) => Self::open_postgres(url, location.to_string(), options).await,
        }
    }

    async fn open_sqlite(path: &Path, name: String, options: &Options) -> Result<Self, Error> {
        let file = prepare_file(path, &name)?;
        let url = sqlite_url(&file)?;
        let setup = Setup { backend: Backend::Sqlite, busy_ms: millis(options.busy_timeout), is_reader: false };
        let write = setup.pool(1, options).connect_with(connect_options(&url)?).await;
        let write = write.map_err(|error| Error::from_sqlx(Backend::Sqlite, &name, error))?;
        let readers = Setup { is_reader: true, ..setup };
        let read = readers.pool(SQLITE_READERS, options).connect_lazy_with(connect_options(&url)?);
        let watch = readers.pool(1, options).connect_lazy_with(connect_options(&url)?);
        Self::start(Backend::Sqlite, name, read, write, watch).await
    }

    async fn open_postgres(url: &str, name: String, options: &Options) -> Result<Self, Error> {
        let setup = Setup { backend: Backend::Postgres, busy_ms: millis(options.busy_timeout), is_reader: false };
        let pool = setup.pool(options.postgres_connections.max(1), options);
        let pool = pool.connect_with(connect_options(url)?).await;
        let pool = pool.map_err(|error| Error::from_sqlx(Backend::Postgres, &name, error))?;
        Self::start(Backend::Postgres, name, pool.clone(), pool.clone(), pool).await
    }

    async fn start(
        backend: Backend,
        name: String,
        read: AnyPool,
        write: AnyPool,
        watch: AnyPool,
    ) -> Result<Self, Error> {
        let mut conn = write.acquire().await.map_err(|error| Error::from_sqlx(backend, &name, error))?;
        let ready = async {
            check_server(&mut conn, backend, &name).await?;
            schema::bring_up_to_date(&mut conn, backend, &name).await
        };
        if let Err(error) = ready.await {
            // The connection may hold a lock or an open transaction.
            conn.close_on_drop();
            return Err(error);
        }
        drop(conn);
        let watch = Watch::new(backend, watch);
        Ok(Self { inner: Arc::new(Inner { backend, name, read, write, watch }) })
    }

    /// Ends all connections, after the calls under way. On SQLite this also moves the write-ahead
    /// log into the file when no other process uses it.
    pub async fn close(&self) {
        self.inner.watch.close().await;
        self.inner.read.close().await;
        self.inner.write.close().await;
    }

    /// Where the store is, without password.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    pub(crate) fn backend(&self) -> Backend {
        self.inner.backend
    }

    pub(crate) fn reader(&self) -> &AnyPool {
        &self.inner.read
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        Transaction::begin(&self.inner.write, self.inner.backend, &self.inner.name).await
    }

    /// Names what the database said.
    pub(crate) fn fail(&self, error: sqlx::Error) -> Error {
        Error::from_sqlx(self.inner.backend, &self.inner.name, error)
    }

    pub(crate) fn corrupt(&self, detail: String) -> Error {
        Error::Corrupt { store: self.inner.name.clone(), detail }
    }
}

/// What every new connection is told.
#[derive(Clone, Copy)]
struct Setup {
    backend: Backend,
    busy_ms: u64,
    is_reader: bool,
}

impl Setup {
    fn pool(self, connections: u32, options: &Options) -> AnyPoolOptions {
        let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(options.connect_timeout);
        let pool = match self.backend {
            // A connection to a file neither ages nor breaks.
            Backend::Sqlite => pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false),
            Backend::Postgres => pool,
        };
        pool.after_connect(move |conn, _| Box::pin(self.apply(conn)))
    }

    async fn apply(self, conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let busy_ms = self.busy_ms;
        let sql = match (self.backend, self.is_reader) {
            // The busy timeout first: the others may have to wait.
            (Backend::Sqlite, false) => format!(
                "PRAGMA busy_timeout = {busy_ms}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = {WAL_KEPT_BYTES};"
            ),
            (Backend::Sqlite, true) => {
                format!("PRAGMA busy_timeout = {busy_ms}; PRAGMA query_only = ON;")
            }
            // A server may be configured to answer commits before they are durable; one that is
            // configured to wait for a replica is left as it is. A frozen replica of seaway must
            // not keep its row locks for ever.
            (Backend::Postgres, _) => format!(
                "SET lock_timeout = {busy_ms}; SET idle_in_transaction_session_timeout = '60s'; \
                 SET client_min_messages = warning; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off';"
            ),
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(conn).await.map(drop)
    }
}

/// A server whose encoding cannot hold every character would refuse some event half way through
/// a rollout: better refuse it now.
async fn check_server(conn: &mut AnyConnection, backend: Backend, name: &str) -> Result<(), Error> {
    if backend == Backend::Sqlite {
        return Ok(());
    }
    let fail = |error| Error::from_sqlx(backend, name, error);
    let row = sqlx::query("SELECT current_setting('server_encoding')").fetch_one(conn).await.map_err(fail)?;
    let encoding: String = row.try_get(0).map_err(fail)?;
    if encoding != "UTF8" {
        let why = format!("database encoding is `{encoding}`, expected `UTF8`; create it with `ENCODING 'UTF8'`");
        return Err(Error::Invalid { what: "a store on this database", why });
    }
    Ok(())
}

fn connect_options(url: &str) -> Result<AnyConnectOptions, Error> {
    // The parser's own message could repeat parts of the URL.
    let parsed = url.parse::<AnyConnectOptions>().map_err(|_| Error::Invalid {
        what: "a store at this URL",
        why: "expected the form `postgres://user:password@host:port/database`".to_owned(),
    })?;
    // Statements of others' content do not belong into our log.
    Ok(parsed.disable_statement_logging())
}

fn millis(duration: Duration) -> u64 {
    // SQLite and PostgreSQL take a positive 32-bit number.
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(i32::MAX.unsigned_abs().into())
}

/// Creates the folder and the file with rights for the owner only; answers the absolute path.
fn prepare_file(path: &Path, name: &str) -> Result<PathBuf, Error> {
    let fail = |error: std::io::Error| from_io(name, &error);
    let file_name = path.file_name().ok_or_else(|| Error::Invalid {
        what: "a store at this path",
        why: format!("`{name}` does not name a file"),
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    create_folder(folder).map_err(fail)?;
    let file = folder.canonicalize().map_err(fail)?.join(file_name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&file) {
        // SQLite writes the content durably, not the entry in the folder.
        Ok(created) => created.sync_all().and_then(|()| sync_folder(folder)).map_err(fail)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(fail(error)),
    }
    Ok(file)
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    folder.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn from_io(name: &str, error: &std::io::Error) -> Error {
    let store = name.to_owned();
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Full { store },
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => Error::ReadOnly { store },
        _ => Error::Io { store, why: error.to_string() },
    }
}

/// The path as the driver reads it: everything that could mean something in a URL is escaped.
fn sqlite_url(file: &Path) -> Result<String, Error> {
    let path = file.to_str().ok_or_else(|| Error::Invalid {
        what: "a store at this path",
        why: format!("`{}` is not UTF-8", file.display()),
    })?;
    let mut url = String::from("sqlite://");
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url.push_str("?mode=rw");
    Ok(url)
}
