//! The tables, brought up to date when a store is opened.
//!
//! The migrations are one text for both databases. PostgreSQL spells two types differently: bytes
//! are `BYTEA`, and text must be told to compare by code point, as SQLite does, so that ranges
//! over a prefix and orders are the same on both and use the index.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, SqlSafeStr};

use crate::Error;
use crate::backend::Backend;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The newest schema version that this program knows.
pub(crate) fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Creates or extends the tables. Does not write, nor wait for a writer, when they are up to date.
/// Several processes may do this at the same time.
pub(crate) async fn bring_up_to_date(conn: &mut AnyConnection, backend: Backend, store: &str) -> Result<(), Error> {
    let fail = |error| Error::from_sqlx(backend, store, error);
    let found = newest_applied(conn, backend).await.map_err(fail)?;
    if found > known() {
        return Err(Error::TooNew { found, known: known() });
    }
    if found == known() {
        return Ok(());
    }
    match backend {
        // The migrator takes no lock of its own on SQLite. Inside this transaction its own
        // transactions become savepoints, and all versions come in together or not at all.
        Backend::Sqlite => {
            let mut tx = conn.begin_with(backend.begin()).await.map_err(fail)?;
            run(&mut tx, backend, store).await?;
            tx.commit().await.map_err(fail)
        }
        Backend::Postgres => run(conn, backend, store).await,
    }
}

async fn newest_applied(conn: &mut AnyConnection, backend: Backend) -> Result<i64, sqlx::Error> {
    if sqlx::query(backend.has_migrations_table()).fetch_optional(&mut *conn).await?.is_none() {
        return Ok(0);
    }
    let newest = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
    sqlx::query(newest).fetch_one(&mut *conn).await?.try_get(0)
}

async fn run(conn: &mut AnyConnection, backend: Backend, store: &str) -> Result<(), Error> {
    let migrator = Migrator { migrations: Cow::Owned(spelled_for(backend)), ..Migrator::DEFAULT };
    migrator.run_direct(None, conn, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            Error::from_sqlx(backend, store, error)
        }
        MigrateError::VersionMissing(found) => Error::TooNew { found, known: known() },
        other => Error::Corrupt { store: store.to_owned(), detail: other.to_string() },
    })
}

/// The migrations as the database understands them. The checksum stays that of the common text.
fn spelled_for(backend: Backend) -> Vec<Migration> {
    let spell = |migration: &Migration| {
        let mut spelled = migration.clone();
        if backend == Backend::Postgres {
            let sql = migration.sql.as_str().replace(" BLOB ", " BYTEA ").replace(" TEXT ", " TEXT COLLATE \"C\" ");
            spelled.sql = AssertSqlSafe(sql).into_sql_str();
        }
        spelled
    };
    MIGRATIONS.iter().map(spell).collect()
}
