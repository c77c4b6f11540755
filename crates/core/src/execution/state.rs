//! The state of a rollout: a fold over its events, with the sets that let the decider work without scanning.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use super::{Event, Failure, Progress, Recorded, Report, StageEnd};
use crate::{
    digest::Digest,
    ids::{Principal, RolloutId, StageName, StepId},
    plan::{Plan, StagePlan, StepKind, StepPlan, TargetPlan},
};

/// A plan made ready for execution: with its hash and with positions looked up once.
pub struct Frame {
    /// The plan.
    pub plan: Plan,
    /// Its hash.
    pub hash: Digest,
    targets: Vec<TargetPosition>,
    target_of_step: Vec<usize>,
}

struct TargetPosition {
    stage: usize,
    in_stage: usize,
    steps: Range<usize>,
}

impl Frame {
    /// Takes a plan.
    ///
    /// # Errors
    /// When its steps are not numbered one after the other, or name steps of other targets.
    pub fn new(plan: Plan) -> Result<Arc<Self>, FoldError> {
        let hash = plan.hash().map_err(|error| FoldError(error.to_string()))?;
        let mut targets = Vec::new();
        let mut target_of_step = Vec::new();
        for (stage_index, stage) in plan.stages.iter().enumerate() {
            for (in_stage, target) in stage.targets.iter().enumerate() {
                let first = target_of_step.len();
                for step in &target.steps {
                    let expected = target_of_step.len();
                    let wrong_after = step.after.iter().any(|after| after.index() < first || after.index() >= expected);
                    if step.id.index() != expected || wrong_after {
                        return Err(FoldError(format!("step {} of target `{}` is out of order", step.id, target.name)));
                    }
                    target_of_step.push(targets.len());
                }
                if first == target_of_step.len() {
                    return Err(FoldError(format!("target `{}` has no steps", target.name)));
                }
                targets.push(TargetPosition { stage: stage_index, in_stage, steps: first..target_of_step.len() });
            }
        }
        Ok(Arc::new(Self { plan, hash, targets, target_of_step }))
    }

    /// Number of targets.
    pub fn target_count(&self) -> usize {
        self.targets.len()
    }

    /// The stage of a target.
    pub fn stage_of(&self, target: usize) -> usize {
        self.targets[target].stage
    }

    /// A target by position.
    pub fn target(&self, target: usize) -> &TargetPlan {
        let position = &self.targets[target];
        &self.plan.stages[position.stage].targets[position.in_stage]
    }

    /// A stage by position.
    pub fn stage(&self, stage: usize) -> &StagePlan {
        &self.plan.stages[stage]
    }

    /// The target that a step belongs to; `None` = no such step.
    pub fn target_of(&self, step: StepId) -> Option<usize> {
        self.target_of_step.get(step.index()).copied()
    }

    /// A step; `None` = no such step.
    pub fn step(&self, step: StepId) -> Option<&StepPlan> {
        let target = self.target_of(step)?;
        self.target(target).steps.get(step.index() - self.targets[target].steps.start)
    }

    /// Positions of a target's steps.
    pub fn steps_of(&self, target: usize) -> Range<usize> {
        self.targets[target].steps.clone()
    }

    /// The position of a stage by name.
    pub fn stage_named(&self, name: &StageName) -> Option<usize> {
        self.plan.stages.iter().position(|stage| stage.name == *name)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:?})", self.hash)
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Frame {}

impl Hash for Frame {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

/// An event does not fit the state: the record and the plan do not belong together.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the record does not fit the plan: {0}")]
pub struct FoldError(pub String);

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
    /// No step has started.
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
    /// Since when it has been tried without success, in epoch milliseconds.
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
        let steps = vec![StepState::default(); frame.target_of_step.len()];
        Self {
            rollout,
            frame,
            seq: 0,
            created_ms: 0,
            at_ms: 0,
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

    /// Folds one event.
    ///
    /// # Errors
    /// When the event names something that the plan does not have. The state is then not to be used further.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        self.seq += 1;
        self.at_ms = self.at_ms.max(recorded.at_ms);
        let at_ms = self.at_ms;
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

    /// Attempts of a process that is gone get their full time again, and bakes the time that nobody watched.
    fn fold_led(&mut self, epoch: u64, unobserved_ms: u64) {
        self.epoch = epoch;
        let unobserved = i64::try_from(unobserved_ms).unwrap_or(i64::MAX);
        for stage in &mut self.stages {
            if let StageStatus::Baking { until_ms } = &mut stage.status {
                *until_ms = until_ms.saturating_add(unobserved);
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
        let step = &mut self.steps[id.index()];
        if let StepStatus::Retrying { at_ms } = step.status {
            self.retrying.remove(&(at_ms, id));
        }
        match event {
            Event::StepStarted { attempt, deadline_ms, .. } => {
                step.status = StepStatus::Running;
                step.attempt = *attempt;
                step.trying_since_ms.get_or_insert(at_ms);
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
        for step in std::mem::take(&mut self.running) {
            self.steps[step.index()].status = StepStatus::Pending;
        }
        for step in &mut self.steps {
            if matches!(step.status, StepStatus::Retrying { .. }) {
                step.status = StepStatus::Pending;
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

    /// A target that starts again ends its stage's bake; the whole stage bakes anew when it is verified.
    fn restart_bakes(&mut self, stage: usize) {
        for id in self.bakes_in_flight(stage) {
            if let StepStatus::Retrying { at_ms } = self.steps[id.index()].status {
                self.retrying.remove(&(at_ms, id));
            }
            self.running.remove(&id);
            self.steps[id.index()].status = StepStatus::Pending;
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
        let ready: Vec<StepId> = steps
            .iter()
            .filter(|step| step.kind != StepKind::Bake && status(step) == StepStatus::Pending)
            .filter(|step| step.after.iter().all(|after| self.steps[after.index()].status == StepStatus::Succeeded))
            .map(|step| step.id)
            .collect();
        if has_failed {
            // What waits for another attempt cannot save the target any more.
            for step in steps {
                self.ready.remove(&step.id);
                if let StepStatus::Retrying { at_ms } = self.steps[step.id.index()].status {
                    self.retrying.remove(&(at_ms, step.id));
                    self.steps[step.id.index()].status = StepStatus::Pending;
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

    /// When the decider wants a [`super::Input::Tick`] next, in epoch milliseconds; `None` = time alone changes nothing.
    pub fn next_wake_ms(&self) -> Option<i64> {
        if self.end.is_some() {
            return None;
        }
        let claim = matches!(self.claim, ClaimState::Held { .. }).then(|| self.at_ms + super::claim::ASK_AGAIN_MS);
        let retry = self.retrying.first().map(|(at_ms, _)| *at_ms).filter(|_| self.paused.is_none());
        let deadline = self.running.iter().map(|step| self.steps[step.index()].deadline_ms).min();
        [claim, retry, deadline].into_iter().flatten().min()
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
