//! The state of a rollout: a fold over its events, with the sets that let the decider work without scanning.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Failure, Frame, Progress, Report, StageEnd};
use crate::{
    ids::{Principal, RolloutId, StepId},
    plan::StepKind,
};

/// A rollout as its events say.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// Its id.
    pub rollout: RolloutId,
    /// Its plan.
    pub frame: Arc<Frame>,
    /// How many events were folded.
    pub seq: u64,
    /// Time of creation, in epoch milliseconds.
    pub created_ms: i64,
    /// Time of the last event, in epoch milliseconds.
    pub at_ms: i64,
    /// Time of the last event of a process that drove it, or of its creation, in epoch milliseconds. What people do
    /// meanwhile is no sign that anybody watched.
    pub driven_ms: i64,
    /// Who created it.
    pub by: Option<Principal>,
    /// Lease epoch of the process that drives; 0 = nobody has yet.
    pub epoch: u64,
    /// The right to change its services.
    pub claim: ClaimState,
    /// Who paused it, and why.
    pub paused: Option<(Principal, Option<String>)>,
    /// Who asked for its end, and why.
    pub stop: Option<(Principal, Option<String>)>,
    /// How it ended; `None` = it has not.
    pub end: Option<Phase>,
    /// Its stages, as in the plan.
    pub stages: Vec<StageState>,
    /// Its targets, counted over all stages.
    pub targets: Vec<TargetState>,
    /// Its steps.
    pub steps: Vec<StepState>,
    /// Steps in flight.
    pub running: BTreeSet<StepId>,
    /// Steps that are tried again at a time.
    pub retrying: BTreeSet<(i64, StepId)>,
    /// Steps of started targets that wait for nothing but the decider.
    pub ready: BTreeSet<StepId>,
}

/// Rollout words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
pub enum Phase {
    /// Created; has no right to change anything yet.
    Pending,
    /// Steps are in flight.
    Running,
    /// Nothing but time, people or another rollout can move it.
    Waiting,
    /// A person stopped new steps for now.
    Paused,
    /// Every stage is done.
    Succeeded,
    /// Ended by failures.
    Failed,
    /// Ended by a person.
    Stopped,
}

/// The right to change the services.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ClaimState {
    /// Asked for.
    Asked,
    /// Another rollout has it.
    Held {
        /// That rollout.
        by: RolloutId,
        /// Place in the queue; 1 = next.
        position: u32,
    },
    /// Given.
    Granted,
    /// Given back.
    Released,
}

/// One stage.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StageState {
    /// How far it is.
    pub status: StageStatus,
    /// Who approved it, and when.
    pub approvals: BTreeMap<Principal, i64>,
    /// Targets that have not started.
    pub pending: BTreeSet<usize>,
    /// Targets in flight.
    pub running: BTreeSet<usize>,
    /// Targets that are verified.
    pub verified: BTreeSet<usize>,
    /// Targets that failed.
    pub failed: BTreeSet<usize>,
    /// When it opened, in epoch milliseconds.
    pub opened_ms: Option<i64>,
    /// When it was done, in epoch milliseconds.
    pub done_ms: Option<i64>,
}

/// How far a stage is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StageStatus {
    /// Its gates have not opened.
    Closed,
    /// Its targets may start.
    Open,
    /// It must stay healthy.
    Baking {
        /// Until then, in epoch milliseconds.
        until_ms: i64,
    },
    /// Done.
    Done(StageEnd),
}

/// One target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TargetState {
    /// How far it is.
    pub status: TargetStatus,
    /// When its first step started, in epoch milliseconds.
    pub started_ms: Option<i64>,
    /// When it was verified or failed, in epoch milliseconds.
    pub ended_ms: Option<i64>,
}

