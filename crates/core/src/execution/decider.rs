//! The decider: one `match` on the input, and what follows from it.

use super::{
    Effect, Envelope, Event, FoldError, Input, Recorded, State, approval, bake, claim, lead, retry, stage, step, stop,
};
use crate::{
    digest::Digest,
    ids::{Principal, RolloutId, StageName, TargetName},
};

/// What follows from an input.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decision {
    /// To be appended before anything is done.
    pub events: Vec<Recorded>,
    /// To be done after that.
    pub effects: Vec<Effect>,
}

/// Why an input is refused. Nothing changes then.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// It has ended.
    #[error("the rollout has ended ({0})")]
    Ended(&'static str),
    /// The approval is for another plan.
    #[error("the approval is for plan {approved}, but this rollout runs plan {running}: read that plan and approve its hash", approved = .approved.short(), running = .running.short())]
    OtherPlan {
        /// Plan that the approval names.
        approved: Digest,
        /// Plan of the rollout.
        running: Digest,
    },
    /// No such stage.
    #[error("the plan has no stage `{0}`")]
    NoStage(StageName),
    /// The stage asks for no approval.
    #[error("stage `{0}` has no approval gate")]
    NoApprovalGate(StageName),
    /// The gate is open already.
    #[error("stage `{0}` is open already")]
    AlreadyOpen(StageName),
    /// One person counts once.
    #[error("`{0}` has approved this stage already; one person counts once")]
    AlreadyApproved(Principal),
    /// Not one of those who may approve.
    #[error("`{who}` may not approve this stage; these may: {from}")]
    MayNotApprove {
        /// Who tried.
        who: Principal,
        /// Who may.
        from: String,
    },
    /// It is paused already.
    #[error("the rollout is paused already")]
    AlreadyPaused,
    /// It is not paused.
    #[error("the rollout is not paused")]
    NotPaused,
    /// It is being stopped already.
    #[error("the rollout is being stopped already")]
    AlreadyStopping,
    /// Nothing failed.
    #[error("no target of the rollout has failed")]
    NothingFailed,
    /// No such target.
    #[error("the plan has no target `{0}`")]
    NoTarget(TargetName),
    /// The target has not failed.
    #[error("target `{0}` has not failed")]
    NotFailed(TargetName),
    /// The target's stage is done and a later one is under way.
    #[error(
        "stage `{stage}` of target `{target}` is done and the rollout has gone on; retry it when the rollout has ended"
    )]
    StageDone {
        /// The target.
        target: TargetName,
        /// Its stage.
        stage: StageName,
    },
    /// What is left would still be too much for the stage.
    #[error(
        "`{others}` failed too, and stage `{stage}` goes on with at most {max_failures} failed: retry them together"
    )]
    StillOverThreshold {
        /// The stage.
        stage: StageName,
        /// Failed targets that were not named.
        others: String,
        /// Failed targets that the stage allows.
        max_failures: u32,
    },
    /// A process with an older lease.
    #[error("lease epoch {found} is not newer than {known}")]
    OldEpoch {
        /// Epoch of the input.
        found: u64,
        /// Epoch of the rollout.
        known: u64,
    },
    /// A process that does not drive any more, or not yet.
    #[error("lease epoch {found} does not drive this rollout, {known} does: this process must stand back")]
    NotDriving {
        /// Epoch of the input.
        found: u64,
        /// Epoch of the rollout.
        known: u64,
    },
    /// The record and the plan do not belong together.
    #[error(transparent)]
    Fold(#[from] FoldError),
}

/// Decides without changing the state: what [`handle`] does, on a copy.
///
/// # Errors
/// A [`Refusal`]; nothing changes then.
pub fn decide(state: &State, envelope: &Envelope) -> Result<Decision, Refusal> {
    handle(&mut state.clone(), envelope)
}

