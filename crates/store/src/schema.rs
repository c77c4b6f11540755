//! The tables, brought up to date when a store is opened.
//!
//! The migrations are one text for both databases. PostgreSQL spells two types differently: bytes
//! are `BYTEA`, and text must be told to compare by code point, as SQLite does, so that ranges
//! over a prefix and orders are the same on both and use the index.

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row, SqlSafeStr};

use crate::Error;
use crate::backend::Backend;
use crate::connections::Connection;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The newest schema version that this program knows.
pub(crate) fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Creates or extends the tables. Does not write, nor wait for a writer, when they are up to date.
/// Several processes may do this at the same time.
pub(crate) async fn bring_up_to_date(conn: &mut Connection) -> Result<(), Error> {
    let found = newest_applied(conn).await?;
    if found > known() {
        return Err(Error::TooNew { found, known: known() });
    }
    if found == known() {
        return Ok(());
    }
    let (backend, store) = (conn.backend(), conn.name().to_owned());
    match backend {
        // The migrator takes no lock of its own on SQLite. Inside this transaction its own
        // transactions become savepoints, and all versions come in together or not at all.
        Backend::Sqlite => {
            let fail = |error| Error::from_sqlx(backend, &store, error);
            let mut tx = conn.raw().begin_with(backend.begin()).await.map_err(fail)?;
            run(&mut tx, backend, &store).await?;
            tx.commit().await.map_err(fail)
        }
        Backend::Postgres => run(conn.raw(), backend, &store).await,
    }
}

async fn newest_applied(conn: &mut Connection) -> Result<i64, Error> {
    let table = sqlx::query(conn.backend().has_migrations_table());
    if conn.first(table, |_| Ok(())).await?.is_none() {
        return Ok(0);
    }
    let newest = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version DESC LIMIT 1");
    Ok(conn.first(newest, |row| row.try_get(0)).await?.unwrap_or(0))
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
