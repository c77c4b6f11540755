//! A model of one rollout for exhaustive search: every order in which answers, time, people and faults can come.
//!
//! The decider is the real one, and so are the fold and the checker of the invariants. What is around them is reduced
//! to what can happen: an attempt succeeds or fails, an answer arrives, arrives twice or reaches the next process,
//! time passes until something wants it, a process dies between any two effects, people give commands. Each fault has
//! a budget, so that the search ends.
//!
//! Left out, and left to the seeded schedules: processes that decide by an old state until their append is refused,
//! processes that stand still, changes by other hands, progress reports, several services.

mod drive;
mod fingerprint;
mod moves;
mod node;
mod perform;
mod search;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    digest::Digest,
    execution::{FoldError, Frame},
    ids::{RolloutId, ServiceName, TargetName},
};

pub use drive::Made;
pub use moves::{Fault, Move, What};
pub use node::Node;
pub use search::{Broken, Report, search};

use crate::{fixture::Scenario, world::Decider};

/// How many faults may happen on the way to one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Of each kind, in the order of [`Fault::ALL`].
    pub each: [u8; Fault::ALL.len()],
    /// Of all kinds together.
    pub all: u8,
}

/// One rollout, and what can happen to it.
pub struct Model {
    frame: Arc<Frame>,
    before: Arc<BTreeMap<(TargetName, ServiceName), Digest>>,
    rollout: RolloutId,
    decider: Decider,
    bounds: Bounds,
}

impl Model {
    /// The rollout of version 1 of everything in a scenario.
    ///
    /// # Errors
    /// When the plan cannot run.
    pub fn new(scenario: &Scenario, decider: Decider, bounds: Bounds) -> Result<Self, FoldError> {
        let plan = scenario.plan(&scenario.fleet, &scenario.service_names(), 1, 0);
        let before = Arc::new(scenario.fleet.all_runs());
        Ok(Self { frame: Frame::new(plan)?, before, rollout: RolloutId::new("r0"), decider, bounds })
    }

    /// Whether one more fault of a kind may happen.
    fn may(&self, node: &Node, fault: Fault) -> bool {
        let spent: u8 = node.spent.iter().sum();
        spent < self.bounds.all && node.spent[fault as usize] < self.bounds.each[fault as usize]
    }
}
