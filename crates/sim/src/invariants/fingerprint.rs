//! What the checker knows, as far as it matters for what comes: for searches that meet the same state on many ways.

use std::hash::{Hash, Hasher};

use seaway_core::ids::StepId;

use super::{
    Walk,
    replay::{Replay, Stage, Step},
};

impl Walk {
    /// Hashes what is known, with times relative to now.
    pub(crate) fn fingerprint(&self, now_ms: i64, to: &mut impl Hasher) {
        let Self { rollout: _, replay, running, last_order: _, last_at_ms: _, found } = self;
        hash_replay(replay, now_ms, to);
        running.fingerprint(to);
        found.len().hash(to);
    }

    /// Whether a place among everything that happened is after the start, or the last takeover, of a step's attempt.
    pub(crate) fn is_since_start(&self, step: StepId, order: u64) -> bool {
        self.replay.since_order.get(step.index()).is_some_and(|since| order >= *since)
    }
}

fn hash_replay(replay: &Replay, now_ms: i64, to: &mut impl Hasher) {
    // Named one by one, so that a new field is thought about.
    let Replay { frame: _, steps, attempts, since_ms, since_order: _, stages, approvals, epoch, has_claim, .. } =
        replay;
    let Replay { to_read_again, is_paused, is_stopping, end, .. } = replay;
    (attempts, approvals, epoch, has_claim, to_read_again, is_paused, is_stopping, end).hash(to);
    for (step, since_ms) in steps.iter().zip(since_ms) {
        match step {
            Step::Idle => 0_u8.hash(to),
            Step::Running => (1_u8, since_ms - now_ms).hash(to),
            Step::Backoff { until_ms } => (2_u8, until_ms - now_ms).hash(to),
            Step::Done => 3_u8.hash(to),
            Step::Failed => 4_u8.hash(to),
        }
    }
    for stage in stages {
        match stage {
            Stage::Closed => 0_u8.hash(to),
            Stage::Open => 1_u8.hash(to),
            Stage::Baking { from_ms } => (2_u8, from_ms - now_ms).hash(to),
            Stage::Done(end) => (3_u8, end).hash(to),
        }
    }
}
