//! A simulated fleet under virtual time: rehearsals for users, fault search for tests.
//!
//! Pure: no clock, no thread, no other source of chance than a seed. [`fleet::Fleet`] answers what drivers are asked;
//! [`world::World`] runs rollouts against it in the order load → decide → append → perform, with crashes, takeovers,
//! lost and late answers and people's commands; [`model`] holds everything that can happen to a small rollout, for
//! exhaustive search; [`invariants`] check what comes out without using the decider.

pub mod evidence;
pub mod fixture;
pub mod fleet;
pub mod invariants;
pub mod log;
pub mod model;
pub mod rng;
pub mod schedule;
pub mod trace;
pub mod world;
