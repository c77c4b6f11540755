//! What a run leaves behind: the record of each rollout, and the fleet's own record of what was written.
//!
//! The order of things is kept in one count over all records and writes, because many happen in one millisecond.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use seaway_core::{
    digest::Digest,
    execution::{Frame, Recorded},
    ids::{RolloutId, ServiceName, TargetName},
};

use crate::fleet::{Author, Write};

/// An event in the store.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The event.
    pub recorded: Recorded,
    /// Place among everything that happened.
    pub order: u64,
    /// When it was appended, in epoch milliseconds.
    pub at_ms: i64,
    /// Process that appended it; `None` = a person's.
    pub process: Option<usize>,
}

/// A write on the fleet.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// The write.
    pub write: Write,
    /// Place among everything that happened.
    pub order: u64,
}

/// An attempt that really succeeded on the fleet, whatever became of its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Success {
    /// Which attempt.
    pub author: Author,
    /// Place among everything that happened.
    pub order: u64,
}

/// One rollout.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RolloutId,
    /// Its plan, as it was approved.
    pub frame: Arc<Frame>,
    /// Its events.
    pub log: Vec<Entry>,
    /// When a process drove it and was awake, in epoch milliseconds.
    pub watched: Vec<Range<i64>>,
}

/// Something that must never happen, and did.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Violation {
    /// The invariant, such as `order`.
    pub invariant: &'static str,
    /// What was found.
    pub found: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.found)
    }
}

/// Everything that can be checked after a run.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The rollouts, in the order in which they were started.
    pub rollouts: Vec<Record>,
    /// Writes of all of them and of other hands.
    pub writes: Vec<Written>,
    /// Attempts that really succeeded.
    pub successes: Vec<Success>,
    /// What ran where before anything happened.
    pub before: BTreeMap<(TargetName, ServiceName), Digest>,
}
