//! What can go wrong, named by what happened. Each message says what to do next; none contains a
//! connection password.

use sqlx::error::DatabaseError;

use crate::backend::Backend;
use crate::verify::Broken;

/// Everything that a call to the store can answer instead of a result.
///
/// After [`Error::Io`], [`Error::Unreachable`] or [`Error::Database`] from a writing call the
/// outcome is unknown: it may have been committed just before the answer was lost. Read the head
/// of the stream before deciding again. After every other variant nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream or document moved on since the caller read it.
    #[error("expected sequence number `{expected}`, found `{found}`; read what was added since and decide again")]
    Conflict {
        /// The number the caller decided on.
        expected: u64,
        /// The number that is stored.
        found: u64,
    },
    /// The lease that the writer acts under was taken over or released.
    #[error(
        "lease `{lease}` is not held with epoch {epoch} any more; stop acting, load the state and acquire the lease again"
    )]
    Fenced {
        /// Name of the lease.
        lease: String,
        /// The epoch that the writer believed to hold.
        epoch: u64,
    },
    /// Somebody else holds the lease.
    #[error("lease is held by `{by}` until {until_ms} ms; wait until then, or stop that process")]
    Held {
        /// The holder.
        by: String,
        /// When it expires unless renewed, in milliseconds since 1970.
        until_ms: i64,
    },
    /// A key is claimed by another owner, or an earlier owner waits for it.
    #[error("`{key}` is {} `{by}`; wait for it to finish, or stop it", if *.waiting { "next for" } else { "claimed by" })]
    Claimed {
        /// The first key that was refused.
        key: String,
        /// Who has it or waits for it.
        by: String,
        /// True when `by` does not have the key yet but waits in front of the caller.
        waiting: bool,
    },
    /// The disk, the quota or the database has no space left.
    #[error("no space left for `{store}`; nothing of this write was kept; free some space and try again")]
    Full {
        /// The store, without password.
        store: String,
    },
    /// The database or its folder cannot be written.
    #[error(
        "`{store}` cannot be written; check the permissions of the file and its folder, or that the server is not a read-only replica"
    )]
    ReadOnly {
        /// The store, without password.
        store: String,
    },
    /// Another process kept the database locked for longer than the busy timeout.
    #[error("`{store}` is locked by another process; wait for it to finish and try again")]
    Locked {
        /// The store, without password.
        store: String,
    },
    /// What is stored is not what was written.
    #[error(
        "`{store}` is damaged: {detail}; stop all processes that use it, keep a copy and restore the newest back-up"
    )]
    Corrupt {
        /// The store, without password.
        store: String,
        /// What was found.
        detail: String,
    },
    /// The chain of hashes of a stream does not hold.
    #[error("{0}; the record was changed outside of seaway: keep a copy and restore the newest back-up")]
    Broken(Broken),
    /// The store was written by a newer program.
    #[error("the store has schema version {found}, this program knows up to {known}; use the newer program")]
    TooNew {
        /// Version of the schema that is stored.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// There is nothing with this name.
    #[error("no {what} `{name}`; check the spelling, or list what there is")]
    NotFound {
        /// Kind of the thing.
        what: String,
        /// What was asked for.
        name: String,
    },
    /// A prefix fits more than one thing.
    #[error("{what} `{prefix}` is ambiguous: it fits `{}`; give more characters", .candidates.join("`, `"))]
    Ambiguous {
        /// Kind of the thing.
        what: String,
        /// What was asked for.
        prefix: String,
        /// Some of the things that fit, sorted.
        candidates: Vec<String>,
    },
    /// The caller handed in something that cannot be stored.
    #[error("{what} cannot be stored: {why}")]
    Invalid {
        /// What was handed in.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The caller handed in more than the limit.
    #[error("{what} has size {size}, the limit is {limit}; split it")]
    TooLarge {
        /// What was handed in.
        what: &'static str,
        /// Its size, in bytes or items.
        size: usize,
        /// The limit in the same unit.
        limit: usize,
    },
    /// The server does not answer.
    #[error("`{store}` cannot be reached: {why}; check that the server runs and the address is right")]
    Unreachable {
        /// The store, without password.
        store: String,
        /// What happened.
        why: String,
    },
    /// The server refused the user or its password, or the user may not do this.
    #[error("`{store}` refused access: {why}; check user, password and grants")]
    Denied {
        /// The store, without password.
        store: String,
        /// The server's words.
        why: String,
    },
    /// The operating system failed to read or write.
    #[error("cannot read or write `{store}`: {why}; check the disk, its free space and quota, then try again")]
    Io {
        /// The store, without password.
        store: String,
        /// What happened.
        why: String,
    },
    /// The database answered something that fits no other variant.
    #[error("`{store}` answered: {detail}; try again, and report this if it stays")]
    Database {
        /// The store, without password.
        store: String,
        /// The database's words.
        detail: String,
    },
}

impl Error {
    /// The answer to what is not a connection URL; says nothing of it.
    pub(crate) fn not_a_url() -> Self {
        let why = "expected the form `postgres://user:password@host:port/database`, with known parameters after a `?`";
        Self::Invalid { what: "a store at this URL", why: why.to_owned() }
    }

    /// Names what happened from the words of the database.
    pub(crate) fn from_sqlx(backend: Backend, store: &str, error: sqlx::Error) -> Self {
        let store = store.to_owned();
        match error {
            sqlx::Error::Database(error) => match backend {
                Backend::Sqlite => from_sqlite(store, error.as_ref()),
                Backend::Postgres => from_postgres(store, error.as_ref()),
            },
            sqlx::Error::Io(error) => match backend {
                Backend::Sqlite => Self::Io { store, why: error.to_string() },
                Backend::Postgres => Self::Unreachable { store, why: error.to_string() },
            },
            // Its words may repeat any part of the URL.
            sqlx::Error::Configuration(_) => Self::not_a_url(),
            sqlx::Error::Tls(error) => Self::Unreachable { store, why: error.to_string() },
            sqlx::Error::PoolTimedOut => match backend {
                Backend::Sqlite => Self::Locked { store },
                Backend::Postgres => Self::Unreachable { store, why: "no connection became free in time".to_owned() },
            },
            sqlx::Error::PoolClosed => Self::Unreachable { store, why: "it was closed".to_owned() },
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::AnyDriverError(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
                Self::Corrupt { store, detail: format!("a row is not of the declared form ({error})") }
            }
            other => Self::Database { store, detail: other.to_string() },
        }
    }
}

/// The primary result codes of SQLite; the extended ones carry them in their low byte.
fn from_sqlite(store: String, error: &dyn DatabaseError) -> Error {
    let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0);
    let detail = format!("{} (SQLite code {code})", error.message());
    match code & 0xff {
        3 | 23 => Error::Denied { store, why: detail },
        5 | 6 => Error::Locked { store },
        8 => Error::ReadOnly { store },
        // SQLite reports a full disk as an I/O error where it grows its shared memory file.
        10 if code == 4874 => Error::Full { store },
        10 | 14 => Error::Io { store, why: detail },
        11 | 26 => Error::Corrupt { store, detail },
        13 => Error::Full { store },
        _ => Error::Database { store, detail },
    }
}

/// The classes and codes of PostgreSQL.
fn from_postgres(store: String, error: &dyn DatabaseError) -> Error {
    let code = error.code().unwrap_or_default();
    let detail = format!("{} (SQLSTATE {code})", error.message());
    match code.as_ref() {
        "53100" => Error::Full { store },
        "25006" => Error::ReadOnly { store },
        "55P03" | "57014" | "40P01" | "40001" => Error::Locked { store },
        "42501" => Error::Denied { store, why: detail },
        "XX001" | "XX002" => Error::Corrupt { store, detail },
        "53300" | "57P01" | "57P02" | "57P03" | "3D000" => Error::Unreachable { store, why: detail },
        code if code.starts_with("28") => Error::Denied { store, why: detail },
        code if code.starts_with("08") => Error::Unreachable { store, why: detail },
        code if code.starts_with("58") => Error::Io { store, why: detail },
        _ => Error::Database { store, detail },
    }
}
