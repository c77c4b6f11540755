//! Waiting: why a rollout does not move, as data. `explain`, the tree and the views all show this.

use serde::Serialize;

use super::{ClaimState, Failure, StageStatus, State, StepStatus, approval};
use crate::{
    ids::{Principal, RolloutId, StageName, StepId, TargetName},
    plan::StepKind,
};

/// One reason why something does not move.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "on", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum WaitingOn {
    /// The process that drives: none has yet, or a person's command has come in and nobody has acted on it.
    Driver,
    /// Another rollout changes one of its services.
    Claim {
        /// That rollout; `None` = the answer is not there yet.
        by: Option<RolloutId>,
        /// Place in the queue; 1 = next.
        position: u32,
    },
    /// A person must resume it.
    Pause {
        /// Who paused it.
        by: Principal,
        /// Why.
        reason: Option<String>,
    },
    /// What is in flight must end before the rollout can.
    Stop {
        /// Who wants it to end.
        by: Principal,
        /// Steps in flight.
        in_flight: u32,
    },
    /// People must approve.
    Approval {
        /// The stage that is closed.
        stage: StageName,
        /// Approvals that it needs.
        needed: u32,
        /// Who has approved.
        given: Vec<Principal>,
        /// Who may; empty = anyone.
        from: Vec<Principal>,
    },
    /// The stage must stay healthy.
    Bake {
        /// The stage.
        stage: StageName,
        /// Until then, in epoch milliseconds.
        until_ms: i64,
    },
    /// An attempt failed for now.
    Retry {
        /// The target.
        target: TargetName,
        /// The step.
        step: StepKind,
        /// When it is tried again, in epoch milliseconds.
        at_ms: i64,
        /// Since when it has been tried, in epoch milliseconds.
        since_ms: i64,
        /// How it failed.
        failure: Failure,
    },
    /// A driver is at work.
    Step {
        /// The target.
        target: TargetName,
        /// The step.
        step: StepKind,
        /// Since when, in epoch milliseconds.
        since_ms: i64,
        /// When it counts as failed, in epoch milliseconds.
        deadline_ms: i64,
        /// What it says.
        waiting: String,
    },
    /// As many targets as the stage allows are in flight.
    Slots {
        /// The stage.
        stage: StageName,
        /// Targets in flight.
        in_flight: u32,
        /// Targets that wait.
        pending: u32,
    },
}

impl State {
    /// Everything that the rollout waits for; empty = it has ended.
    pub fn waiting_on(&self) -> Vec<WaitingOn> {
        if self.end.is_some() {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        if let Some((by, _)) = &self.stop {
            reasons.push(WaitingOn::Stop { by: by.clone(), in_flight: self.running.len() as u32 });
        }
        if let Some((by, reason)) = &self.paused {
            reasons.push(WaitingOn::Pause { by: by.clone(), reason: reason.clone() });
        }
        let is_due = !self.ready.is_empty() && self.paused.is_none() && self.stop.is_none();
        if self.epoch == 0 || is_due {
            reasons.push(WaitingOn::Driver);
        }
        match &self.claim {
            ClaimState::Held { by, position } => {
                reasons.push(WaitingOn::Claim { by: Some(by.clone()), position: *position });
            }
            ClaimState::Asked if self.epoch > 0 => reasons.push(WaitingOn::Claim { by: None, position: 0 }),
            ClaimState::Asked | ClaimState::Granted | ClaimState::Released => {}
        }
        if let Some(current) = self.current_stage() {
            self.stage_reasons(current, &mut reasons);
        }
        reasons.extend(self.retrying.iter().filter_map(|(at_ms, step)| self.retry_reason(*step, *at_ms)));
        reasons.extend(self.running.iter().filter_map(|step| self.step_reason(*step)));
        if reasons.is_empty() {
            reasons.push(WaitingOn::Driver);
        }
        reasons
    }

    fn stage_reasons(&self, current: usize, reasons: &mut Vec<WaitingOn>) {
        let (planned, stage) = (self.frame.stage(current), &self.stages[current]);
        let name = planned.name.clone();
        match stage.status {
            StageStatus::Closed => {
                let closed = approval::gates(planned).filter(|gate| !approval::is_given(gate, &stage.approvals));
                reasons.extend(closed.map(|gate| WaitingOn::Approval {
                    stage: name.clone(),
                    needed: gate.count,
                    given: approval::counted(gate, &stage.approvals).collect(),
                    from: gate.from.clone(),
                }));
            }
            StageStatus::Open if self.are_slots_full(current) && !stage.pending.is_empty() => {
                let (in_flight, pending) = (stage.running.len() as u32, stage.pending.len() as u32);
                reasons.push(WaitingOn::Slots { stage: name, in_flight, pending });
            }
            StageStatus::Baking { until_ms } => reasons.push(WaitingOn::Bake { stage: name, until_ms }),
            StageStatus::Open | StageStatus::Done(_) => {}
        }
    }

    /// Whether free slots are all that targets wait for.
    fn are_slots_full(&self, stage: usize) -> bool {
        let in_flight = self.stages[stage].running.len();
        let is_held = self.paused.is_some() || self.stop.is_some() || self.is_over_threshold(stage);
        !is_held && in_flight >= self.frame.stage(stage).max_concurrent as usize
    }

    fn retry_reason(&self, id: StepId, at_ms: i64) -> Option<WaitingOn> {
        let step = &self.steps[id.index()];
        Some(WaitingOn::Retry {
            target: self.frame.target(self.frame.target_of(id)?).name.clone(),
            step: self.frame.step(id)?.kind,
            at_ms,
            since_ms: step.trying_since_ms.unwrap_or(at_ms),
            failure: step.failure.clone()?,
        })
    }

    fn step_reason(&self, id: StepId) -> Option<WaitingOn> {
        let (planned, step) = (self.frame.step(id)?, &self.steps[id.index()]);
        // A bake is one reason for its stage, not one for each target, unless a target says something.
        let waiting = step.progress.as_ref().map(|progress| progress.waiting.clone()).unwrap_or_default();
        if planned.kind == StepKind::Bake && waiting.is_empty() || step.status != StepStatus::Running {
            return None;
        }
        Some(WaitingOn::Step {
            target: self.frame.target(self.frame.target_of(id)?).name.clone(),
            step: planned.kind,
            since_ms: step.started_ms.unwrap_or(self.at_ms),
            deadline_ms: step.deadline_ms,
            waiting,
        })
    }
}
