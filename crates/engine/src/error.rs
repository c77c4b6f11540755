//! What goes wrong around a rollout, as opposed to in one of its steps.

use seaway_core::{
    diagnostic::Diagnostic,
    execution::{FoldError, Refusal},
    ids::RolloutId,
};

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store refused.
    #[error("the state could not be read or written")]
    Store(#[from] seaway_store::Error),
    /// The rollout's rules refuse the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Declarations, sources or a plan have errors.
    #[error("{} found", count(.0))]
    Findings(Vec<Diagnostic>),
    /// Another process drives the rollout.
    #[error("rollout {rollout} is driven by {holder}")]
    Driven {
        /// The rollout.
        rollout: RolloutId,
        /// The process.
        holder: String,
    },
    /// Another process took the rollout over.
    #[error("another process has taken over rollout {0}")]
    LostLease(RolloutId),
    /// This process stood still for longer than its lease, such as in a suspended terminal.
    #[error("this process stood still for longer than its lease on rollout {0}")]
    Stalled(RolloutId),
    /// Files could not be read.
    #[error("`{path}` could not be read")]
    Read {
        /// The file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Fetched sources could not be kept.
    #[error("`{path}` could not be written")]
    Write {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A source from elsewhere could not be fetched.
    #[error(transparent)]
    Fetch(#[from] crate::fetch::FetchError),
    /// The name is not known.
    #[error("{what} `{name}` is not known{hint}")]
    NotFound {
        /// What it would be, such as `service`.
        what: &'static str,
        /// The name.
        name: String,
        /// Nearest name or list, starting with a space or `;`.
        hint: String,
    },
    /// The plan cannot be started.
    #[error("the plan cannot be started: {0}")]
    PlanRefused(String),
    /// The record cannot be understood.
    #[error("the record of rollout {rollout} cannot be read: {why}")]
    Record {
        /// The rollout.
        rollout: String,
        /// Why.
        why: String,
    },
}

fn count(findings: &[Diagnostic]) -> String {
    let errors = findings.iter().filter(|f| f.severity == seaway_core::diagnostic::Severity::Error).count();
    format!("{errors} {}", if errors == 1 { "error" } else { "errors" })
}

impl From<FoldError> for Error {
    fn from(error: FoldError) -> Self {
        Self::Refused(Refusal::Fold(error))
    }
}
