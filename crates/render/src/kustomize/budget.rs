//! What one build may cost. Work is counted, not timed, so that a build stops at the same place everywhere.

use std::cell::Cell;

use seaway_core::diagnostic::codes;

use super::fault::{Fault, Outcome};

/// Most work of one build: roughly bytes that are copied and nanoseconds that something takes, so that it bounds time, to
/// about two seconds. The largest public trees need less than a tenth.
pub const WORK_MAX: u64 = 1 << 30;
/// What one value of a tree weighs, in the same unit.
pub(crate) const VALUE_WEIGHT: u64 = 96;
/// Work of reading a value. It is there as long as the build, in several forms, so this bounds memory: a build reads at most
/// 1,400,000 values.
pub(crate) const READ_WORK: u64 = 768;
/// Most that one object may weigh: as much as a document of 700,000 values.
pub(crate) const OBJECT_WEIGHT_MAX: u64 = 64 << 20;
/// What a kustomization costs beside its objects: there are at most ten thousand in a build.
pub(crate) const LAYER_WORK: u64 = 100_000;
/// What a change of all objects costs for each of them beside what it looks at.
pub(crate) const OBJECT_WORK: u64 = 6_000;
/// Deepest nesting of lists and mappings in a resource. Definitions of custom resources reach 40.
pub const DEPTH_MAX: usize = 128;
/// Most objects while building. What is rendered in the end has the limit of every source.
pub const RESOURCES_MAX: usize = 20_000;
/// Most kustomizations inside each other.
pub const LAYERS_MAX: usize = 64;

/// Work of a byte that stays.
pub(crate) const KEPT_BYTE_WORK: u64 = 8;

/// Counts work down.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Budget {
    pub(crate) fn new(work: u64) -> Self {
        Self { left: Cell::new(work) }
    }

    /// Takes the work of text that a build makes and keeps, so that this bounds memory as well: to 128 MiB of it.
    pub(crate) fn keep(&self, bytes: usize) -> Outcome<()> {
        self.spend(bytes as u64 * KEPT_BYTE_WORK)
    }

    pub(crate) fn spend(&self, work: u64) -> Outcome<()> {
        match self.left.get().checked_sub(work) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(too_large("the build grows too large").help("split the kustomization")),
        }
    }
}

/// Refuses an object that has grown beyond what any cluster takes.
pub(crate) fn check_weight(weight: u64) -> Outcome<()> {
    if weight > OBJECT_WEIGHT_MAX { Err(too_large("an object grows too large")) } else { Ok(()) }
}

pub(crate) fn too_large(message: impl Into<String>) -> Box<Fault> {
    Fault::new(codes::KUSTOMIZE_TOO_LARGE, message)
}
