//! Prediction: how long a stage will take, from earlier rollouts where there are any.

use std::collections::BTreeMap;

use super::TargetPlan;
use crate::{duration::Millis, ids::ServiceName};

/// How long a changed service took on one target in earlier rollouts (median), by service.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Timings(pub BTreeMap<ServiceName, Millis>);

/// Guess for a service without history: a small Deployment rolls in about this time.
const CHANGED_GUESS: Millis = Millis::secs(30);
/// Guess for reading a target back.
const UNCHANGED_GUESS: Millis = Millis::secs(1);

impl Timings {
    fn target(&self, target: &TargetPlan) -> u64 {
        let changed = target.services.iter().filter(|service| service.is_changed);
        let slowest = changed.map(|service| self.0.get(&service.service).copied().unwrap_or(CHANGED_GUESS).0).max();
        slowest.unwrap_or(0) + UNCHANGED_GUESS.0
    }

    /// How long targets take with so many at once.
    pub(super) fn stage(&self, targets: &[TargetPlan], max_concurrent: u32, bake: Millis) -> Millis {
        // Greedy, as the decider starts them: the next target goes to the slot that is free first.
        let mut slots = vec![0_u64; (max_concurrent as usize).clamp(1, targets.len().max(1))];
        for target in targets {
            if let Some(slot) = slots.iter_mut().min() {
                *slot += self.target(target);
            }
        }
        Millis(slots.into_iter().max().unwrap_or(0) + bake.0)
    }
}
