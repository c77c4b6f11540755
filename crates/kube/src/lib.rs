//! The Kubernetes driver: reads, diffs, applies, verifies and prunes objects of one cluster.
//!
//! ```text
//!                 ┌─ difference ──► plan
//!  inventory ─┐   │
//!  one list   ├─► snapshot ─┼─ apply ──► server-side apply, phases, prune ──► inventory
//!  per kind  ─┘   │
//!                 └─ verify ──► evidence
//!  watches (one per kind, shared) ──► wait, hold ──► health of `seaway_core`
//! ```
//!
//! Invariants:
//! - An object is touched only when this service owns it, creates it, or was allowed to adopt it; a field that
//!   another manager owns is never taken.
//! - The inventory lists an object before the object exists, so that an apply that dies leaves no orphan.
//! - What is as wanted gets no write; when all is as wanted, nothing at all is written, the inventory included.
//! - Every write asks the fence first, so that an actor that lost its lease stops.
//! - No message, detail, report or log line holds data of a Secret or a credential.
//!
//! Only this crate names the `kube` crate. It decides nothing about stages or retries: it answers with a
//! [`Report`](seaway_core::execution::Report) or a [`Failure`](seaway_core::execution::Failure).

mod adopt;
mod apply;
mod connection;
mod credential;
mod difference;
mod failure;
mod fingerprint;
mod guard;
mod hub;
mod inventory;
mod kinds;
mod manifest;
mod noise;
mod observe;
mod order;
mod prune;
mod snapshot;
mod survey;
mod transport;
mod verify;
mod wait;
mod watch;
mod write;

pub use adopt::{Adoption, Running};
pub use apply::{ProgressFn, WriteContext};
pub use connection::Cluster;
pub use difference::Desired;
pub use failure::FieldConflict;
pub use noise::NOISE_VERSION;
pub use transport::Counts;
pub use wait::WaitPolicy;

#[cfg(test)]
mod tests {
    use super::*;

    /// The engine runs drivers in tasks that move between threads.
    #[test]
    fn work_can_move_between_threads() {
        fn is_send<T: Send>(_: impl FnOnce(&'static Cluster, &'static Desired, &'static WriteContext) -> T) {}
        const QUIET: &(dyn Fn(seaway_core::execution::Progress) + Send + Sync) = &|_| {};
        is_send(|cluster, desired, _| cluster.difference(std::slice::from_ref(desired)));
        is_send(|cluster, desired, _| cluster.adopt_report(std::slice::from_ref(desired)));
        is_send(|cluster, desired, _| cluster.verify(std::slice::from_ref(desired)));
        is_send(|cluster, desired, ctx| async move {
            let cancel = tokio_util::sync::CancellationToken::new();
            let one = std::slice::from_ref(desired);
            let _ = cluster.apply(desired, None, ctx, QUIET, &cancel).await;
            let _ = cluster.destroy(&desired.content.service, &desired.environment, ctx, QUIET, &cancel).await;
            let _ = cluster.wait(one, ctx.policy, QUIET, &cancel).await;
            let _ = cluster.hold(one, ctx.policy, std::future::ready(()), QUIET, &cancel).await;
        });
    }
}
