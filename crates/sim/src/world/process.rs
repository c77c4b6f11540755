//! Processes that drive: how they begin, crash, freeze, go on and leave.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    execution::{Input, State},
    ids::StepId,
};

use super::{World, queue::Item};
use crate::{fleet::Work, log::LEASE_MS};

/// A process that drives one rollout.
pub(super) struct Process {
    pub rollout: usize,
    pub epoch: u64,
    pub state: State,
    pub works: BTreeMap<(StepId, u32), (u64, Work)>,
    /// Attempts that have ended; their answers are on the way, or were given.
    pub answered: BTreeSet<(StepId, u32)>,
    pub inbox: Vec<Input>,
    pub is_alive: bool,
    /// Until when it stands still, in epoch milliseconds.
    pub frozen_until_ms: Option<i64>,
    /// When its lease ends as far as it knows, in epoch milliseconds.
    pub lease_until_ms: i64,
    /// When it began to watch, or went on after its lease was over.
    pub awake_since_ms: i64,
    /// Since when it stands still, or when its lease is over if it went on before that.
    pub frozen_since_ms: i64,
    pub last_input_ms: i64,
    pub armed: u64,
    /// Boundaries until it crashes.
    pub crash_in: Option<u64>,
}

/// Where a process may crash.
#[derive(Clone, Copy)]
pub(super) enum Boundary {
    /// It has decided and appended nothing.
    BeforeAppend,
    /// It has appended and done nothing.
    AfterAppend,
    /// It has done some effects, or all.
    InEffects,
}

