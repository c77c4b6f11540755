//! Drivers: what makes steps real. One adapter per outside system; a new kind of target is one more module and
//! one line where the engine is made.

pub mod kube;
pub mod sim;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use seaway_core::{
    declaration::Connection,
    digest::Digest,
    execution::{Failure, FailureKind, Progress, Report},
    ids::{EnvironmentName, RolloutId, ServiceName, StepId, TargetName},
    plan::{ServiceDifference, ServicePolicy},
    release::Content,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Where something lands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Environment.
    pub environment: EnvironmentName,
    /// Name.
    pub name: TargetName,
    /// How to reach it.
    pub connection: Connection,
}

/// One service as it shall be on a target.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its objects.
    pub content: Arc<Content>,
    /// Its rules.
    pub policy: ServicePolicy,
    /// Consent to delete and create again what cannot be changed in place.
    pub allow_replace: bool,
    /// Fingerprint of the live state that the plan was computed from; `None` = unknown.
    pub base: Option<Digest>,
}

/// One service as its target says that it is.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Actual {
    /// Content that was applied last.
    pub content: Option<Digest>,
    /// Rollout that applied it.
    pub rollout: Option<RolloutId>,
    /// Objects that the service owns there.
    pub objects: u32,
}

/// One attempt of one step: what to do, for whom, and how to watch and end it.
///
/// The engine starts the work by calling the driver in a task of its own, observes it through `progress`, and
/// cancels it through `cancel`.
#[derive(Clone)]
pub struct Job {
    /// Where.
    pub target: Target,
    /// What.
    pub wanted: Vec<Wanted>,
    /// Rollout that the step belongs to.
    pub rollout: RolloutId,
    /// Hash of its plan.
    pub plan: Digest,
    /// Step.
    pub step: StepId,
    /// Attempt.
    pub attempt: u32,
    /// Lease epoch.
    pub epoch: u64,
    /// Longest time that the work may take, in milliseconds.
    pub limit_ms: u64,
    /// Where the work says how it goes.
    pub progress: mpsc::UnboundedSender<Progress>,
    /// Ends the work early.
    pub cancel: CancellationToken,
    /// Whether this process still holds the lease; asked before every write.
    pub fence: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// What a verify asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// Wait until everything is healthy, within the job's limit.
    BecomesHealthy,
    /// It runs the wanted content and is healthy now.
    IsCurrent,
    /// It stays so until a time of the engine's clock, in epoch milliseconds.
    StaysUntil(i64),
}

/// One kind of outside system.
#[async_trait]
pub trait Driver: Send + Sync {
    /// What runs on a target now.
    ///
    /// # Errors
    /// Why it cannot be said.
    async fn read(&self, target: &Target) -> Result<BTreeMap<ServiceName, Actual>, Failure>;

    /// What an apply would change. Writes nothing.
    ///
    /// # Errors
    /// Why it cannot be said.
    async fn diff(
        &self,
        target: &Target,
        wanted: &[Wanted],
    ) -> Result<BTreeMap<ServiceName, ServiceDifference>, Failure>;

    /// Writes what is wanted. Doing it twice writes nothing the second time.
    ///
    /// # Errors
    /// Why it is not, or not wholly, written.
    async fn apply(&self, job: &Job) -> Result<Report, Failure>;

    /// Checks what runs. Writes nothing.
    ///
    /// # Errors
    /// Why the check does not hold, or cannot be made.
    async fn verify(&self, job: &Job, check: Check) -> Result<Report, Failure>;

    /// Removes a service from a target.
    ///
    /// # Errors
    /// Why it is not, or not wholly, removed.
    async fn destroy(&self, job: &Job, service: &ServiceName) -> Result<Report, Failure>;
}

/// The drivers by name.
#[derive(Clone, Default)]
pub struct Drivers(BTreeMap<&'static str, Arc<dyn Driver>>);

impl Drivers {
    /// With one more driver.
    #[must_use]
    pub fn with(mut self, name: &'static str, driver: Arc<dyn Driver>) -> Self {
        self.0.insert(name, driver);
        self
    }

    /// The driver of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, name: &str) -> Result<Arc<dyn Driver>, Failure> {
        self.0.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().copied().collect();
            Failure::new(FailureKind::Internal, format!("there is no driver `{name}`; known: {}", known.join(", ")))
        })
    }
}
