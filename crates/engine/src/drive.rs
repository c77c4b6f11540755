//! The loop that drives one rollout: inputs in, decide, append, perform.
//!
//! Nothing is performed before its event is in the store. When an append fails, nothing of that decision
//! happened; when it conflicts, somebody else appended first, and the decision is made again on the newer state.

use std::{sync::Arc, time::Duration};

use seaway_core::{
    execution::{ClaimAnswer, Effect, Envelope, Input, Outcome, Phase, Recorded, Refusal, State, handle},
    ids::{Principal, RolloutId},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, journal, lease::Held, perform::Performer};

/// Who the engine's own events are by.
pub const ENGINE: &str = "seaway/engine";
/// How often the store is asked whether another process appended, such as an approval.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Inputs that are decided, and appended in one transaction, at most at once. Bounds the size of a transaction.
const BATCH: usize = 512;
/// How often a decision is made again because another process appended first.
const CONFLICTS_MAX: u32 = 100;

/// Sees each state after its events are in the store.
pub type Observer<'a> = dyn FnMut(&State, &[Recorded]) + Send + 'a;

/// How driving ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// The rollout has ended.
    Ended,
    /// The caller wanted to leave; the rollout rests.
    Asked,
}

/// An input and where its answer goes back to the queue, as the performer sends it.
pub(crate) type Inbox = mpsc::UnboundedReceiver<Input>;

impl Engine {
    /// Drives a rollout until it ends, or until `leave` is cancelled. Then nothing is left in flight, and the lease
    /// is given back so that the next process is at work at once.
    ///
    /// # Errors
    /// [`Error::Driven`] when another process drives it, [`Error::LostLease`] when one took over, and store errors.
    /// In each case this process has stopped acting.
    pub async fn drive(
        &self,
        rollout: &RolloutId,
        observer: &mut Observer<'_>,
        leave: CancellationToken,
    ) -> Result<(State, Left), Error> {
        loop {
            match self.drive_once(rollout, observer, leave.clone()).await {
                // Unless somebody else has it now, the lease is taken anew and what nobody watched is made up for.
                Err(Error::Stalled(_)) => {}
                other => return other,
            }
        }
    }

    /// Drives under one lease.
    async fn drive_once(
        &self,
        rollout: &RolloutId,
        observer: &mut Observer<'_>,
        leave: CancellationToken,
    ) -> Result<(State, Left), Error> {
        let state = self.state(rollout).await?;
        if state.end.is_some() {
            observer(&state, &[]);
            return Ok((state, Left::Ended));
        }
        let (lease, last_held) =
            Held::take(&self.store, rollout, &self.holder, self.wall.now_ms(), self.lease_ttl).await?;
        // What was appended between the first look and the lease.
        let state = self.state(rollout).await?;
        let (sender, inbox) = mpsc::unbounded_channel();
        let performer = Performer::new(self, &state, lease.fence(), sender);
        // A process that took the lease and died before it led has watched nothing.
        let last_held_ms = last_held.filter(|(epoch, _)| *epoch == state.epoch).map(|(_, at_ms)| at_ms);
        let last_seen_ms = last_held_ms.unwrap_or(i64::MIN).max(state.driven_ms);
        let mut driving = Driving { engine: self, state, lease, performer, observer, phase: None, last_input_ms: 0 };
        let result = driving.run(inbox, last_seen_ms, leave).await;
        driving.performer.abort_all().await;
        let released = self.store.release_lease(&driving.lease.lease.fence()).await;
        let left = result?;
        self.remember_timings(&driving.state).await?;
        match released {
            Ok(()) | Err(seaway_store::Error::Fenced { .. }) => Ok((driving.state, left)),
            Err(error) => Err(error.into()),
        }
    }
}

struct Driving<'a, 'o> {
    engine: &'a Engine,
    state: State,
    lease: Held,
    performer: Performer,
    observer: &'a mut Observer<'o>,
    /// Phase that the index of rollouts shows.
    phase: Option<Phase>,
    /// When the decider last got an input from this process, in epoch milliseconds.
    last_input_ms: i64,
}

