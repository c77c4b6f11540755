//! One attempt of one step on a simulated cluster: what to do, for whom, and how far it is.

use std::sync::Arc;

use seaway_core::{
    digest::Digest,
    execution::{Failure, Progress, Report},
    ids::{RolloutId, StepId, TargetName},
    release::Content,
};

/// For whom something is done. This is what fences an effect.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Author {
    /// The rollout.
    pub rollout: RolloutId,
    /// Its step.
    pub step: StepId,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Lease epoch.
    pub epoch: u64,
}

/// One service as it shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its content.
    pub content: Arc<Content>,
    /// Live state that the plan was computed from; `None` = unknown.
    pub base: Option<Digest>,
    /// How long health must hold, in milliseconds.
    pub stable_for_ms: i64,
    /// How long it may be sick before a wait fails, in milliseconds.
    pub grace_ms: i64,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
    /// Write what is wanted.
    Apply,
    /// Wait until it is healthy.
    BecomesHealthy,
    /// Check that it runs the wanted content and is healthy.
    IsCurrent,
    /// Watch that it stays so until a time, in epoch milliseconds.
    StaysUntil(i64),
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where.
    pub target: TargetName,
    /// For whom.
    pub author: Author,
    /// What is done.
    pub task: Task,
    /// The services.
    pub wanted: Vec<Wanted>,
    /// Longest time for the attempt, in milliseconds; for [`Task::StaysUntil`] beyond its end.
    pub limit_ms: i64,
}

/// An attempt under way. Dropping it ends it: nothing more is written.
#[derive(Clone, Debug)]
pub struct Work {
    /// What is done.
    pub job: Job,
    /// When it wants to be polled next, in epoch milliseconds; `i64::MAX` = never, it will not answer.
    pub wake_ms: i64,
    pub(super) ends_ms: i64,
    pub(super) is_lost: bool,
    pub(super) service: usize,
    pub(super) pending: Option<usize>,
    pub(super) writes: u32,
    pub(super) healthy_since_ms: Option<i64>,
    pub(super) sick_since_ms: Option<i64>,
    pub(super) said: Option<Progress>,
}

/// What an attempt says when it is polled.
#[derive(Clone, PartialEq, Debug)]
pub enum Poll {
    /// Nothing new; poll again at [`Work::wake_ms`].
    Quiet,
    /// How it goes; poll again at [`Work::wake_ms`].
    Progress(Progress),
    /// It succeeded.
    Succeeded(Report),
    /// It failed.
    Failed(Failure),
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrote {
    /// The inventory, before the objects that it will own.
    Inventory,
    /// One object.
    Object,
    /// The inventory, after all objects: the content is there.
    Complete,
    /// Something changed by other hands.
    Drift,
}

/// One write on a simulated cluster, in the order in which they happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Where.
    pub target: TargetName,
    /// Which service.
    pub service: seaway_core::ids::ServiceName,
    /// Content that it belongs to; `None` for other hands.
    pub content: Option<Digest>,
    /// What.
    pub wrote: Wrote,
    /// For whom; `None` = other hands.
    pub author: Option<Author>,
}
