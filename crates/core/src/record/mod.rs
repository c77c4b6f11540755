//! The record: what folds of events say about the past.
//!
//! Everything here is computed from events and can be computed again; nothing is remembered on the side.

mod outcome;
mod timing;

pub use outcome::{Outcome, StageOutcome, TargetOutcome};
pub use timing::{durations, median};
