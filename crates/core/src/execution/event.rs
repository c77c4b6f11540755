//! What happened. This is a format: versioned, golden-tested; old events must stay readable for ever.

use serde::{Deserialize, Serialize};

use super::{Failure, Progress, Report};
use crate::{
    digest::Digest,
    ids::{EnvironmentName, Principal, RolloutId, ServiceName, StageName, StepId, TargetName},
};

/// Version of the event format. A reader refuses a greater one.
pub const EVENT_VERSION: u32 = 1;

/// An event with who, when and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Recorded {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Who.
    pub by: Principal,
    /// What.
    pub event: Event,
}

/// One event.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Event {
    /// The rollout exists.
    Created {
        /// Its id.
        rollout: RolloutId,
        /// Hash of its plan.
        plan: Digest,
        /// Its environment.
        environment: EnvironmentName,
        /// Its services.
        services: Vec<ServiceName>,
        /// Why it was started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A process drives it from now on.
    Led {
        /// Lease epoch.
        epoch: u64,
        /// How long nobody drove; running bakes end that much later.
        unobserved_ms: u64,
    },
    /// The rollout may change its services.
    ClaimGranted,
    /// Another rollout changes one of them.
    ClaimHeld {
        /// That rollout.
        by: RolloutId,
        /// Place in the queue; 1 = next.
        position: u32,
    },
    /// Somebody opened an approval gate.
    Approved {
        /// The stage.
        stage: StageName,
        /// Hash of the plan that was approved.
        plan: Digest,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// All gates of a stage are open; its targets may start.
    StageOpened {
        /// The stage.
        stage: StageName,
    },
    /// An attempt started.
    StepStarted {
        /// Which step.
        step: StepId,
        /// Attempt, from 1.
        attempt: u32,
        /// When the attempt counts as failed for want of an answer.
        deadline_ms: i64,
    },
    /// An attempt goes on.
    StepProgressed {
        /// Which step.
        step: StepId,
        /// Attempt.
        attempt: u32,
        /// How it goes.
        progress: Progress,
    },
    /// An attempt succeeded.
    StepSucceeded {
        /// Which step.
        step: StepId,
        /// Attempt.
        attempt: u32,
        /// The evidence.
        report: Report,
    },
    /// An attempt failed.
    StepFailed {
        /// Which step.
        step: StepId,
        /// Attempt.
        attempt: u32,
        /// How.
        failure: Failure,
        /// When it is tried again by itself; `None` = it is not, and the target has failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at_ms: Option<i64>,
    },
    /// All targets of a stage are verified; it must stay healthy until then.
    BakeStarted {
        /// The stage.
        stage: StageName,
        /// End of the bake.
        until_ms: i64,
    },
    /// A stage is done.
    StageCompleted {
        /// The stage.
        stage: StageName,
        /// How.
        end: StageEnd,
    },
    /// No further step starts.
    Paused {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The pause is over.
    Resumed {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody wants the rollout to end; what is in flight is being cancelled.
    StopRequested {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Targets start again from their first step.
    Retried {
        /// Which.
        targets: Vec<TargetName>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Ended by a person; nothing is in flight.
    Stopped,
    /// Ended by failures; nothing is in flight.
    Failed {
        /// Stage that it ended in.
        stage: StageName,
        /// Targets that failed there.
        targets: Vec<TargetName>,
    },
    /// Every stage is done.
    Succeeded,
}

/// How a stage ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StageEnd {
    /// It changed, and stayed healthy for its whole bake.
    Baked,
    /// It changed, and its bake is zero.
    NoBake,
    /// Nothing changed in it, so there was nothing to bake.
    NoChange,
    /// Every target that was to change failed, as many as the plan allows, so there was nothing to bake.
    NoneVerified,
}

impl Event {
    /// The event's `type`, for stores and logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "Created",
            Self::Led { .. } => "Led",
            Self::ClaimGranted => "ClaimGranted",
            Self::ClaimHeld { .. } => "ClaimHeld",
            Self::Approved { .. } => "Approved",
            Self::StageOpened { .. } => "StageOpened",
            Self::StepStarted { .. } => "StepStarted",
            Self::StepProgressed { .. } => "StepProgressed",
            Self::StepSucceeded { .. } => "StepSucceeded",
            Self::StepFailed { .. } => "StepFailed",
            Self::BakeStarted { .. } => "BakeStarted",
            Self::StageCompleted { .. } => "StageCompleted",
            Self::Paused { .. } => "Paused",
            Self::Resumed { .. } => "Resumed",
            Self::StopRequested { .. } => "StopRequested",
            Self::Retried { .. } => "Retried",
            Self::Stopped => "Stopped",
            Self::Failed { .. } => "Failed",
            Self::Succeeded => "Succeeded",
        }
    }

    /// Whether it is a person's doing, and so may come from a process that does not drive.
    pub const fn is_command(&self) -> bool {
        matches!(
            self,
            Self::Approved { .. }
                | Self::Paused { .. }
                | Self::Resumed { .. }
                | Self::StopRequested { .. }
                | Self::Retried { .. }
        )
    }

    /// Whether the rollout rests after it: nothing is in flight and the claim is given back.
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Stopped | Self::Failed { .. } | Self::Succeeded)
    }
}
