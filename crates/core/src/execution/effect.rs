//! What the decider asks the shell to do.

use crate::ids::{ServiceName, StepId};

/// One thing to do. Doing it twice is harmless: `(rollout, step, attempt, epoch)` names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// Ask the store for the sole right to change these services in the rollout's environment.
    Claim {
        /// The services.
        services: Vec<ServiceName>,
    },
    /// Let the target's driver carry out a step.
    Perform {
        /// Which step.
        step: StepId,
        /// Attempt, from 1.
        attempt: u32,
        /// Lease epoch under which it is done.
        epoch: u64,
        /// For a bake: when it ends, in epoch milliseconds.
        until_ms: Option<i64>,
    },
    /// Let the driver end an attempt early. Its answer, if any, is still an input.
    Cancel {
        /// Which step.
        step: StepId,
        /// Attempt.
        attempt: u32,
    },
}