impl World<'_> {
    /// The process that drives a rollout, as far as it knows itself.
    pub(super) fn driver_of(&self, rollout: usize) -> Option<usize> {
        self.processes.iter().rposition(|process| process.rollout == rollout && process.is_alive)
    }

    /// A new process takes the lease and leads, or comes back when the lease is over.
    pub(super) fn lead(&mut self, rollout: usize) {
        let is_driven = self.processes.iter().any(|process| {
            process.rollout == rollout
                && process.is_alive
                && process.epoch == self.store.logs[rollout].epoch
                && process.frozen_until_ms.is_none()
        });
        if self.store.logs[rollout].entries.is_empty() || is_driven {
            return;
        }
        let Some(state) = self.fold(rollout) else { return };
        if state.end.is_some() {
            return;
        }
        // A process that took the lease and died before it led has watched nothing.
        let log = &self.store.logs[rollout];
        let last_held_ms = if log.epoch == state.epoch { log.last_held_ms } else { 0 };
        let Some(epoch) = self.store.take_lease(rollout, self.now_ms) else {
            let at_ms = self.store.logs[rollout].lease_until_ms.max(self.now_ms + 1);
            self.queue.push(at_ms, Item::Lead { rollout });
            return;
        };
        let crash_in = self.rng.chance(self.chaos.crashes).then(|| self.rng.below(self.chaos.crash_within) + 1);
        let unobserved_ms = u64::try_from(self.now_ms - state.driven_ms.max(last_held_ms)).unwrap_or(0);
        self.stats.leads += 1;
        self.processes.push(Process {
            rollout,
            epoch,
            state,
            works: BTreeMap::new(),
            answered: BTreeSet::new(),
            inbox: Vec::new(),
            is_alive: true,
            frozen_until_ms: None,
            lease_until_ms: i64::MAX,
            awake_since_ms: self.now_ms,
            frozen_since_ms: 0,
            last_input_ms: self.now_ms,
            armed: 0,
            crash_in,
        });
        let process = self.processes.len() - 1;
        self.note(|| format!("p{process} leads r{rollout} under epoch {epoch}"));
        self.decide(process, &[Input::Lead { epoch, unobserved_ms }]);
        self.arm(process);
    }

    /// One of the boundaries at which a process may crash. Returns whether it is still there.
    pub(super) fn boundary(&mut self, process: usize, place: Boundary) -> bool {
        let Some(left) = &mut self.processes[process].crash_in else { return true };
        *left -= 1;
        if *left > 0 {
            return true;
        }
        let (word, count) = match place {
            Boundary::BeforeAppend => ("before the append", &mut self.stats.crashes_before_append),
            Boundary::AfterAppend => ("after the append", &mut self.stats.crashes_after_append),
            Boundary::InEffects => ("between the effects", &mut self.stats.crashes_in_effects),
        };
        *count += 1;
        self.note(|| format!("p{process} crashes {word}"));
        let until_ms = self.now_ms + self.rng.between(0, LEASE_MS);
        self.end_process(process, until_ms);
        let rollout = self.processes[process].rollout;
        let at_ms = self.now_ms + self.rng.between(0, 10_000);
        self.queue.push(at_ms, Item::Lead { rollout });
        false
    }

    /// The user ends the process; it gives its lease back. Somebody takes the rollout up again later.
    pub(super) fn leave(&mut self, rollout: usize) {
        let Some(process) = self.driver_of(rollout) else { return };
        if self.processes[process].frozen_until_ms.is_some() {
            return;
        }
        self.note(|| format!("p{process} leaves"));
        self.stats.leaves += 1;
        self.end_process(process, self.now_ms);
        let at_ms = self.now_ms + self.rng.between(0, 30_000);
        self.queue.push(at_ms, Item::Lead { rollout });
    }

    /// A process that may not act any more stops acting.
    pub(super) fn stand_back(&mut self, process: usize) {
        self.note(|| format!("p{process} stands back"));
        self.stats.stood_back += 1;
        self.end_process(process, self.now_ms);
    }

    /// Ends a process: all its attempts end with it.
    pub(super) fn end_process(&mut self, process: usize, lease_until_ms: i64) {
        let (now_ms, ended) = (self.now_ms, &mut self.processes[process]);
        ended.is_alive = false;
        ended.works.clear();
        ended.inbox.clear();
        let (rollout, epoch) = (ended.rollout, ended.epoch);
        let was_awake = ended.frozen_until_ms.is_none();
        // Standing still for less than a lease counts as watching: nobody could have taken over, and little is missed.
        let is_over = ended.lease_until_ms <= now_ms || !was_awake;
        let until_ms = if is_over { ended.frozen_since_ms } else { now_ms };
        self.watched[rollout].push(ended.awake_since_ms..until_ms);
        let log = &mut self.store.logs[rollout];
        if log.epoch == epoch && !is_over {
            log.lease_until_ms = lease_until_ms;
            log.last_held_ms = now_ms;
        }
    }

    /// The driving process stands still: it polls nothing, renews nothing, and does not know it.
    pub(super) fn freeze(&mut self, rollout: usize, for_ms: i64) {
        let Some(process) = self.driver_of(rollout) else { return };
        let frozen = &mut self.processes[process];
        if frozen.frozen_until_ms.is_some() {
            return;
        }
        let now_ms = self.now_ms;
        frozen.frozen_until_ms = Some(now_ms + for_ms);
        frozen.lease_until_ms = now_ms + LEASE_MS;
        frozen.frozen_since_ms = now_ms;
        let log = &mut self.store.logs[rollout];
        log.lease_until_ms = now_ms + LEASE_MS;
        log.last_held_ms = now_ms;
        self.stats.freezes += 1;
        self.note(|| format!("p{process} freezes for {for_ms} ms"));
        self.queue.push(now_ms + for_ms, Item::Thaw { process });
        let at_ms = now_ms + LEASE_MS + self.rng.between(0, 5_000);
        self.queue.push(at_ms, Item::Lead { rollout });
    }

    /// A frozen process goes on as if nothing had happened; its lease is renewed only a little later.
    pub(super) fn thaw(&mut self, process: usize) {
        let thawed = &mut self.processes[process];
        if !thawed.is_alive || thawed.frozen_until_ms.is_none() {
            return;
        }
        thawed.frozen_until_ms = None;
        if self.now_ms < thawed.lease_until_ms {
            thawed.frozen_since_ms = thawed.lease_until_ms;
        }
        self.note(|| format!("p{process} goes on"));
        let at_ms = self.now_ms + self.rng.between(0, 300);
        self.queue.push(at_ms, Item::Renew { process });
        let look_ms = self.now_ms + self.rng.between(0, 300);
        self.queue.push(look_ms, Item::Look { process });
        self.wake_soon(process);
        self.arm(process);
    }

    pub(super) fn renew(&mut self, process: usize) {
        let renewing = &mut self.processes[process];
        if !renewing.is_alive || renewing.frozen_until_ms.is_some() {
            return;
        }
        let log = &mut self.store.logs[renewing.rollout];
        if renewing.lease_until_ms <= self.now_ms {
            self.lose_lease(process);
        } else if log.epoch != renewing.epoch {
            self.stand_back(process);
        } else {
            log.lease_until_ms = i64::MAX;
            renewing.lease_until_ms = i64::MAX;
        }
    }

    /// The lease was over before it was renewed. Even when nobody took it, nobody watched: it is taken anew, and the
    /// time since then does not count for bakes.
    pub(super) fn lose_lease(&mut self, process: usize) {
        self.stand_back(process);
        let rollout = self.processes[process].rollout;
        self.queue.push(self.now_ms, Item::Lead { rollout });
    }

    /// Sets a process's timer to when its decider wants to be woken.
    pub(super) fn arm(&mut self, process: usize) {
        let armed = &mut self.processes[process];
        if !armed.is_alive || armed.frozen_until_ms.is_some() {
            return;
        }
        armed.armed += 1;
        if let Some(at_ms) = armed.state.next_wake_ms(armed.last_input_ms) {
            let item = Item::Timer { process, armed: armed.armed };
            self.queue.push(at_ms.max(self.now_ms), item);
        }
    }

    pub(super) fn wake_soon(&mut self, process: usize) {
        let at_ms = self.now_ms + self.rng.between(0, 3);
        self.queue.push(at_ms, Item::Wake { process });
    }
}
