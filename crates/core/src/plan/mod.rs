//! Plans: the immutable, content-addressed answer to "what would happen".
//!
//! A plan leaves no choices for execution: stages, targets, digests, gates, bake times, limits and the order
//! of steps are all in it, each with its reason. Its hash is what people approve and what runs.

mod change;
mod model;

pub use change::{Change, FieldChange, ObjectChange, Observed, ServiceDifference, Totals};
pub use model::{
    Excluded, Lane, Plan, PlannedContent, ServicePolicy, StagePlan, StepKind, StepPlan, TargetPlan, TargetService,
};
