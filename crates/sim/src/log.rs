//! A store in memory: logs with optimistic append, leases with epochs, claims with a queue.
//!
//! It keeps the promises of the real store and no more: an append is whole or not at all, a fenced writer is
//! refused, and the claim is given back in the same moment in which the end is recorded.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    execution::{ClaimAnswer, FoldError, Frame, Recorded, State},
    ids::{RolloutId, ServiceName},
};

use crate::evidence::Entry;

/// How long a lease holds without renewal, in milliseconds.
pub const LEASE_MS: i64 = 3_000;

/// Why nothing was appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Somebody else appended first.
    Conflict,
    /// Another process has the lease.
    Fenced,
}

/// One rollout's log and lease.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its id.
    pub id: RolloutId,
    /// Its plan.
    pub frame: Arc<Frame>,
    /// Its events.
    pub entries: Vec<Entry>,
    /// Newest lease epoch; 0 = none was ever given.
    pub epoch: u64,
    /// When the lease ends unless it is renewed, in epoch milliseconds; `i64::MAX` = it is being renewed.
    pub lease_until_ms: i64,
    /// When somebody last held the lease, in epoch milliseconds.
    pub last_held_ms: i64,
}

/// All rollouts and who may change what.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// The logs, in the order in which the rollouts were started.
    pub logs: Vec<Log>,
    /// Place of the newest thing that happened.
    pub order: u64,
    claims: BTreeMap<ServiceName, usize>,
    queue: Vec<(usize, Vec<ServiceName>)>,
}

impl Store {
    /// A rollout without events.
    pub fn create(&mut self, id: RolloutId, frame: Arc<Frame>) -> usize {
        self.logs.push(Log { id, frame, entries: Vec::new(), epoch: 0, lease_until_ms: 0, last_held_ms: 0 });
        self.logs.len() - 1
    }

    /// Appends all events or none.
    ///
    /// # Errors
    /// [`Refused`]; nothing was appended then.
    pub fn append(
        &mut self,
        rollout: usize,
        expected_seq: u64,
        fence: Option<u64>,
        events: &[Recorded],
        at_ms: i64,
        process: Option<usize>,
    ) -> Result<(), Refused> {
        let log = &mut self.logs[rollout];
        if fence.is_some_and(|epoch| epoch != log.epoch) {
            return Err(Refused::Fenced);
        }
        if log.entries.len() as u64 != expected_seq {
            return Err(Refused::Conflict);
        }
        let mut has_ended = false;
        for recorded in events {
            self.order += 1;
            has_ended |= recorded.event.is_end();
            log.entries.push(Entry { recorded: recorded.clone(), order: self.order, at_ms, process });
        }
        if has_ended {
            self.claims.retain(|_, owner| *owner != rollout);
            self.queue.retain(|(owner, _)| *owner != rollout);
        }
        Ok(())
    }

    /// The state that a log folds to, with rules of its own when those of a test are not the plan's.
    ///
    /// # Errors
    /// When the log does not fit the plan.
    pub fn state(&self, rollout: usize, frame: &Arc<Frame>) -> Result<State, FoldError> {
        let log = &self.logs[rollout];
        let mut state = State::empty(log.id.clone(), Arc::clone(frame));
        log.entries.iter().try_for_each(|entry| state.apply(&entry.recorded))?;
        Ok(state)
    }

    /// Gives a new lease when the old one is over; `None` = somebody holds it.
    pub fn take_lease(&mut self, rollout: usize, now_ms: i64) -> Option<u64> {
        let log = &mut self.logs[rollout];
        if log.lease_until_ms > now_ms {
            return None;
        }
        log.epoch += 1;
        log.lease_until_ms = i64::MAX;
        Some(log.epoch)
    }

    /// Asks for the sole right to change services: all or none, first come, first served.
    pub fn claim(&mut self, rollout: usize, services: &[ServiceName]) -> ClaimAnswer {
        if services.iter().all(|service| self.claims.get(service) == Some(&rollout)) {
            return ClaimAnswer::Granted;
        }
        if !self.queue.iter().any(|(owner, _)| *owner == rollout) {
            self.queue.push((rollout, services.to_vec()));
        }
        let place = self.queue.iter().position(|(owner, _)| *owner == rollout).unwrap_or(0);
        let holder = services.iter().find_map(|service| self.claims.get(service)).filter(|owner| **owner != rollout);
        let before = self.queue[..place].iter().find(|(_, theirs)| theirs.iter().any(|s| services.contains(s)));
        match holder.copied().or(before.map(|(owner, _)| *owner)) {
            None => {
                self.queue.remove(place);
                self.claims.extend(services.iter().map(|service| (service.clone(), rollout)));
                ClaimAnswer::Granted
            }
            Some(by) => {
                let ahead =
                    self.queue[..place].iter().filter(|(_, theirs)| theirs.iter().any(|s| services.contains(s)));
                ClaimAnswer::Held { by: self.logs[by].id.clone(), position: ahead.count() as u32 + 1 }
            }
        }
    }
}
