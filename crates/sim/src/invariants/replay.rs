//! A second, plainer reading of a rollout's events. It shares nothing with the decider's own fold, so that a mistake
//! in one is seen by the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use seaway_core::{
    execution::{Event, Frame, StageEnd},
    ids::{Principal, StageName, StepId},
    plan::{StepKind, StepPlan},
};

use crate::evidence::Entry;

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Idle,
    Running,
    Backoff { until_ms: i64 },
    Done,
    Failed,
}

/// How far a stage is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Closed,
    Open,
    Baking { from_ms: i64 },
    Done(StageEnd),
}

/// A rollout as its events tell it up to a place.
#[derive(Clone)]
pub(super) struct Replay {
    pub frame: Arc<Frame>,
    pub steps: Vec<Step>,
    pub attempts: Vec<u32>,
    /// When the attempt in flight began, or was taken over, in epoch milliseconds.
    pub since_ms: Vec<i64>,
    /// Place of the event that began the attempt in flight, or took it over.
    pub since_order: Vec<u64>,
    pub stages: Vec<Stage>,
    pub approvals: BTreeMap<StageName, BTreeSet<Principal>>,
    pub epoch: u64,
    pub has_claim: bool,
    /// Targets that were verified before an end and must be read back after the retry.
    pub to_read_again: BTreeSet<usize>,
    pub is_paused: bool,
    pub is_stopping: bool,
    /// Kind of the event that ended it.
    pub end: Option<&'static str>,
}

impl Replay {
    pub fn new(frame: Arc<Frame>) -> Self {
        let steps = frame.step_count();
        Self {
            steps: vec![Step::Idle; steps],
            attempts: vec![0; steps],
            since_ms: vec![0; steps],
            since_order: vec![0; steps],
            stages: vec![Stage::Closed; frame.plan.stages.len()],
            approvals: BTreeMap::new(),
            epoch: 0,
            has_claim: false,
            to_read_again: BTreeSet::new(),
            is_paused: false,
            is_stopping: false,
            end: None,
            frame,
        }
    }

    pub fn apply(&mut self, entry: &Entry) {
        let (event, at_ms) = (&entry.recorded.event, entry.recorded.at_ms);
        match event {
            Event::Created { .. } | Event::ClaimHeld { .. } | Event::StepProgressed { .. } => {}
            Event::Led { epoch, .. } => {
                self.epoch = *epoch;
                self.since_ms.iter_mut().for_each(|since_ms| *since_ms = at_ms);
                self.since_order.iter_mut().for_each(|order| *order = entry.order);
            }
            Event::ClaimGranted => self.has_claim = true,
            Event::Approved { stage, .. } => {
                self.approvals.entry(stage.clone()).or_default().insert(entry.recorded.by.clone());
            }
            Event::StageOpened { stage } => self.set_stage(stage, Stage::Open),
            Event::BakeStarted { stage, .. } => self.set_stage(stage, Stage::Baking { from_ms: at_ms }),
            Event::StageCompleted { stage, end } => self.set_stage(stage, Stage::Done(*end)),
            Event::StepStarted { step, attempt, .. } => {
                self.set(*step, Step::Running);
                self.attempts[step.index()] = *attempt;
                self.since_ms[step.index()] = at_ms;
                self.since_order[step.index()] = entry.order;
                if let Some(target) = self.frame.target_of(*step) {
                    self.to_read_again.remove(&target);
                }
            }
            Event::StepSucceeded { step, .. } => self.set(*step, Step::Done),
            Event::StepFailed { step, retry_at_ms, .. } => match retry_at_ms {
                Some(until_ms) => self.set(*step, Step::Backoff { until_ms: *until_ms }),
                None => {
                    self.set(*step, Step::Failed);
                    self.drop_backoffs(*step);
                }
            },
            Event::Paused { .. } => self.is_paused = true,
            Event::Resumed { .. } => self.is_paused = false,
            Event::StopRequested { .. } => self.is_stopping = true,
            Event::Retried { targets, .. } => {
                let named = |target: &usize| targets.contains(&self.frame.target(*target).name);
                let chosen: Vec<usize> = (0..self.frame.target_count()).filter(named).collect();
                self.retry(&chosen);
            }
            Event::Stopped | Event::Failed { .. } | Event::Succeeded => {
                self.end = Some(event.kind());
                self.has_claim = false;
                for step in &mut self.steps {
                    if matches!(step, Step::Running | Step::Backoff { .. }) {
                        *step = Step::Idle;
                    }
                }
            }
        }
    }

