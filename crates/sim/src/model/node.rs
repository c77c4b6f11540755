//! A node of the search: the rollout's state, what is under way around it, and what the checker knows.

use std::sync::Arc;

use seaway_core::{
    execution::{FailureKind, State},
    ids::StepId,
    plan::StepKind,
};

use super::moves::Fault;
use crate::{
    evidence::Violation,
    invariants::{Facts, Walk},
};

/// What a target runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Runs {
    /// What ran when the plan was made.
    Old,
    /// Some of the plan's content.
    Part,
    /// The plan's content.
    New,
    /// Another rollout's content.
    Other,
}

/// An attempt under way in the process that drives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Work {
    pub step: StepId,
    pub attempt: u32,
    pub epoch: u64,
    pub target: u8,
    pub kind: StepKind,
    pub has_written: bool,
    /// When the bake ends, in epoch milliseconds; 0 for other steps.
    pub until_ms: i64,
}

/// What an answer says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Said {
    Succeeded,
    Failed(FailureKind),
}

/// An answer on its way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Answer {
    pub step: StepId,
    pub attempt: u32,
    pub epoch: u64,
    pub said: Said,
}

/// An attempt that really succeeded on the fleet, with its place among everything that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Success {
    pub step: StepId,
    pub attempt: u32,
    pub epoch: u64,
    pub order: u64,
}

/// One state of everything. What a move does not change is shared with the node before it.
#[derive(Clone)]
pub struct Node {
    pub(super) state: Arc<State>,
    pub(super) walk: Arc<Walk>,
    pub(super) now_ms: i64,
    pub(super) order: u64,
    /// Whether a process drives.
    pub(super) is_driven: bool,
    /// When the last process died, in epoch milliseconds.
    pub(super) left_ms: i64,
    /// Whether people appended something that the process has not read.
    pub(super) has_news: bool,
    /// Whether the store gave the claim to the rollout.
    pub(super) has_claim: bool,
    pub(super) works: Vec<Work>,
    pub(super) answers: Vec<Answer>,
    /// Attempts of this process that have sent their answer.
    pub(super) answered: Vec<(StepId, u32)>,
    pub(super) runs: Vec<Runs>,
    pub(super) successes: Vec<Success>,
    /// How much of the bake nobody watched, in milliseconds.
    pub(super) unwatched_ms: i64,
    pub(super) spent: [u8; Fault::ALL.len()],
    /// What the model itself saw going wrong.
    pub(super) wrong: Vec<Violation>,
}

impl Node {
    /// What must never happen, and did.
    pub fn violation(&self) -> Option<&Violation> {
        self.wrong.first().or_else(|| self.walk.found().first())
    }

    /// The rollout.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether only such faults happened as change nothing in how a rollout ends.
    pub(super) fn was_harmless(&self) -> bool {
        Fault::ALL.iter().all(|fault| fault.is_harmless() || self.spent[*fault as usize] == 0)
    }

    /// Whether an attempt is at work, or its answer is on the way.
    pub(super) fn is_under_way(&self, step: StepId, attempt: u32) -> bool {
        let epoch = self.state.epoch;
        self.works.iter().any(|work| (work.step, work.attempt, work.epoch) == (step, attempt, epoch))
            || self.answers.iter().any(|a| (a.step, a.attempt, a.epoch) == (step, attempt, epoch))
    }
}

/// What the checker may know besides events and writes.
pub(super) struct Seen<'a> {
    pub successes: &'a [Success],
    pub unwatched_ms: i64,
}

impl Facts for Seen<'_> {
    fn succeeded(&self, step: StepId, attempt: u32, epoch: u64, before: u64) -> Option<u64> {
        let is_it = |success: &&Success| {
            (success.step, success.attempt, success.epoch) == (step, attempt, epoch) && success.order < before
        };
        self.successes.iter().rev().find(is_it).map(|success| success.order)
    }

    fn watched_ms(&self, from_ms: i64, to_ms: i64) -> i64 {
        to_ms - from_ms - self.unwatched_ms
    }
}
