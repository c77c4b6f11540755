//! What can go wrong.

use std::{io, path::PathBuf, time::Duration};

use seaway_core::digest::Digest;

/// Why a program did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The private folder cannot be made, written or read.
    #[error("cannot use the private folder: {what}")]
    Folder {
        /// What was tried.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A path that does not stay in the private folder.
    #[error("`{0}` is no plain relative path")]
    BadPath(String),
    /// The program cannot be read.
    #[error("cannot read the program `{}`", .path.display())]
    NoProgram {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is another program than the one that was named.
    #[error("the program `{}` is not the one that was named: expected {expected}, found {found}", .path.display())]
    OtherProgram {
        /// Where it is.
        path: PathBuf,
        /// What was named.
        expected: Digest,
        /// What is there.
        found: Digest,
    },
    /// The program is larger than any that is run.
    #[error("the program `{}` is larger than {limit} bytes", .path.display())]
    LargeProgram {
        /// Where it is.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// It could not be started or waited for.
    #[error("cannot run `{program}`")]
    NotRun {
        /// Its name.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It ended with an error.
    #[error("`{program}` ended with {how}{}", said(.message))]
    Failed {
        /// Its name.
        program: String,
        /// Its exit code or signal.
        how: String,
        /// The end of what it said.
        message: String,
    },
    /// It took too long and was ended.
    #[error("`{program}` was ended after {} s", .after.as_secs())]
    TimedOut {
        /// Its name.
        program: String,
        /// The limit.
        after: Duration,
    },
    /// It ended, and something that it started goes on and holds its output open.
    #[error("`{0}` left something running that holds its output open")]
    Lingers(String),
    /// It made more than is taken.
    #[error("`{program}` made more than {limit} bytes of {what}")]
    TooLarge {
        /// Its name.
        program: String,
        /// What.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
