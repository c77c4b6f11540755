//! Driving: decide → append → perform, with a boundary at which the process may crash between any two.

use std::sync::Arc;

use seaway_core::{
    execution::{Effect, Envelope, Failure, FailureKind, Input, Outcome, Recorded, Refusal},
    ids::{Principal, StepId},
    plan::StepKind,
};

use super::{World, process::Boundary, queue::Item};
use crate::{
    evidence::Success,
    fleet::{Author, Job, Poll, Task, Wanted},
    log::Refused,
};

/// Who the driving process's events are by.
pub const ENGINE: &str = "seaway/engine";
/// How often a decision is made again because somebody else appended first.
const CONFLICTS_MAX: u32 = 100;
/// Every so many decisions are made twice, to see that they are the same.
const TWICE_EVERY: u64 = 16;

impl World<'_> {
    /// Reads the inbox of a process and decides everything in it at once.
    pub(super) fn wake(&mut self, process: usize) {
        if !self.is_awake(process) {
            return;
        }
        let inputs = std::mem::take(&mut self.processes[process].inbox);
        if !inputs.is_empty() {
            self.decide(process, &inputs);
            self.arm(process);
        }
    }

    pub(super) fn timer(&mut self, process: usize, armed: u64) {
        if self.is_awake(process) && self.processes[process].armed == armed {
            let epoch = self.processes[process].epoch;
            let before = self.store.order;
            self.decide(process, &[Input::Tick { epoch }]);
            let ticked = &self.processes[process];
            let wakes_at_once = ticked.state.next_wake_ms(self.now_ms).is_some_and(|at_ms| at_ms <= self.now_ms);
            if ticked.is_alive && wakes_at_once && before == self.store.order {
                self.violate("no spin", "a tick changed nothing and wants another at once");
            }
            self.arm(process);
        }
    }

    /// Folds what others appended, and decides what follows.
    pub(super) fn look(&mut self, process: usize) {
        if !self.is_awake(process) {
            return;
        }
        let looking = &mut self.processes[process];
        let log = &self.store.logs[looking.rollout];
        let fresh = log.entries.get(looking.state.seq as usize..).unwrap_or_default();
        if fresh.is_empty() {
            return;
        }
        for entry in fresh {
            if let Err(error) = looking.state.apply(&entry.recorded) {
                self.violate("fold", &error.to_string());
                return;
            }
        }
        let epoch = self.processes[process].epoch;
        self.decide(process, &[Input::Tick { epoch }]);
        self.reconcile(process);
        self.arm(process);
    }

    pub(super) fn is_awake(&self, process: usize) -> bool {
        self.processes[process].is_alive && self.processes[process].frozen_until_ms.is_none()
    }

    /// Decides all inputs, appends what follows at once, then performs.
    pub(super) fn decide(&mut self, process: usize, inputs: &[Input]) {
        for conflicts in 0..CONFLICTS_MAX {
            self.processes[process].last_input_ms = self.now_ms;
            if self.options.is_fenced && self.processes[process].lease_until_ms <= self.now_ms {
                self.lose_lease(process);
                return;
            }
            let (events, effects) = match self.handle_all(process, inputs) {
                Ok(decided) => decided,
                Err(refusal) => {
                    self.refused(process, &refusal);
                    return;
                }
            };
            if !self.boundary(process, Boundary::BeforeAppend) {
                return;
            }
            if !events.is_empty() {
                match self.append(process, &events) {
                    Ok(()) => {}
                    Err(Refused::Conflict) => {
                        self.stats.conflicts += 1;
                        let Some(state) = self.fold(self.processes[process].rollout) else { return };
                        self.processes[process].state = state;
                        continue;
                    }
                    Err(Refused::Fenced) => {
                        self.stand_back(process);
                        return;
                    }
                }
            }
            if !self.boundary(process, Boundary::AfterAppend) {
                return;
            }
            for effect in &effects {
                self.perform(process, effect);
                if !self.processes[process].is_alive || !self.boundary(process, Boundary::InEffects) {
                    return;
                }
            }
            if conflicts > 0 {
                self.reconcile(process);
            }
            self.settle(process);
            return;
        }
        self.violate("no spin", "others appended first a hundred times in a row");
    }

    fn handle_all(&mut self, process: usize, inputs: &[Input]) -> Result<(Vec<Recorded>, Vec<Effect>), Refusal> {
        let (mut events, mut effects) = (Vec::new(), Vec::new());
        for input in inputs {
            self.stats.inputs += 1;
            let state = &mut self.processes[process].state;
            if state.end.is_some() {
                break;
            }
            let (by, input) = (Principal::new(ENGINE), input.clone());
            let envelope = Envelope { at_ms: self.now_ms, by, reason: None, input };
            let twice = self
                .stats
                .inputs
                .is_multiple_of(TWICE_EVERY)
                .then(|| (self.options.decider)(&mut state.clone(), &envelope));
            let decision = (self.options.decider)(state, &envelope);
            if twice.is_some_and(|twice| twice != decision) {
                self.violate("deterministic", &format!("two decisions on {:?}", envelope.input));
            }
            let decision = decision?;
            events.extend(decision.events);
            effects.extend(decision.effects);
        }
        Ok((events, effects))
    }

    fn append(&mut self, process: usize, events: &[Recorded]) -> Result<(), Refused> {
        let (rollout, epoch) = (self.processes[process].rollout, self.processes[process].epoch);
        let expected = self.processes[process].state.seq - events.len() as u64;
        self.store.append(rollout, expected, Some(epoch), events, self.now_ms, Some(process))?;
        self.stats.events += events.len() as u64;
        self.note_events(&format!("p{process}"), rollout, events);
        Ok(())
    }

    /// What a refusal means for the process that drives.
    fn refused(&mut self, process: usize, refusal: &Refusal) {
        match refusal {
            Refusal::NotDriving { .. } | Refusal::OldEpoch { .. } | Refusal::Ended(_) => self.stand_back(process),
            other => {
                self.violate("fold", &format!("the process that drives was refused: {other}"));
                self.stand_back(process);
            }
        }
    }

    /// After a decision: an ended rollout needs no process, and another must wait for something.
    fn settle(&mut self, process: usize) {
        let settled = &self.processes[process];
        if !settled.is_alive {
            return;
        }
        if settled.state.end.is_some() {
            let is_same = self.fold(settled.rollout).is_some_and(|state| state == self.processes[process].state);
            if !is_same {
                self.violate("fold", "the events do not give the state that the process has");
            }
            self.note(|| format!("p{process} is done"));
            self.end_process(process, self.now_ms);
            return;
        }
        self.check_wait(process);
    }

    /// Makes what runs here what the state says must run.
    fn reconcile(&mut self, process: usize) {
        if !self.processes[process].is_alive {
            return;
        }
        let outstanding = self.processes[process].state.outstanding();
        let is_wanted = |key: &(StepId, u32)| {
            outstanding.iter().any(|effect| match effect {
                Effect::Perform { step, attempt, .. } | Effect::Cancel { step, attempt } => (*step, *attempt) == *key,
                Effect::Claim { .. } => false,
            })
        };
        self.processes[process].works.retain(|key, _| is_wanted(key));
        for effect in &outstanding {
            if !matches!(effect, Effect::Claim { .. }) {
                self.perform(process, effect);
            }
        }
    }

    fn perform(&mut self, process: usize, effect: &Effect) {
        match effect {
            Effect::Claim { services } => {
                // The store refuses a claim under an old lease as it refuses an append.
                if self.store.logs[self.processes[process].rollout].epoch != self.processes[process].epoch {
                    self.stand_back(process);
                    return;
                }
                let answer = self.store.claim(self.processes[process].rollout, services);
                let epoch = self.processes[process].epoch;
                self.decide(process, &[Input::Claim { epoch, answer }]);
            }
            Effect::Perform { step, attempt, epoch, until_ms } => {
                self.start(process, *step, *attempt, *epoch, *until_ms);
            }
            Effect::Cancel { step, attempt } => {
                if self.processes[process].answered.contains(&(*step, *attempt)) {
                    return;
                }
                self.processes[process].works.remove(&(*step, *attempt));
                let failure = Failure::new(FailureKind::Cancelled, "it was cancelled");
                let delay_ms = self.rng.between(0, 2_000);
                self.answer(process, *step, *attempt, Outcome::Failed(failure), delay_ms);
            }
        }
    }

    fn start(&mut self, process: usize, step: StepId, attempt: u32, epoch: u64, until_ms: Option<i64>) {
        // An attempt that was started again while its answer is on the way would go on after its own answer.
        let (known, key) = (&self.processes[process], (step, attempt));
        if known.works.contains_key(&key) || known.answered.contains(&key) {
            return;
        }
        let Some(job) = self.job(process, step, attempt, epoch, until_ms) else {
            let failure = Failure::new(FailureKind::Internal, format!("step {step} cannot be carried out"));
            self.answer(process, step, attempt, Outcome::Failed(failure), 1);
            return;
        };
        let work = self.fleet.begin(job, self.now_ms);
        self.works += 1;
        let (id, wake_ms) = (self.works, work.wake_ms);
        self.processes[process].works.insert((step, attempt), (id, work));
        self.queue.push(wake_ms, Item::Poll { process, step, attempt, work: id });
    }

    fn job(&self, process: usize, step: StepId, attempt: u32, epoch: u64, until_ms: Option<i64>) -> Option<Job> {
        let state = &self.processes[process].state;
        let frame = Arc::clone(&state.frame);
        let (target, planned) = (frame.target(frame.target_of(step)?), frame.step(step)?);
        let services = target.services.iter().filter(|service| planned.services.contains(&service.service));
        let wanted = services.map(|service| {
            let policy = frame.plan.services.get(&service.service)?;
            Some(Wanted {
                content: self.scenario.by_digest(&service.content)?,
                base: service.base.clone(),
                stable_for_ms: policy.stable_for.0 as i64,
                grace_ms: policy.pod_grace.0 as i64,
            })
        });
        let task = match planned.kind {
            StepKind::Apply => Task::Apply,
            StepKind::Wait => Task::BecomesHealthy,
            StepKind::Verify => Task::IsCurrent,
            StepKind::Bake => Task::StaysUntil(until_ms?),
        };
        Some(Job {
            target: target.name.clone(),
            author: Author { rollout: state.rollout.clone(), step, attempt, epoch },
            task,
            wanted: wanted.collect::<Option<_>>()?,
            limit_ms: planned.limit.0 as i64,
        })
    }

    /// Lets an attempt go on.
    pub(super) fn poll(&mut self, process: usize, step: StepId, attempt: u32, id: u64) {
        let polled = &mut self.processes[process];
        let may_write = !self.options.is_fenced || self.now_ms < polled.lease_until_ms;
        let Some((known, work)) = polled.works.get_mut(&(step, attempt)) else { return };
        if *known != id {
            return;
        }
        if let Some(until_ms) = polled.frozen_until_ms {
            self.queue.push(until_ms + 1, Item::Poll { process, step, attempt, work: id });
            return;
        }
        let poll = self.fleet.poll(work, self.now_ms, may_write);
        let wake_ms = work.wake_ms;
        if matches!(poll, Poll::Succeeded(_)) {
            let author = work.job.author.clone();
            self.store.order += 1;
            self.successes.push(Success { author, order: self.store.order });
        }
        self.take_writes();
        let outcome = match poll {
            Poll::Quiet => None,
            Poll::Progress(progress) => Some(Outcome::Progress(progress)),
            Poll::Succeeded(report) => Some(Outcome::Succeeded(report)),
            Poll::Failed(failure) => Some(Outcome::Failed(failure)),
        };
        if matches!(outcome, Some(Outcome::Succeeded(_) | Outcome::Failed(_))) {
            self.processes[process].works.remove(&(step, attempt));
            self.processes[process].answered.insert((step, attempt));
        } else if wake_ms < i64::MAX {
            self.queue.push(wake_ms.max(self.now_ms), Item::Poll { process, step, attempt, work: id });
        }
        if let Some(outcome) = outcome {
            self.answer(process, step, attempt, outcome, 0);
        }
    }

    /// Sends an answer to the process that asked: soon, or late, or twice.
    fn answer(&mut self, process: usize, step: StepId, attempt: u32, outcome: Outcome, delay_ms: i64) {
        let epoch = self.processes[process].epoch;
        let input = Input::Step { step, attempt, epoch, outcome };
        let mut at_ms = self.now_ms + delay_ms + self.rng.between(0, 4);
        if self.rng.chance(self.chaos.late) {
            self.stats.late += 1;
            at_ms += self.rng.between(0, 40_000);
        }
        if self.rng.chance(self.chaos.duplicates) {
            self.stats.duplicates += 1;
            let again_ms = at_ms + self.rng.between(0, 60_000);
            self.queue.push(again_ms, Item::Deliver { process, input: input.clone() });
        }
        self.queue.push(at_ms, Item::Deliver { process, input });
    }

    /// An answer arrives. One for a dead process may reach the process that drives now.
    pub(super) fn deliver(&mut self, process: usize, input: Input) {
        let receiver = match self.processes[process].is_alive {
            true => Some(process),
            false if self.rng.chance(self.chaos.leaks) => self.driver_of(self.processes[process].rollout),
            false => None,
        };
        if let Some(receiver) = receiver {
            self.processes[receiver].inbox.push(input);
            self.wake_soon(receiver);
        }
    }
}