/// How far a target is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
pub enum TargetStatus {
    /// No step has started, or it must be read back because the rollout goes on after its end.
    Pending,
    /// Steps are in flight, or will be.
    Running,
    /// It runs the release and is healthy.
    Verified,
    /// A step failed for good and none is in flight.
    Failed,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct StepState {
    /// How far it is.
    pub status: StepStatus,
    /// Attempts so far.
    pub attempt: u32,
    /// Since when its target has not answered, in epoch milliseconds: since the first such failure in a row. Time in
    /// which nobody tried is not counted, so it may lie later than that failure.
    pub trying_since_ms: Option<i64>,
    /// When the current attempt started, in epoch milliseconds.
    pub started_ms: Option<i64>,
    /// When the current attempt counts as failed for want of an answer, in epoch milliseconds.
    pub deadline_ms: i64,
    /// When it ended, in epoch milliseconds.
    pub ended_ms: Option<i64>,
    /// How it goes.
    pub progress: Option<Progress>,
    /// How the last attempt failed.
    pub failure: Option<Failure>,
    /// How it succeeded.
    pub report: Option<Report>,
}

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum StepStatus {
    /// Not started.
    #[default]
    Pending,
    /// In flight.
    Running,
    /// Will be tried again at that time, in epoch milliseconds.
    Retrying {
        /// When.
        at_ms: i64,
    },
    /// Done.
    Succeeded,
    /// Failed for good.
    Failed,
}

impl State {
    /// A rollout without events.
    pub fn empty(rollout: RolloutId, frame: Arc<Frame>) -> Self {
        let mut stages: Vec<StageState> = frame.plan.stages.iter().map(|_| StageState::default()).collect();
        for target in 0..frame.target_count() {
            stages[frame.stage_of(target)].pending.insert(target);
        }
        let targets =
            vec![TargetState { status: TargetStatus::Pending, started_ms: None, ended_ms: None }; frame.target_count()];
        let steps = vec![StepState::default(); frame.step_count()];
        Self {
            rollout,
            frame,
            seq: 0,
            created_ms: 0,
            at_ms: 0,
            driven_ms: 0,
            by: None,
            epoch: 0,
            claim: ClaimState::Asked,
            paused: None,
            stop: None,
            end: None,
            stages,
            targets,
            steps,
            running: BTreeSet::new(),
            retrying: BTreeSet::new(),
            ready: BTreeSet::new(),
        }
    }

    /// First stage that is not done; `None` = all are.
    pub fn current_stage(&self) -> Option<usize> {
        self.stages.iter().position(|stage| !matches!(stage.status, StageStatus::Done(_)))
    }

    /// Whether more targets of a stage failed than its plan allows.
    pub fn is_over_threshold(&self, stage: usize) -> bool {
        self.stages[stage].failed.len() > self.frame.stage(stage).max_failures as usize
    }

    /// The rollout word.
    pub fn phase(&self) -> Phase {
        if let Some(end) = self.end {
            return end;
        }
        if self.claim != ClaimState::Granted {
            return Phase::Pending;
        }
        if self.paused.is_some() {
            return Phase::Paused;
        }
        let is_working =
            self.running.iter().any(|step| self.frame.step(*step).is_some_and(|s| s.kind != StepKind::Bake));
        if is_working || !self.ready.is_empty() { Phase::Running } else { Phase::Waiting }
    }

    /// When the decider wants a [`super::Input::Tick`] next, in epoch milliseconds; `None` = time alone changes
    /// nothing. `last_input_ms` is when the process that drives last gave an input; after a tick the answer is later
    /// than that tick.
    pub fn next_wake_ms(&self, last_input_ms: i64) -> Option<i64> {
        if self.end.is_some() {
            return None;
        }
        let is_asking = self.claim != ClaimState::Granted;
        let claim = is_asking.then(|| last_input_ms.saturating_add(super::claim::ASK_AGAIN_MS));
        let is_held = self.paused.is_some() || self.stop.is_some();
        let retry = self.retrying.first().map(|(at_ms, _)| *at_ms).filter(|_| !is_held);
        let deadline = self.running.iter().map(|step| self.steps[step.index()].deadline_ms).min();
        [claim, retry, deadline].into_iter().flatten().min()
    }
}

impl StepState {
    /// Puts back what was in flight, or was to be tried again. What its target did before does not count any more.
    pub(super) fn start_anew(&mut self) {
        self.status = StepStatus::Pending;
        self.trying_since_ms = None;
    }
}

impl Default for StageState {
    fn default() -> Self {
        Self {
            status: StageStatus::Closed,
            approvals: BTreeMap::new(),
            pending: BTreeSet::new(),
            running: BTreeSet::new(),
            verified: BTreeSet::new(),
            failed: BTreeSet::new(),
            opened_ms: None,
            done_ms: None,
        }
    }
}