/// Decides and folds the new events into the state at once, so that nothing is copied.
///
/// When the events cannot be appended, or on a [`Refusal::Fold`], the state is ahead of its record: read it again.
///
/// # Errors
/// A [`Refusal`]; nothing changes then, save for [`Refusal::Fold`].
pub fn handle(state: &mut State, envelope: &Envelope) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(state, envelope);
    match &envelope.input {
        Input::Lead { epoch, unobserved_ms } => lead::take(&mut draft, *epoch, *unobserved_ms)?,
        Input::Tick { epoch } => {
            lead::require(draft.state, *epoch)?;
            claim::ask_again(&mut draft);
            step::expire(&mut draft)?;
            stop::cancel_again(&mut draft);
        }
        Input::Claim { epoch, answer } => {
            lead::require(draft.state, *epoch)?;
            claim::answer(&mut draft, answer)?;
        }
        // A process that was taken over may still send answers; nothing may follow from them.
        Input::Step { epoch, .. } if *epoch != draft.state.epoch => return Ok(draft.finish()),
        Input::Step { step, attempt, outcome, .. } => step::answer(&mut draft, *step, *attempt, outcome)?,
        Input::Command(command) => {
            use super::Command;
            match command {
                Command::Approve { stage, plan } => approval::approve(&mut draft, stage, plan)?,
                Command::Pause => stop::pause(&mut draft)?,
                Command::Resume => stop::resume(&mut draft)?,
                Command::Stop => stop::request(&mut draft)?,
                Command::Retry { targets } => retry::retry(&mut draft, targets)?,
            }
            // A command may come from a process that does not drive. What follows from it is the driver's to
            // decide, at its next input.
            return Ok(draft.finish());
        }
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Creates a rollout.
///
/// # Errors
/// Only [`Refusal::Fold`].
pub fn create(
    rollout: RolloutId,
    frame: std::sync::Arc<super::Frame>,
    at_ms: i64,
    by: &Principal,
    reason: Option<String>,
) -> Result<(State, Decision), Refusal> {
    let mut state = State::empty(rollout.clone(), std::sync::Arc::clone(&frame));
    let mut draft = Draft { state: &mut state, at_ms, by: by.clone(), reason: None, decision: Decision::default() };
    draft.emit(Event::Created {
        rollout,
        plan: frame.hash.clone(),
        environment: frame.plan.environment.clone(),
        services: frame.plan.services.keys().cloned().collect(),
        reason,
    })?;
    let decision = draft.finish();
    Ok((state, decision))
}

/// Goes as far as possible without another input.
fn advance(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    if draft.state.end.is_some() || draft.state.epoch == 0 {
        return Ok(());
    }
    if draft.state.stop.is_some() {
        return stop::advance(draft);
    }
    if draft.state.claim != super::ClaimState::Granted {
        return Ok(());
    }
    while let Some(current) = draft.state.current_stage() {
        let moved = match draft.state.stages[current].status {
            super::StageStatus::Closed => stage::open(draft, current)?,
            super::StageStatus::Open => stage::advance(draft, current)?,
            super::StageStatus::Baking { .. } => bake::advance(draft, current)?,
            super::StageStatus::Done(_) => false,
        };
        if !moved {
            return Ok(());
        }
    }
    draft.emit(Event::Succeeded)
}

/// A decision in the making.
pub(super) struct Draft<'a> {
    /// The state, with all events so far.
    pub state: &'a mut State,
    /// Now, in epoch milliseconds.
    pub at_ms: i64,
    /// Who.
    pub by: Principal,
    /// Why.
    pub reason: Option<String>,
    /// What follows so far.
    pub decision: Decision,
}

impl<'a> Draft<'a> {
    fn new(state: &'a mut State, envelope: &Envelope) -> Self {
        let at_ms = envelope.at_ms.max(state.at_ms);
        Self { state, at_ms, by: envelope.by.clone(), reason: envelope.reason.clone(), decision: Decision::default() }
    }

    /// Records an event, folds it, and asks for the effects that follow from it.
    pub fn emit(&mut self, event: Event) -> Result<(), Refusal> {
        let recorded = Recorded { at_ms: self.at_ms, by: self.by.clone(), event };
        self.cancel_before(&recorded.event);
        self.state.apply(&recorded)?;
        self.follow(&recorded.event);
        self.decision.events.push(recorded);
        Ok(())
    }

    /// Asks for an effect.
    pub fn effect(&mut self, effect: Effect) {
        self.decision.effects.push(effect);
    }

    fn cancel_before(&mut self, event: &Event) {
        if event.is_end() || matches!(event, Event::StopRequested { .. }) {
            self.cancel_running();
        }
    }

    /// Asks for the cancellation of everything in flight.
    pub fn cancel_running(&mut self) {
        let cancels: Vec<Effect> = self.state.running.iter().map(|step| self.state.cancel(*step)).collect();
        self.decision.effects.extend(cancels);
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::Created { .. } | Event::Retried { .. } => claim::ask_again(self),
            Event::StepStarted { step, .. } => self.effect(self.state.perform(*step)),
            Event::Led { .. } => {
                let outstanding = self.state.outstanding();
                self.decision.effects.extend(outstanding);
            }
            _ => {}
        }
    }

    fn finish(self) -> Decision {
        self.decision
    }
}

impl State {
    /// Every effect that must be under way in this state. After a crash these are performed again.
    pub fn outstanding(&self) -> Vec<Effect> {
        if self.end.is_some() {
            return Vec::new();
        }
        let steps = self.running.iter().map(|step| match self.stop {
            Some(_) => self.cancel(*step),
            None => self.perform(*step),
        });
        claim::wanted(self).into_iter().chain(steps).collect()
    }

    fn cancel(&self, step: crate::ids::StepId) -> Effect {
        Effect::Cancel { step, attempt: self.steps[step.index()].attempt }
    }

    fn perform(&self, step: crate::ids::StepId) -> Effect {
        Effect::Perform {
            step,
            attempt: self.steps[step.index()].attempt,
            epoch: self.epoch,
            until_ms: bake::until_ms(self, step),
        }
    }
}
