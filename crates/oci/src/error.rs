//! What can go wrong. No text here holds a credential.

/// Why a registry's content cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reference of another form.
    #[error("`{reference}` {why}")]
    BadReference {
        /// The reference, without credentials.
        reference: String,
        /// To be read after it.
        why: &'static str,
    },
    /// No answer.
    #[error("cannot ask `{registry}`: {why}")]
    NoAnswer {
        /// The registry.
        registry: String,
        /// What the connection said.
        why: String,
    },
    /// It wants to know who asks, or does not let them.
    #[error("`{registry}` does not give it to who asks")]
    Denied {
        /// The registry.
        registry: String,
    },
    /// There is no such thing.
    #[error("`{registry}` has no {what}")]
    NotFound {
        /// The registry.
        registry: String,
        /// What.
        what: String,
    },
    /// Another answer.
    #[error("`{registry}` answered {status}")]
    Status {
        /// The registry.
        registry: String,
        /// The answer.
        status: u16,
    },
    /// An answer that cannot be read, or is no chart.
    #[error("the answer of `{registry}` cannot be used: {why}")]
    Answer {
        /// The registry.
        registry: String,
        /// Why.
        why: String,
    },
    /// There is more than is taken.
    #[error("`{registry}` has more than {limit} bytes to give")]
    TooLarge {
        /// The registry.
        registry: String,
        /// The limit.
        limit: u64,
    },
}
