//! Why a function or a step of a template could not go on. The machine adds the place.

use thiserror::Error;

/// What stopped a render.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The chart is wrong, or says itself that its values are: the message Helm would give.
    #[error("{0}")]
    Failed(String),
    /// The chart asks for more than a render may use.
    #[error("{what} is more than the limit of {limit}; {help}")]
    Limit {
        /// What grew too large.
        what: &'static str,
        /// The limit, in the unit that `what` names.
        limit: u64,
        /// What to do about it.
        help: &'static str,
    },
    /// The function gives something else each time and nothing was drawn for this render.
    #[error("`{function}` gives {gives} that differs from render to render, so a plan could not be repeated; {help}")]
    NotReproducible {
        /// The function as written.
        function: String,
        /// What it gives: `a time`, `a random value`.
        gives: &'static str,
        /// What to do about it.
        help: &'static str,
    },
}

impl Fault {
    /// A fault of the chart.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

/// The answer of a function.
pub type Answer<T> = Result<T, Fault>;
