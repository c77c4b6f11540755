//! The invariants, checked on what a run left behind. Nothing here asks the decider.
//!
//! Each rule sees every event and every write in the order in which they happened, with a plain reading of the
//! events before it.

mod claims;
mod gates;
mod order;
mod pace;
mod people;
mod plan;
mod radius;
mod replay;
mod steps;
mod truth;

use seaway_core::plan::StepKind;

use crate::evidence::{Entry, Evidence, Record, Violation, Written};
use replay::Replay;
use truth::World;

/// Collects what must never happen, and did.
pub(crate) struct Findings<'a> {
    record: &'a Record,
    found: Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, invariant: &'static str, found: impl std::fmt::Display) {
        self.found.push(Violation { invariant, found: format!("{}: {found}", self.record.id) });
    }

    fn require(&mut self, invariant: &'static str, holds: bool, found: impl FnOnce() -> String) {
        if !holds {
            self.add(invariant, found());
        }
    }
}

/// Everything that must never happen, and did.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let mut found = claims::overlaps(evidence);
    for record in &evidence.rollouts {
        let mut findings = Findings { record, found: Vec::new() };
        walk(evidence, record, &mut findings);
        found.append(&mut findings.found);
    }
    found
}

/// Goes through the events of one rollout and the writes of all, in order.
fn walk(evidence: &Evidence, record: &Record, findings: &mut Findings<'_>) {
    let mut replay = Replay::new(std::sync::Arc::clone(&record.frame));
    let mut world = World::new(&evidence.before);
    let mut writes = evidence.writes.iter().peekable();
    let mut last_order = 0;
    for (at, entry) in record.log.iter().enumerate() {
        while let Some(written) = writes.next_if(|written| written.order < entry.order) {
            write(&replay, written, findings);
            world.apply(written);
        }
        findings.require("nothing lost", entry.order > last_order, || format!("event {at} is out of its place"));
        last_order = entry.order;
        event(evidence, &replay, &world, entry, findings);
        replay.apply(entry);
        world.note(evidence, record, &replay, entry);
        radius::after(&replay, entry, findings);
        let next = record.log.get(at + 1);
        let is_last = next.is_none_or(|next| (next.process, next.at_ms) != (entry.process, entry.at_ms));
        if is_last && entry.process.is_some() {
            pace::after_decision(&replay, entry, findings);
        }
    }
    for written in writes {
        write(&replay, written, findings);
    }
}

fn event(evidence: &Evidence, replay: &Replay, world: &World, entry: &Entry, findings: &mut Findings<'_>) {
    people::event(replay, entry, findings);
    steps::event(evidence, replay, entry, findings);
    order::event(replay, entry, findings);
    radius::before(replay, entry, findings);
    gates::event(replay, entry, findings);
    plan::event(replay, entry, findings);
    truth::event(replay, world, entry, findings);
}

fn write(replay: &Replay, written: &Written, findings: &mut Findings<'_>) {
    let Some(author) = &written.write.author else { return };
    if author.rollout != findings.record.id {
        return;
    }
    claims::write(replay, written, author, findings);
    plan::write(replay, written, author, findings);
    order::write(replay, written, author, findings);
    people::write(replay, written, findings);
}

/// Kind of a step; `None` = the plan has no such step.
fn kind(replay: &Replay, step: seaway_core::ids::StepId) -> Option<StepKind> {
    replay.frame.step(step).map(|step| step.kind)
}