impl Driving<'_, '_> {
    async fn run(&mut self, mut inbox: Inbox, last_seen_ms: i64, leave: CancellationToken) -> Result<Left, Error> {
        if self.state.end.is_some() {
            return Ok(Left::Ended);
        }
        let unobserved_ms = u64::try_from(self.engine.clock.now_ms().saturating_sub(last_seen_ms)).unwrap_or(0);
        self.decide(vec![Input::Lead { epoch: self.lease.lease.epoch, unobserved_ms }]).await?;
        let mut renew = tokio::time::interval(self.lease.renew_every());
        let mut look = tokio::time::interval(LOOK_EVERY);
        for timer in [&mut renew, &mut look] {
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        let mut seen = self.engine.store.watch_token().await?;
        while self.state.end.is_none() {
            let wake_ms = self.state.next_wake_ms(self.last_input_ms);
            tokio::select! {
                biased;
                () = leave.cancelled() => return Ok(Left::Asked),
                _ = renew.tick() => self.lease.renew(&self.engine.store, &self.state.rollout, self.engine.wall.now_ms()).await?,
                Some(first) = inbox.recv() => {
                    let mut inputs = vec![first];
                    while inputs.len() < BATCH && let Ok(next) = inbox.try_recv() {
                        inputs.push(next);
                    }
                    self.decide(latest_progress(inputs)).await?;
                }
                () = self.engine.clock.sleep_until(wake_ms.unwrap_or(i64::MAX)), if wake_ms.is_some() => {
                    self.tick().await?;
                }
                _ = look.tick() => {
                    let token = self.engine.store.watch_token().await?;
                    if token != seen {
                        seen = token;
                        self.look().await?;
                    }
                }
            }
        }
        Ok(Left::Ended)
    }

    async fn tick(&mut self) -> Result<(), Error> {
        self.decide(vec![Input::Tick { epoch: self.lease.lease.epoch }]).await
    }

    /// Folds what other processes appended, and decides what follows.
    async fn look(&mut self) -> Result<(), Error> {
        let fresh = journal::catch_up(&self.engine.store, &mut self.state).await?;
        if fresh.is_empty() {
            return Ok(());
        }
        (self.observer)(&self.state, &fresh);
        self.tick().await?;
        self.reconcile();
        Ok(())
    }

    /// Reads the state again after a decision that was not appended, and shows what others appended since `seen_seq`.
    async fn start_over(&mut self, seen_seq: u64) -> Result<(), Error> {
        let mut state = State::empty(self.state.rollout.clone(), Arc::clone(&self.state.frame));
        let mut fresh = journal::catch_up(&self.engine.store, &mut state).await?;
        fresh.drain(..fresh.len().min(usize::try_from(seen_seq).unwrap_or(usize::MAX)));
        self.state = state;
        (self.observer)(&self.state, &fresh);
        Ok(())
    }

    /// Decides all inputs, appends what follows in one transaction, then performs.
    async fn decide(&mut self, inputs: Vec<Input>) -> Result<(), Error> {
        for conflicts in 0..CONFLICTS_MAX {
            self.lease.require(&self.state.rollout)?;
            self.last_input_ms = self.engine.clock.now_ms();
            let (events, effects) = self.handle_all(&inputs)?;
            if !events.is_empty() {
                let fence = self.lease.lease.fence();
                let appended =
                    journal::append(&self.engine.store, &self.state, &events, Some(&fence), self.phase).await;
                match appended {
                    Ok(()) => {}
                    Err(Error::Store(seaway_store::Error::Conflict { .. })) => {
                        self.start_over(self.state.seq - events.len() as u64).await?;
                        continue;
                    }
                    Err(Error::Store(seaway_store::Error::Fenced { .. })) => {
                        return Err(Error::LostLease(self.state.rollout.clone()));
                    }
                    Err(error) => return Err(error),
                }
                self.phase = Some(self.state.phase());
                (self.observer)(&self.state, &events);
            }
            for effect in effects {
                self.perform(effect).await?;
            }
            if conflicts > 0 {
                self.reconcile();
            }
            return Ok(());
        }
        Err(Error::Record {
            rollout: self.state.rollout.to_string(),
            why: format!("other processes appended first {CONFLICTS_MAX} times in a row"),
        })
    }

    fn handle_all(&mut self, inputs: &[Input]) -> Result<(Vec<Recorded>, Vec<Effect>), Error> {
        let (mut events, mut effects) = (Vec::new(), Vec::new());
        for input in inputs {
            let envelope = Envelope {
                at_ms: self.engine.clock.now_ms(),
                by: Principal::new(ENGINE),
                reason: None,
                input: input.clone(),
            };
            if self.state.end.is_some() {
                break;
            }
            let decision = handle(&mut self.state, &envelope).map_err(|refusal| match refusal {
                Refusal::NotDriving { .. } | Refusal::OldEpoch { .. } => Error::LostLease(self.state.rollout.clone()),
                other => other.into(),
            })?;
            events.extend(decision.events);
            effects.extend(decision.effects);
        }
        Ok((events, effects))
    }

    /// Makes what runs here what the state says must run: after events of others, whose effects only they saw.
    fn reconcile(&mut self) {
        let outstanding = self.state.outstanding();
        self.performer.retain(&outstanding);
        for effect in outstanding {
            match effect {
                Effect::Perform { .. } | Effect::Cancel { .. } => self.performer.perform(&self.state, &effect),
                // Asked again by the decider's own timer.
                Effect::Claim { .. } => {}
            }
        }
    }

    async fn perform(&mut self, effect: Effect) -> Result<(), Error> {
        match &effect {
            Effect::Claim { .. } => {
                let answer = self.claim().await?;
                Box::pin(self.decide(vec![Input::Claim { epoch: self.lease.lease.epoch, answer }])).await
            }
            Effect::Perform { .. } | Effect::Cancel { .. } => {
                self.performer.perform(&self.state, &effect);
                Ok(())
            }
        }
    }

    /// Asks the store for the claim; takes a place in the queue when another rollout has it.
    async fn claim(&self) -> Result<ClaimAnswer, Error> {
        let plan = &self.state.frame.plan;
        let keys: Vec<String> = plan.services.keys().map(|service| format!("{}/{service}", plan.environment)).collect();
        let owner = self.state.rollout.to_string();
        let store = &self.engine.store;
        store.enqueue_claim(&keys, &owner, self.engine.clock.now_ms()).await?;
        match store.claim(&keys, &owner).await {
            Ok(()) => Ok(ClaimAnswer::Granted),
            Err(seaway_store::Error::Claimed { key, by, .. }) => {
                let queue = store.queue(&key).await?;
                let position =
                    queue.iter().find(|waiting| waiting.owner == owner).map_or(1, |waiting| waiting.position);
                Ok(ClaimAnswer::Held { by: RolloutId::new(by), position: u32::try_from(position).unwrap_or(u32::MAX) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Drops progress that newer progress of the same attempt replaces.
fn latest_progress(inputs: Vec<Input>) -> Vec<Input> {
    let mut kept: Vec<Input> = Vec::with_capacity(inputs.len());
    let mut seen = std::collections::HashSet::new();
    for input in inputs.into_iter().rev() {
        let replaced = match &input {
            Input::Step { step, attempt, outcome: Outcome::Progress(_), .. } => !seen.insert((*step, *attempt)),
            _ => false,
        };
        if !replaced {
            kept.push(input);
        }
    }
    kept.reverse();
    kept
}

impl Engine {
    /// The state of a rollout by its record.
    ///
    /// # Errors
    /// When it does not exist or cannot be read.
    pub async fn state(&self, rollout: &RolloutId) -> Result<State, Error> {
        let frame = self.frame(rollout).await?;
        journal::load(&self.store, rollout, frame).await
    }

    /// Shows a rollout as others move it, until it ends or `leave` is cancelled. Changes nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn follow(
        &self,
        rollout: &RolloutId,
        observer: &mut Observer<'_>,
        leave: CancellationToken,
    ) -> Result<(State, Left), Error> {
        let mut state = self.state(rollout).await?;
        observer(&state, &[]);
        let mut seen = self.store.watch_token().await?;
        while state.end.is_none() {
            tokio::select! {
                () = leave.cancelled() => return Ok((state, Left::Asked)),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let token = self.store.watch_token().await?;
            if token != seen {
                seen = token;
                let fresh = journal::catch_up(&self.store, &mut state).await?;
                if !fresh.is_empty() {
                    observer(&state, &fresh);
                }
            }
        }
        Ok((state, Left::Ended))
    }

    /// Whether some process drives the rollout, and which.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn driver_of(&self, rollout: &RolloutId) -> Result<Option<String>, Error> {
        Held::current(&self.store, rollout, self.wall.now_ms()).await
    }

    /// The frame of a rollout's plan, read once per process.
    pub(crate) async fn frame(&self, rollout: &RolloutId) -> Result<Arc<seaway_core::execution::Frame>, Error> {
        let row = self.store.rollout(rollout.as_str()).await.map_err(|error| match error {
            seaway_store::Error::NotFound { .. } => Error::NotFound {
                what: "rollout",
                name: rollout.to_string(),
                hint: "; `seaway rollout list` shows all".to_owned(),
            },
            other => other.into(),
        })?;
        self.frame_of(&row.plan).await
    }
}
