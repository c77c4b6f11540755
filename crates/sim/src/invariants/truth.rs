//! Truth: what a rollout says it has done is what its targets run.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use seaway_core::{
    digest::Digest,
    execution::Event,
    ids::{ServiceName, TargetName},
    plan::StepKind,
};

use super::{Facts, Findings, kind, replay::Replay};
use crate::{
    evidence::{Entry, Written},
    fleet::Wrote,
};

const TRUTH: &str = "what is said is what runs";

/// What runs where, by the fleet's own record.
#[derive(Clone)]
pub(super) struct Running {
    before: Arc<BTreeMap<(TargetName, ServiceName), Digest>>,
    changed: BTreeMap<(TargetName, ServiceName), Content>,
    /// When each target of the rollout was last seen to be as planned, on the fleet.
    verified: BTreeMap<usize, u64>,
}

#[derive(Clone)]
struct Content {
    whole: Option<Digest>,
    /// Order of the last change by other hands.
    drifted: Option<u64>,
}

impl Running {
    pub fn new(before: Arc<BTreeMap<(TargetName, ServiceName), Digest>>) -> Self {
        Self { before, changed: BTreeMap::new(), verified: BTreeMap::new() }
    }

    pub fn apply(&mut self, written: &Written) {
        let write = &written.write;
        let key = (write.target.clone(), write.service.clone());
        let before = self.before.get(&key).cloned();
        let running = self.changed.entry(key).or_insert(Content { whole: before, drifted: None });
        match write.wrote {
            Wrote::Inventory | Wrote::Object => running.whole = None,
            Wrote::Complete => *running = Content { whole: write.content.clone(), drifted: None },
            Wrote::Drift => {
                running.whole = None;
                running.drifted = Some(written.order);
            }
        }
    }

    pub fn note(&mut self, facts: &impl Facts, replay: &Replay, entry: &Entry) {
        if let Event::StepSucceeded { step, attempt, .. } = entry.recorded.event
            && kind(replay, step) == Some(StepKind::Verify)
            && let Some(target) = replay.frame.target_of(step)
        {
            let order = facts.succeeded(step, attempt, replay.epoch, entry.order);
            self.verified.insert(target, order.unwrap_or(0));
        }
    }

    /// Hashes what runs where. When a target was seen matters only once other hands have changed something.
    pub fn fingerprint(&self, to: &mut impl Hasher) {
        let Self { before: _, changed, verified } = self;
        changed.len().hash(to);
        for (place, Content { whole, drifted }) in changed {
            (place, whole, drifted).hash(to);
        }
        if changed.values().any(|content| content.drifted.is_some()) {
            verified.hash(to);
        }
    }

    fn runs(&self, target: &TargetName, service: &ServiceName) -> (Option<&Digest>, Option<u64>) {
        let key = (target.clone(), service.clone());
        match self.changed.get(&key) {
            Some(running) => (running.whole.as_ref(), running.drifted),
            None => (self.before.get(&key), None),
        }
    }
}

pub(super) fn event(replay: &Replay, running: &Running, entry: &Entry, findings: &mut Findings<'_>) {
    match &entry.recorded.event {
        Event::StageCompleted { stage, .. } => {
            if let Some(stage) = replay.frame.stage_named(stage) {
                replay.targets(stage).for_each(|target| runs(replay, running, target, findings));
            }
        }
        Event::Succeeded => {
            (0..replay.frame.target_count()).for_each(|target| runs(replay, running, target, findings));
        }
        _ => {}
    }
}

/// A verified target runs every planned content, unless other hands changed it after it was verified.
fn runs(replay: &Replay, running: &Running, target: usize, findings: &mut Findings<'_>) {
    if !replay.is_verified(target) {
        return;
    }
    let planned = replay.frame.target(target);
    let verified = running.verified.get(&target).copied().unwrap_or(0);
    for service in &planned.services {
        let (content, drifted) = running.runs(&planned.name, &service.service);
        let is_excused = drifted.is_some_and(|drifted| drifted > verified);
        findings.require(TRUTH, content == Some(&service.content) || is_excused, || {
            format!("{} counts as verified, but does not run the planned {}", planned.name, service.service)
        });
    }
}
