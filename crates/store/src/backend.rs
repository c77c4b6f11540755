//! The little that differs between the two databases.

/// Which database is behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// One file, one machine.
    Sqlite,
    /// A server, several replicas.
    Postgres,
}

impl Backend {
    /// Begins a transaction that will write. SQLite takes its one write lock at once: a
    /// transaction that began by reading could not wait for it later.
    pub(crate) fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Whether the table of applied migrations is there (one row) or not (none).
    pub(crate) fn has_migrations_table(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
            Self::Postgres => {
                "SELECT CAST(to_regclass('_sqlx_migrations') AS TEXT) WHERE to_regclass('_sqlx_migrations') IS NOT NULL"
            }
        }
    }

    /// One value that differs whenever the set of committed transactions differs.
    pub(crate) fn watch(self) -> &'static str {
        match self {
            Self::Sqlite => "PRAGMA data_version",
            Self::Postgres => "SELECT CAST(pg_current_snapshot() AS TEXT)",
        }
    }
}