    fn retry(&mut self, chosen: &[usize]) {
        let frame = Arc::clone(&self.frame);
        let is_after_end = self.end.take().is_some();
        for target in 0..frame.target_count() {
            let (stage, is_chosen) = (frame.stage_of(target), chosen.contains(&target));
            let is_verified = self.is_verified(target);
            if is_verified && is_after_end {
                self.to_read_again.insert(target);
            }
            let is_stage_chosen = chosen.iter().any(|other| frame.stage_of(*other) == stage);
            let is_baking = matches!(self.stages[stage], Stage::Baking { .. });
            for step in &frame.target(target).steps {
                let status = &mut self.steps[step.id.index()];
                let is_bake_cut = step.kind == StepKind::Bake
                    && is_stage_chosen
                    && is_baking
                    && matches!(status, Step::Running | Step::Backoff { .. });
                let is_read_again = step.kind == StepKind::Verify && is_after_end && is_verified;
                if is_chosen || is_bake_cut || is_read_again {
                    *status = Step::Idle;
                }
            }
        }
        for stage in 0..self.stages.len() {
            let has = |target: &usize| frame.stage_of(*target) == stage;
            let is_touched = chosen.iter().any(has) || is_after_end && self.to_read_again.iter().any(has);
            if is_touched && self.stages[stage] != Stage::Closed {
                self.stages[stage] = Stage::Open;
            }
        }
    }

    /// What waits for another attempt cannot save a target that has failed.
    fn drop_backoffs(&mut self, failed: StepId) {
        let Some(target) = self.frame.target_of(failed) else { return };
        for index in self.frame.steps_of(target) {
            if matches!(self.steps[index], Step::Backoff { .. }) {
                self.steps[index] = Step::Idle;
            }
        }
    }

    fn set(&mut self, step: StepId, status: Step) {
        if let Some(slot) = self.steps.get_mut(step.index()) {
            *slot = status;
        }
    }

    fn set_stage(&mut self, name: &StageName, status: Stage) {
        if let Some(stage) = self.frame.stage_named(name) {
            self.stages[stage] = status;
        }
    }

    pub fn of(&self, step: &StepPlan) -> Step {
        self.steps[step.id.index()]
    }

    /// Targets of a stage.
    pub fn targets(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.frame.target_count()).filter(move |target| self.frame.stage_of(*target) == stage)
    }

    fn work(&self, target: usize) -> impl Iterator<Item = Step> + '_ {
        self.frame.target(target).steps.iter().filter(|step| step.kind != StepKind::Bake).map(|step| self.of(step))
    }

    /// Every step but the bake succeeded, and the bake did not fail.
    pub fn is_verified(&self, target: usize) -> bool {
        self.work(target).all(|step| step == Step::Done) && !self.has_failed(target)
    }

    /// A step failed for good and none is in flight.
    pub fn is_failed(&self, target: usize) -> bool {
        self.has_failed(target) && !self.work(target).any(|step| step == Step::Running)
    }

    fn has_failed(&self, target: usize) -> bool {
        self.frame.target(target).steps.iter().any(|step| self.of(step) == Step::Failed)
    }

    /// Something is in flight or will be without anybody's doing.
    pub fn is_in_flight(&self, target: usize) -> bool {
        let is_begun = self.work(target).any(|step| step != Step::Idle);
        let is_settled = self.is_verified(target) || self.is_failed(target);
        is_begun && !is_settled && !self.to_read_again.contains(&target)
    }

    pub fn failed_in(&self, stage: usize) -> usize {
        self.targets(stage).filter(|target| self.is_failed(*target)).count()
    }
}
