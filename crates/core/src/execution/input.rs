//! What comes in: answers of the outside, time, and people's commands.

use super::{Failure, Progress, Report};
use crate::{
    digest::Digest,
    ids::{Principal, RolloutId, StageName, StepId, TargetName},
};

/// An input with who, when and why. Who and why stay in the events.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// When, in epoch milliseconds. Never goes back in one rollout: an earlier time counts as the latest seen.
    pub at_ms: i64,
    /// Who.
    pub by: Principal,
    /// Why, when they said.
    pub reason: Option<String>,
    /// What.
    pub input: Input,
}

/// One input.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A process took the rollout's lease and drives from now on.
    Lead {
        /// Epoch of the lease.
        epoch: u64,
        /// How long nobody drove, in milliseconds: since the process with [`super::State::epoch`] last renewed its
        /// lease, and at most since [`super::State::driven_ms`]. Bake time that nobody watched does not count.
        unobserved_ms: u64,
    },
    /// Time has passed, or the driving process has read events of others.
    Tick {
        /// Epoch of the lease under which the process drives.
        epoch: u64,
    },
    /// Answer to [`super::Effect::Claim`].
    Claim {
        /// Epoch of the lease under which the process drives.
        epoch: u64,
        /// The answer.
        answer: ClaimAnswer,
    },
    /// Answer to [`super::Effect::Perform`].
    Step {
        /// Which step.
        step: StepId,
        /// Attempt that the answer belongs to; an answer of another attempt is ignored.
        attempt: u32,
        /// Epoch that the effect carried; an answer of another epoch is ignored.
        epoch: u64,
        /// The answer.
        outcome: Outcome,
    },
    /// A person, or a program on their behalf, wants something.
    Command(Command),
}

/// Answer to a claim.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimAnswer {
    /// The right is the rollout's own.
    Granted,
    /// Another rollout has it.
    Held {
        /// That rollout.
        by: RolloutId,
        /// Place in the queue; 1 = next.
        position: u32,
    },
}

/// How an attempt goes or ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Still going.
    Progress(Progress),
    /// Done.
    Succeeded(Report),
    /// Not done.
    Failed(Failure),
}

/// What people can do to a rollout.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Open an approval gate for the plan with this hash.
    Approve {
        /// The stage whose gate it is.
        stage: StageName,
        /// Hash of the plan that was read.
        plan: Digest,
    },
    /// Start no further step.
    Pause,
    /// Go on after a pause.
    Resume,
    /// End the rollout: cancel what is in flight, start nothing more.
    Stop,
    /// Try failed targets again.
    Retry {
        /// Which; empty = all that failed.
        targets: Vec<TargetName>,
    },
}
