//! Where a test's store is: a fresh SQLite file or a fresh PostgreSQL database.

use std::future::Future;
use std::sync::OnceLock;

use seaway_store::{Append, Location, NewEvent, Options, Store};
use seaway_testbed::postgres::Postgres;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;

/// A place for one store, gone at the end of the test.
pub struct Place {
    pub location: Location,
    pub _folder: TempDir,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::Sqlite(folder.path().join(".seaway/state.db")), _folder: folder }
    }

    pub fn postgres() -> Self {
        let url = server().create_database().unwrap();
        Self { location: Location::Postgres(url), _folder: tempfile::tempdir().unwrap() }
    }

    /// Opens the store, as another process would.
    pub async fn open(&self) -> Store {
        Store::open(&self.location).await.unwrap()
    }

    pub async fn open_with(&self, options: &Options) -> Store {
        Store::open_with(&self.location, options).await.unwrap()
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.location, Location::Sqlite(_))
    }

    pub fn url(&self) -> String {
        match &self.location {
            Location::Sqlite(path) => format!("sqlite://{}?mode=rw", path.display()),
            Location::Postgres(url) => url.clone(),
        }
    }

    /// A connection behind the store's back.
    pub async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url()).await.unwrap()
    }

    /// Runs SQL behind the store's back; answers the number of rows it changed.
    pub async fn execute(&self, sql: &str) -> u64 {
        let mut conn = self.raw().await;
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        done.rows_affected()
    }
}

/// The one server of this test program; each test has a database of its own in it.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start().unwrap_or_else(|error| panic!("{error:#}")))
}

/// Runs a test on several threads, as the engine does.
pub fn run<F: Future<Output = ()>>(test: F) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(test);
}

/// Makes a test of each function for each database.
#[macro_export]
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $test() { $crate::place::run(super::$test($crate::place::Place::sqlite())); })*
        }
        mod postgres {
            $(#[test] fn $test() { $crate::place::run(super::$test($crate::place::Place::postgres())); })*
        }
    };
}

/// An event whose body is `body`.
pub fn event(body: &str) -> NewEvent {
    NewEvent {
        kind: "noted".to_owned(),
        version: 1,
        at_ms: 1_700_000_000_000,
        by: "ann@example.com".to_owned(),
        body: body.to_owned(),
    }
}

/// An append of events alone.
pub fn append<'a>(stream: &'a str, expected_seq: u64, events: &'a [NewEvent]) -> Append<'a> {
    Append { stream, expected_seq, fence: None, events, index: None, claims: None }
}

/// Appends one event for each body.
pub async fn note(store: &Store, stream: &str, expected_seq: u64, bodies: &[&str]) -> u64 {
    let events: Vec<NewEvent> = bodies.iter().map(|body| event(body)).collect();
    store.append(append(stream, expected_seq, &events)).await.unwrap()
}
