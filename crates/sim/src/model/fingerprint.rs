//! Fingerprints: nodes that go on in the same way look the same.
//!
//! Times count relative to now, and only where something still waits for them. Who did something, when, why and with
//! which words is left out: no rule reads it. The search takes samples to see that this is so.

use std::hash::{DefaultHasher, Hash, Hasher};

use seaway_core::execution::{StageState, StageStatus, State, StepState, StepStatus, TargetState};

use super::{Node, node::Success};

impl Node {
    /// The fingerprint.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let to = &mut hasher;
        let Self { state, walk, now_ms, order: _, is_driven, left_ms, has_news, has_claim, .. } = self;
        let Self { works, answers, answered, runs, successes, unwatched_ms, spent, wrong, .. } = self;
        hash_state(state, *now_ms, to);
        walk.fingerprint(*now_ms, to);
        (is_driven, has_news, has_claim, unwatched_ms, spent, wrong.len()).hash(to);
        if !is_driven {
            (now_ms - left_ms).hash(to);
        }
        works.len().hash(to);
        for work in works {
            (work.step, work.attempt, work.epoch, work.has_written, work.until_ms.max(*now_ms) - now_ms).hash(to);
        }
        (answers, answered, runs).hash(to);
        for Success { step, attempt, epoch, order } in successes {
            (step, attempt, epoch, walk.is_since_start(*step, *order)).hash(to);
        }
        hasher.finish()
    }
}

fn hash_state(state: &State, now_ms: i64, to: &mut DefaultHasher) {
    // Named one by one, so that a new field is thought about.
    let State {
        rollout: _, frame: _, seq: _, created_ms: _, at_ms: _, driven_ms: _, by: _, epoch, claim, paused, ..
    } = state;
    let State { stop, end, stages, targets, steps, running, retrying, ready, .. } = state;
    (epoch, claim, paused.is_some(), stop.is_some(), end).hash(to);
    for stage in stages {
        let StageState { status, approvals, pending, running, verified, failed, opened_ms: _, done_ms: _ } = stage;
        match status {
            StageStatus::Baking { until_ms } => (1_u8, until_ms - now_ms).hash(to),
            StageStatus::Closed | StageStatus::Open | StageStatus::Done(_) => (0_u8, status).hash(to),
        }
        approvals.keys().for_each(|who| who.hash(to));
        (approvals.len(), pending, running, verified, failed).hash(to);
    }
    for TargetState { status, started_ms: _, ended_ms: _ } in targets {
        status.hash(to);
    }
    for step in steps {
        hash_step(step, now_ms, to);
    }
    (running, ready, retrying.len()).hash(to);
    for (at_ms, step) in retrying {
        (at_ms - now_ms, step).hash(to);
    }
}

fn hash_step(step: &StepState, now_ms: i64, to: &mut DefaultHasher) {
    let StepState { status, attempt, trying_since_ms, started_ms: _, deadline_ms, ended_ms: _, .. } = step;
    let StepState { progress: _, failure: _, report: _, .. } = step;
    attempt.hash(to);
    match status {
        StepStatus::Running => (1_u8, deadline_ms - now_ms).hash(to),
        StepStatus::Retrying { at_ms } => (2_u8, at_ms - now_ms).hash(to),
        StepStatus::Pending | StepStatus::Succeeded | StepStatus::Failed => (0_u8, status).hash(to),
    }
    if !matches!(status, StepStatus::Succeeded | StepStatus::Failed) {
        trying_since_ms.map(|since_ms| since_ms - now_ms).hash(to);
    }
}
