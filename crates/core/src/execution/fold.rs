//! The fold: how each event changes the state. No rule is decided here.

use std::sync::Arc;

use super::{ClaimState, Event, Phase, Recorded, StageStatus, State, StepState, StepStatus, TargetState, TargetStatus};
use crate::{
    ids::{StageName, StepId},
    plan::{StepKind, StepPlan},
};

/// An event does not fit the state: the record and the plan do not belong together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record does not fit the plan: {0}")]
pub struct FoldError(pub String);

impl State {
    /// Folds one event.
    ///
    /// # Errors
    /// When the event names something that the plan does not have. The state is then not to be used further.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        self.seq += 1;
        self.at_ms = self.at_ms.max(recorded.at_ms);
        let at_ms = self.at_ms;
        if !recorded.event.is_command() {
            self.driven_ms = at_ms;
        }
        let who = |reason: &Option<String>| Some((recorded.by.clone(), reason.clone()));
        match &recorded.event {
            Event::Created { plan, .. } => {
                if *plan != self.frame.hash {
                    return Err(FoldError(format!(
                        "it was made for plan {}, not {}",
                        plan.short(),
                        self.frame.hash.short()
                    )));
                }
                self.created_ms = at_ms;
                self.by = Some(recorded.by.clone());
            }
            Event::Led { epoch, unobserved_ms } => self.fold_led(*epoch, *unobserved_ms),
            Event::ClaimGranted => self.claim = ClaimState::Granted,
            Event::ClaimHeld { by, position } => self.claim = ClaimState::Held { by: by.clone(), position: *position },
            Event::Approved { stage, .. } => {
                let stage = self.stage_index(stage)?;
                self.stages[stage].approvals.insert(recorded.by.clone(), at_ms);
            }
            Event::StageOpened { stage } => {
                let stage = self.stage_index(stage)?;
                self.stages[stage].status = StageStatus::Open;
                self.stages[stage].opened_ms = Some(at_ms);
            }
            Event::StepStarted { .. }
            | Event::StepProgressed { .. }
            | Event::StepSucceeded { .. }
            | Event::StepFailed { .. } => self.fold_step(&recorded.event)?,
            Event::BakeStarted { stage, until_ms } => {
                let stage = self.stage_index(stage)?;
                self.stages[stage].status = StageStatus::Baking { until_ms: *until_ms };
            }
            Event::StageCompleted { stage, end } => {
                let stage = self.stage_index(stage)?;
                self.stages[stage].status = StageStatus::Done(*end);
                self.stages[stage].done_ms = Some(at_ms);
            }
            Event::Paused { reason } => self.paused = who(reason),
            Event::Resumed { .. } => self.paused = None,
            Event::StopRequested { reason } => self.stop = who(reason),
            Event::Retried { targets, .. } => {
                for name in targets {
                    let found = (0..self.frame.target_count()).find(|target| self.frame.target(*target).name == *name);
                    let target = found.ok_or_else(|| FoldError(format!("it has no target `{name}`")))?;
                    self.reset(target);
                }
                if self.end.take().is_some() {
                    self.claim = ClaimState::Asked;
                    self.verify_again();
                }
            }
            Event::Stopped => self.fold_end(Phase::Stopped),
            Event::Failed { .. } => self.fold_end(Phase::Failed),
            Event::Succeeded => self.fold_end(Phase::Succeeded),
        }
        Ok(())
    }

    fn stage_index(&self, name: &StageName) -> Result<usize, FoldError> {
        self.frame.stage_named(name).ok_or_else(|| FoldError(format!("it has no stage `{name}`")))
    }

    /// Attempts of a process that is gone get their full time again; bakes, and the patience with targets that do
    /// not answer, the time that nobody watched.
    fn fold_led(&mut self, epoch: u64, unobserved_ms: u64) {
        self.epoch = epoch;
        let unobserved = i64::try_from(unobserved_ms).unwrap_or(i64::MAX);
        for stage in &mut self.stages {
            if let StageStatus::Baking { until_ms } = &mut stage.status {
                *until_ms = until_ms.saturating_add(unobserved);
            }
        }
        let retrying = self.retrying.iter().map(|(_, step)| *step);
        for id in self.running.iter().copied().chain(retrying) {
            if let Some(since_ms) = &mut self.steps[id.index()].trying_since_ms {
                *since_ms = since_ms.saturating_add(unobserved);
            }
        }
        let deadlines: Vec<(StepId, i64)> =
            self.running.iter().map(|step| (*step, super::step::deadline_ms(self, *step, self.at_ms))).collect();
        for (step, deadline_ms) in deadlines {
            self.steps[step.index()].deadline_ms = deadline_ms;
        }
    }

    fn fold_step(&mut self, event: &Event) -> Result<(), FoldError> {
        let at_ms = self.at_ms;
        let id = match event {
            Event::StepStarted { step, .. }
            | Event::StepProgressed { step, .. }
            | Event::StepSucceeded { step, .. }
            | Event::StepFailed { step, .. } => *step,
            _ => return Ok(()),
        };
        let target = self.frame.target_of(id).ok_or_else(|| FoldError(format!("it has no step {id}")))?;
        let trying_since_ms = super::step::trying_since_ms(self, id, at_ms);
        let step = &mut self.steps[id.index()];
        // A pause may hold an attempt that is due; the time that nobody tried is not the target's silence.
        let mut held_ms = 0;
        if let StepStatus::Retrying { at_ms: due_ms } = step.status {
            held_ms = at_ms.saturating_sub(due_ms).max(0);
            self.retrying.remove(&(due_ms, id));
        }
        match event {
            Event::StepStarted { attempt, deadline_ms, .. } => {
                step.status = StepStatus::Running;
                step.attempt = *attempt;
                step.trying_since_ms = step.trying_since_ms.map(|since_ms| since_ms.saturating_add(held_ms).min(at_ms));
                step.started_ms = Some(at_ms);
                step.deadline_ms = *deadline_ms;
                step.progress = None;
                self.running.insert(id);
                self.ready.remove(&id);
                self.targets[target].started_ms.get_or_insert(at_ms);
            }
            Event::StepProgressed { progress, .. } => {
                step.progress = Some(progress.clone());
                return Ok(());
            }
            Event::StepSucceeded { report, .. } => {
                step.status = StepStatus::Succeeded;
                step.report = Some(report.clone());
                step.failure = None;
                step.ended_ms = Some(at_ms);
                self.running.remove(&id);
            }
            Event::StepFailed { failure, retry_at_ms, .. } => {
                step.failure = Some(failure.clone());
                step.ended_ms = Some(at_ms);
                self.running.remove(&id);
                step.status = match retry_at_ms {
                    Some(at_ms) => {
                        step.trying_since_ms = Some(trying_since_ms);
                        self.retrying.insert((*at_ms, id));
                        StepStatus::Retrying { at_ms: *at_ms }
                    }
                    None => StepStatus::Failed,
                };
            }
            _ => {}
        }
        self.classify(target);
        Ok(())
    }

    fn fold_end(&mut self, phase: Phase) {
        self.end = Some(phase);
        self.claim = ClaimState::Released;
        self.ready.clear();
        self.retrying.clear();
        // Only bakes can be in flight when a rollout ends; they only read, and start anew after a retry.
        self.running.clear();
        for step in &mut self.steps {
            if matches!(step.status, StepStatus::Running | StepStatus::Retrying { .. }) {
                step.start_anew();
            }
        }
    }

    fn reset(&mut self, target: usize) {
        for index in self.frame.steps_of(target) {
            let id = StepId(index as u32);
            let attempt = self.steps[index].attempt;
            if let StepStatus::Retrying { at_ms } = self.steps[index].status {
                self.retrying.remove(&(at_ms, id));
            }
            self.running.remove(&id);
            self.ready.remove(&id);
            self.steps[index] = StepState { attempt, ..StepState::default() };
        }
        self.targets[target] = TargetState { status: TargetStatus::Pending, started_ms: None, ended_ms: None };
        self.restart_bakes(self.frame.stage_of(target));
        let stage = &mut self.stages[self.frame.stage_of(target)];
        if stage.status != StageStatus::Closed {
            stage.status = StageStatus::Open;
            stage.done_ms = None;
        }
        for set in [&mut stage.running, &mut stage.verified, &mut stage.failed] {
            set.remove(&target);
        }
        stage.pending.insert(target);
    }

    /// After its end the rollout gave its claim back, so another may have changed what was verified. All verified
    /// targets are read back once more, in stage order, before anything goes on.
    fn verify_again(&mut self) {
        let frame = Arc::clone(&self.frame);
        for target in 0..frame.target_count() {
            if self.targets[target].status != TargetStatus::Verified {
                continue;
            }
            for step in frame.target(target).steps.iter().filter(|step| step.kind == StepKind::Verify) {
                let attempt = self.steps[step.id.index()].attempt;
                self.steps[step.id.index()] = StepState { attempt, ..StepState::default() };
            }
            self.targets[target].status = TargetStatus::Pending;
            self.targets[target].ended_ms = None;
            let stage = &mut self.stages[frame.stage_of(target)];
            stage.status = StageStatus::Open;
            stage.done_ms = None;
            stage.verified.remove(&target);
            stage.pending.insert(target);
        }
    }

    /// Steps of a target that wait for nothing but the decider. Bakes are not among them: they start together.
    pub(super) fn startable(&self, target: usize) -> Vec<StepId> {
        let is_done = |after: &StepId| self.steps[after.index()].status == StepStatus::Succeeded;
        let steps = self.frame.target(target).steps.iter().filter(|step| step.kind != StepKind::Bake);
        let waiting = steps.filter(|step| self.steps[step.id.index()].status == StepStatus::Pending);
        waiting.filter(|step| step.after.iter().all(is_done)).map(|step| step.id).collect()
    }

    /// A target that starts again ends its stage's bake; the whole stage bakes anew when it is verified.
    fn restart_bakes(&mut self, stage: usize) {
        for id in self.bakes_in_flight(stage) {
            if let StepStatus::Retrying { at_ms } = self.steps[id.index()].status {
                self.retrying.remove(&(at_ms, id));
            }
            self.running.remove(&id);
            self.steps[id.index()].start_anew();
        }
    }

    /// Bake steps of a baking stage that are in flight or will be.
    pub(super) fn bakes_in_flight(&self, stage: usize) -> Vec<StepId> {
        if !matches!(self.stages[stage].status, StageStatus::Baking { .. }) {
            return Vec::new();
        }
        let is_active =
            |id: &StepId| matches!(self.steps[id.index()].status, StepStatus::Running | StepStatus::Retrying { .. });
        let targets = self.stages[stage].verified.iter();
        let steps = targets.flat_map(|target| self.frame.steps_of(*target)).map(|index| StepId(index as u32));
        steps.filter(is_active).collect()
    }

    /// Puts a target into the set that its steps say, and finds its steps that can start.
    fn classify(&mut self, target: usize) {
        let frame = Arc::clone(&self.frame);
        let steps = &frame.target(target).steps;
        let status = |step: &StepPlan| self.steps[step.id.index()].status;
        let has_failed = steps.iter().any(|step| status(step) == StepStatus::Failed);
        let is_running = steps.iter().any(|step| step.kind != StepKind::Bake && status(step) == StepStatus::Running);
        let is_verified = steps.iter().all(|step| step.kind == StepKind::Bake || status(step) == StepStatus::Succeeded);
        let new = match (has_failed, is_running, is_verified) {
            (true, false, _) => TargetStatus::Failed,
            (false, _, true) => TargetStatus::Verified,
            _ => TargetStatus::Running,
        };
        let ready = self.startable(target);
        if has_failed {
            // What waits for another attempt cannot save the target any more.
            for step in steps {
                self.ready.remove(&step.id);
                if let StepStatus::Retrying { at_ms } = self.steps[step.id.index()].status {
                    self.retrying.remove(&(at_ms, step.id));
                    self.steps[step.id.index()].start_anew();
                }
            }
        } else {
            self.ready.extend(ready);
        }
        let stage = &mut self.stages[frame.stage_of(target)];
        for set in [&mut stage.pending, &mut stage.running, &mut stage.verified, &mut stage.failed] {
            set.remove(&target);
        }
        let state = &mut self.targets[target];
        let set = match new {
            TargetStatus::Pending => &mut stage.pending,
            TargetStatus::Running => &mut stage.running,
            TargetStatus::Verified => &mut stage.verified,
            TargetStatus::Failed => &mut stage.failed,
        };
        set.insert(target);
        if state.status != new {
            state.ended_ms = matches!(new, TargetStatus::Verified | TargetStatus::Failed).then_some(self.at_ms);
        }
        state.status = new;
    }
}
