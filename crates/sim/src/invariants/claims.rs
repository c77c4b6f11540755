//! Claims (invariant 4): at most one rollout changes a service at a time, and only the process that leads it.

use super::{Findings, replay::Replay};
use crate::{
    evidence::{Evidence, Record, Violation, Written},
    fleet::Author,
};
use seaway_core::execution::Event;

const CLAIMS: &str = "one rollout at a time";

pub(super) fn write(replay: &Replay, written: &Written, author: &Author, findings: &mut Findings<'_>) {
    let write = &written.write;
    findings.require(CLAIMS, replay.has_claim, || {
        format!("{:?} of {} on {} without the claim", write.wrote, write.service, write.target)
    });
    findings.require(CLAIMS, author.epoch == replay.epoch, || {
        format!("a process of epoch {} writes on {} although epoch {} leads", author.epoch, write.target, replay.epoch)
    });
}

/// Rollouts that share a service never have the claim at the same time.
pub(super) fn overlaps(evidence: &Evidence) -> Vec<Violation> {
    let mut found = Vec::new();
    for (at, one) in evidence.rollouts.iter().enumerate() {
        for other in &evidence.rollouts[at + 1..] {
            let services = &other.frame.plan.services;
            if !one.frame.plan.services.keys().any(|service| services.contains_key(service)) {
                continue;
            }
            let mine = spans(one);
            let clash = spans(other).into_iter().find(|(a, b)| mine.iter().any(|(c, d)| a < d && c < b));
            if clash.is_some() {
                let found_text = format!("{} and {} had the claim at the same time", one.id, other.id);
                found.push(Violation { invariant: CLAIMS, found: found_text });
            }
        }
    }
    found
}

/// From the grant of each claim to the end that gave it back.
fn spans(record: &Record) -> Vec<(u64, u64)> {
    let mut spans = Vec::new();
    let mut since = None;
    for entry in &record.log {
        if entry.recorded.event == Event::ClaimGranted {
            since = Some(entry.order);
        } else if entry.recorded.event.is_end()
            && let Some(from) = since.take()
        {
            spans.push((from, entry.order));
        }
    }
    spans.extend(since.map(|from| (from, u64::MAX)));
    spans
}
