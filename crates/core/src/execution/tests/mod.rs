//! Scenarios of the decider, one file per rule.

mod approvals;
mod claims;
mod events;
mod fixture;
mod frames;
mod leads;
mod retries;
mod stages;
mod stops;
mod waits;
