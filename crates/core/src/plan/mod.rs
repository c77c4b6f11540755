//! Plans: the immutable, content-addressed answer to "what would happen".
//!
//! A plan leaves no choices for execution: stages, targets, digests, gates, bake times, limits and the order
//! of steps are all in it, each with its reason. Its hash is what people approve and what runs.

mod build;
mod change;
mod compare;
mod fields;
mod lint;
mod model;
mod predict;
mod read;
mod schema;
mod select;
mod steps;

pub use build::{PlanInput, ServiceInput, build};
pub use change::{Change, FieldChange, ObjectChange, Observed, ServiceDifference, Totals};
pub use compare::compare;
pub use fields::{differences, missing};
pub use lint::{lint, lint_against};
pub use model::{
    Excluded, Lane, Plan, PlannedContent, PlannedValue, ServicePolicy, StagePlan, StepKind, StepPlan, TargetPlan,
    TargetService,
};
pub use predict::Timings;
pub use read::{PLAN_BYTES_MAX, read};
pub use schema::schema;
pub use select::{GLOBAL_STAGE, Selected, Selection, select};
