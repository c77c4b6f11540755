//! Execution: how a rollout of one plan moves.
//!
//! [`decide`] is the only place where a rollout changes: `decide(state, input) -> (events, effects)`. Events
//! are appended to the store first; then the effects are performed by drivers, and their results come back as
//! inputs. [`State`] is a fold over the events. Every effect can be computed again from the state
//! ([`State::outstanding`]), so a crash between any two lines is survived by replay.
//!
//! ```text
//!   input ──► decide ──► events ──append──► store
//!    ▲                     └──► effects ──► drivers ──┐
//!    └────────────────────── results ◄────────────────┘
//! ```
//!
//! One file per rule; nothing here reads a clock: time comes with each input.

mod approval;
mod bake;
mod claim;
mod decider;
mod effect;
mod event;
mod failure;
mod fold;
mod frame;
mod input;
mod lead;
mod retry;
mod stage;
mod state;
mod step;
mod stop;
#[cfg(test)]
mod tests;
mod waiting;

pub use decider::{Decision, Refusal, create, decide, handle};
pub use effect::Effect;
pub use event::{EVENT_VERSION, Event, Recorded, StageEnd};
pub use failure::{Failure, FailureKind, Progress, Report};
pub use fold::FoldError;
pub use frame::Frame;
pub use input::{ClaimAnswer, Command, Envelope, Input, Outcome};
pub use state::{ClaimState, Phase, StageState, StageStatus, State, StepState, StepStatus, TargetState, TargetStatus};
pub use waiting::WaitingOn;
