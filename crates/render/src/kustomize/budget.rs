//! What one build may cost. Work is counted, not timed, so that a build stops at the same place everywhere.

use std::cell::Cell;

use seaway_core::diagnostic::codes;

use super::fault::{Fault, Outcome};

/// Most work of one build, in values visited and bytes copied. The largest public trees need a hundredth; it is
/// about two seconds of one core.
pub const WORK_MAX: u64 = 600_000_000;
/// Deepest nesting of lists and mappings in a resource. Definitions of custom resources reach 40.
pub const DEPTH_MAX: usize = 128;
/// Most objects while building. What is rendered in the end has the limit of every source.
pub const RESOURCES_MAX: usize = 20_000;
/// Most kustomizations inside each other.
pub const LAYERS_MAX: usize = 64;

/// Counts work down.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Budget {
    pub(crate) fn new(work: u64) -> Self {
        Self { left: Cell::new(work) }
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

pub(crate) fn too_large(message: impl Into<String>) -> Box<Fault> {
    Fault::new(codes::KUSTOMIZE_TOO_LARGE, message)
}
