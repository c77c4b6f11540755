//! The invariants, checked on what a run left behind. Nothing here asks the decider.
//!
//! Each rule sees every event and every write in the order in which they happened, with a plain reading of the
//! events before it.

mod claims;
mod fingerprint;
mod gates;
mod order;
mod pace;
mod people;
mod plan;
mod radius;
mod replay;
mod steps;
mod truth;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    digest::Digest,
    execution::Frame,
    ids::{RolloutId, ServiceName, StepId, TargetName},
    plan::StepKind,
};

use crate::evidence::{Entry, Evidence, Record, Violation, Written};
use replay::Replay;
use truth::Running;

/// What is known besides the events and the writes.
pub trait Facts {
    /// When, at the latest before an order, an attempt really succeeded on the fleet; `None` = it did not.
    fn succeeded(&self, step: StepId, attempt: u32, epoch: u64, before: u64) -> Option<u64>;

    /// For how much of a time a process watched, in milliseconds.
    fn watched_ms(&self, from_ms: i64, to_ms: i64) -> i64;
}

/// Collects what must never happen, and did.
struct Findings<'a> {
    rollout: &'a RolloutId,
    found: &'a mut Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, invariant: &'static str, found: impl std::fmt::Display) {
        self.found.push(Violation { invariant, found: format!("{}: {found}", self.rollout) });
    }

    fn require(&mut self, invariant: &'static str, holds: bool, found: impl FnOnce() -> String) {
        if !holds {
            self.add(invariant, found());
        }
    }
}

/// Goes through the events of one rollout and the writes of all, in the order in which they happened.
#[derive(Clone)]
pub struct Walk {
    rollout: RolloutId,
    replay: Replay,
    running: Running,
    last_order: u64,
    last_at_ms: i64,
    found: Vec<Violation>,
}

impl Walk {
    /// Before the first event. `before` is what ran where.
    pub fn new(
        rollout: RolloutId,
        frame: Arc<Frame>,
        before: Arc<BTreeMap<(TargetName, ServiceName), Digest>>,
    ) -> Self {
        let (replay, running) = (Replay::new(frame), Running::new(before));
        Self { rollout, replay, running, last_order: 0, last_at_ms: 0, found: Vec::new() }
    }

    /// The next event.
    pub fn event(&mut self, facts: &impl Facts, entry: &Entry) {
        let replay = &self.replay;
        let mut findings = Findings { rollout: &self.rollout, found: &mut self.found };
        let is_next = entry.order > self.last_order && entry.recorded.at_ms >= self.last_at_ms;
        findings.require("nothing lost", is_next, || format!("{} is out of its place", entry.recorded.event.kind()));
        people::event(replay, entry, &mut findings);
        steps::event(facts, replay, entry, &mut findings);
        order::event(facts, replay, entry, &mut findings);
        radius::before(replay, entry, &mut findings);
        gates::event(replay, entry, &mut findings);
        plan::event(replay, entry, &mut findings);
        truth::event(replay, &self.running, entry, &mut findings);
        self.replay.apply(entry);
        self.running.note(facts, &self.replay, entry);
        radius::after(&self.replay, entry, &mut findings);
        (self.last_order, self.last_at_ms) = (entry.order, entry.recorded.at_ms);
    }

    /// The process that drives has decided; nothing more follows from what it knew.
    pub fn decided(&mut self, at_ms: i64) {
        let mut findings = Findings { rollout: &self.rollout, found: &mut self.found };
        pace::after_decision(&self.replay, at_ms, &mut findings);
    }

    /// The next write on the fleet, of any rollout.
    pub fn write(&mut self, written: &Written) {
        if let Some(author) = written.write.author.as_ref().filter(|author| author.rollout == self.rollout) {
            let mut findings = Findings { rollout: &self.rollout, found: &mut self.found };
            claims::write(&self.replay, written, author, &mut findings);
            plan::write(&self.replay, written, author, &mut findings);
            order::write(&self.replay, written, author, &mut findings);
            people::write(&self.replay, written, &mut findings);
        }
        self.running.apply(written);
    }

    /// Everything that must never happen, and did so far.
    pub fn found(&self) -> &[Violation] {
        &self.found
    }
}

/// Everything that must never happen, and did.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = claims::overlaps(evidence);
    let before = Arc::new(evidence.before.clone());
    for record in &evidence.rollouts {
        let facts = Recorded { evidence, record };
        let mut walk = Walk::new(record.id.clone(), Arc::clone(&record.frame), Arc::clone(&before));
        let mut writes = evidence.writes.iter().peekable();
        for (at, entry) in record.log.iter().enumerate() {
            while let Some(written) = writes.next_if(|written| written.order < entry.order) {
                walk.write(written);
            }
            walk.event(&facts, entry);
            let next = record.log.get(at + 1);
            let is_last = next.is_none_or(|next| (next.process, next.at_ms) != (entry.process, entry.at_ms));
            if is_last && entry.process.is_some() {
                walk.decided(entry.recorded.at_ms);
            }
        }
        writes.for_each(|written| walk.write(written));
        found.append(&mut walk.found);
    }
    found
}

/// Facts by what a run left behind.
struct Recorded<'a> {
    evidence: &'a Evidence,
    record: &'a Record,
}

impl Facts for Recorded<'_> {
    fn succeeded(&self, step: StepId, attempt: u32, epoch: u64, before: u64) -> Option<u64> {
        let successes = self.evidence.successes.iter().rev().skip_while(|success| success.order >= before);
        let mut mine = successes.filter(|success| {
            let author = &success.author;
            (author.step, author.attempt, author.epoch) == (step, attempt, epoch) && author.rollout == self.record.id
        });
        mine.next().map(|success| success.order)
    }

    fn watched_ms(&self, from_ms: i64, to_ms: i64) -> i64 {
        order::watched(&self.record.watched, from_ms, to_ms)
    }
}

/// Kind of a step; `None` = the plan has no such step.
fn kind(replay: &Replay, step: StepId) -> Option<StepKind> {
    replay.frame.step(step).map(|step| step.kind)
}
