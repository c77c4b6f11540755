//! The record: append-only events, content-addressed blobs, leases with epochs, claims and a
//! small index of rollouts, on SQLite (one machine) and PostgreSQL (several replicas).
//!
//! Invariants:
//! - Nothing is acknowledged before the database said that the commit is durable.
//! - Events are never changed or removed. Each one carries a hash over its content and its
//!   predecessor's hash; every read checks it, [`Store::verify_all`] checks everything.
//! - An append is refused when its stream moved on ([`Error::Conflict`]) or when its writer lost
//!   the lease it acts under ([`Error::Fenced`]), decided inside the appending transaction.
//! - One SQL text for both databases: columns are `TEXT`, `BIGINT` and bytes, placeholders `$1`.
//!
//! The store does not know what an event means: a body is text. It reads no clock: every time is
//! passed in, in milliseconds since 1970 (UTC).

mod append;
mod backend;
mod blob;
mod block;
mod claim;
mod connections;
mod document;
mod error;
mod event;
mod file;
mod lease;
mod limit;
mod location;
mod read;
mod rollout;
mod schema;
mod store;
mod transaction;
mod verify;
mod watch;

pub use append::{Append, ClaimChange};
pub use blob::digest;
pub use claim::{Claim, Waiting};
pub use document::Document;
pub use error::Error;
pub use event::{NewEvent, StoredEvent, StreamHead};
pub use lease::{Fence, Lease, LeaseState};
pub use location::Location;
pub use rollout::{RolloutFilter, RolloutRow};
pub use store::{Options, Store};
pub use verify::{Audit, Broken};
