//! What can go wrong. No text here holds a credential.

use std::{io, time::Duration};

/// Why Git did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `git`.
    #[error("cannot run `git`")]
    NoGit(#[source] io::Error),
    /// The installed one is too old.
    #[error("git {found} is too old, expected {needed} or newer")]
    TooOld {
        /// What is installed.
        found: String,
        /// What is needed.
        needed: &'static str,
    },
    /// A URL that is not fetched from.
    #[error("`{url}` {why}")]
    BadUrl {
        /// The URL, without credentials.
        url: String,
        /// To be read after it.
        why: String,
    },
    /// A branch, tag or commit that cannot be one.
    #[error("`{0}` cannot be the name of a branch, tag or commit")]
    BadReference(String),
    /// The repository has no such branch, tag or commit.
    #[error("`{url}` has no {what}")]
    NotFound {
        /// The repository.
        url: String,
        /// What was looked for.
        what: String,
    },
    /// The command failed.
    #[error("git {verb} failed: {message}")]
    Failed {
        /// What it was to do.
        verb: &'static str,
        /// What it said, without credentials.
        message: String,
    },
    /// It took too long and was ended.
    #[error("git {verb} was ended after {} s", .after.as_secs())]
    TimedOut {
        /// What it was to do.
        verb: &'static str,
        /// The limit.
        after: Duration,
    },
    /// There is more than is taken.
    #[error("{what} is larger than {limit} {unit}")]
    TooLarge {
        /// What.
        what: String,
        /// The limit.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A symbolic link that is not followed.
    #[error("symbolic link `{path}` {why}")]
    Link {
        /// Where it is.
        path: String,
        /// To be read after it.
        why: &'static str,
    },
    /// The cache cannot be used.
    #[error("cannot use the cache `{path}`")]
    Cache {
        /// Where it is.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Git answered in a form that is not known.
    #[error("git {0} gave an answer that cannot be read")]
    Answer(&'static str),
}
