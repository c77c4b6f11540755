//! What can go wrong. No text here holds a credential.

/// Why a server's content cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A URL that is not fetched from.
    #[error("`{url}` {why}")]
    BadUrl {
        /// The URL, without credentials.
        url: String,
        /// To be read after it.
        why: &'static str,
    },
    /// No answer.
    #[error("cannot get `{url}`: {why}")]
    NoAnswer {
        /// The URL, without credentials.
        url: String,
        /// What the connection said.
        why: String,
    },
    /// An answer other than 200.
    #[error("`{url}` answered {status}, expected 200")]
    Status {
        /// The URL, without credentials.
        url: String,
        /// The answer.
        status: u16,
    },
    /// There is more than is taken.
    #[error("`{url}` has more than {limit} bytes")]
    TooLarge {
        /// The URL, without credentials.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// An index that cannot be read.
    #[error("the index of the repository cannot be read: {0}")]
    Index(String),
    /// A chart that cannot be unpacked.
    #[error("the packed chart cannot be unpacked: {0}")]
    Archive(String),
}
