//! The Kubernetes driver behind the engine's trait.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use seaway_core::{
    declaration::Connection,
    duration::Millis,
    execution::{Failure, FailureKind, Progress, Report},
    ids::{EnvironmentName, RolloutId, ServiceName},
    plan::{ServiceDifference, ServicePolicy},
};
use seaway_kube::{Adoption, Cluster, Desired, WaitPolicy, WriteContext};
use tokio::sync::OnceCell;

use super::{Actual, Check, Driver, Job, Target, Wanted};
use crate::clock::Clock;

/// Name of the driver in plans.
pub const KUBE: &str = "kube";

/// Clusters by connection, each connected to once.
pub struct KubeDriver {
    root: PathBuf,
    clock: Clock,
    clusters: Mutex<BTreeMap<Connection, Arc<OnceCell<Arc<Cluster>>>>>,
}

impl KubeDriver {
    /// A driver whose kubeconfig paths are relative to `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), clock: Clock::system(), clusters: Mutex::default() }
    }

    /// The connection to a cluster; a failed one is tried again at the next call.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub async fn cluster(&self, connection: &Connection) -> Result<Arc<Cluster>, Failure> {
        let cell = {
            // A panic elsewhere cannot leave the map half changed: each use is one call.
            let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(clusters.entry(connection.clone()).or_default())
        };
        let connect = async || Cluster::connect(&self.root, connection).await.map(Arc::new);
        cell.get_or_try_init(connect).await.cloned()
    }

    /// What an adoption of these services would take over. Writes nothing.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn adoptions(&self, target: &Target, wanted: &[Wanted]) -> Result<Vec<Adoption>, Failure> {
        self.cluster(&target.connection).await?.adopt_report(&desired(&target.environment, wanted)).await
    }

    fn context(&self, job: &Job, policy: WaitPolicy) -> WriteContext {
        WriteContext {
            rollout: job.rollout.clone(),
            step: job.step,
            attempt: job.attempt,
            epoch: job.epoch,
            plan: job.plan.clone(),
            policy,
            fence: Arc::clone(&job.fence),
        }
    }
}

fn desired(environment: &EnvironmentName, wanted: &[Wanted]) -> Vec<Desired> {
    let one = |wanted: &Wanted| Desired {
        environment: environment.clone(),
        content: (*wanted.content).clone(),
        prune: wanted.policy.prune,
        allow_replace: wanted.allow_replace,
    };
    wanted.iter().map(one).collect()
}

/// The most patient of the services' rules: they are waited for together.
fn policy<'a>(policies: impl Iterator<Item = &'a ServicePolicy> + Clone) -> WaitPolicy {
    let longest = |of: fn(&ServicePolicy) -> Millis| policies.clone().map(of).max().unwrap_or_default();
    WaitPolicy {
        timeout: longest(|policy| policy.health_timeout),
        stable_for: longest(|policy| policy.stable_for),
        pod_grace: longest(|policy| policy.pod_grace),
    }
}

#[async_trait]
impl Driver for KubeDriver {
    async fn read(&self, target: &Target) -> Result<BTreeMap<ServiceName, Actual>, Failure> {
        let running = self.cluster(&target.connection).await?.running().await?;
        let actual = |running: seaway_kube::Running| Actual {
            content: running.content,
            rollout: Some(running.rollout).filter(|id| !id.is_empty()).map(RolloutId::new),
            objects: running.objects,
        };
        Ok(running.into_iter().map(|(service, running)| (service, actual(running))).collect())
    }

    async fn diff(
        &self,
        target: &Target,
        wanted: &[Wanted],
    ) -> Result<BTreeMap<ServiceName, ServiceDifference>, Failure> {
        self.cluster(&target.connection).await?.difference(&desired(&target.environment, wanted)).await
    }

    async fn apply(&self, job: &Job) -> Result<Report, Failure> {
        let cluster = self.cluster(&job.target.connection).await?;
        let context = self.context(job, policy(job.wanted.iter().map(|wanted| &wanted.policy)));
        let mut total = Report::default();
        for (wanted, desired) in job.wanted.iter().zip(desired(&job.target.environment, &job.wanted)) {
            let report = cluster.apply(&desired, wanted.base.as_ref(), &context, &tell(job), &job.cancel).await?;
            total = Report { writes: total.writes + report.writes, ..report };
        }
        Ok(total)
    }

    async fn verify(&self, job: &Job, check: Check) -> Result<Report, Failure> {
        let cluster = self.cluster(&job.target.connection).await?;
        let desired = desired(&job.target.environment, &job.wanted);
        let policy = policy(job.wanted.iter().map(|wanted| &wanted.policy));
        match check {
            Check::BecomesHealthy => cluster.wait(&desired, policy, &tell(job), &job.cancel).await,
            Check::IsCurrent => tokio::select! {
                report = cluster.verify(&desired) => report,
                () = job.cancel.cancelled() => Err(Failure::new(FailureKind::Cancelled, "it was cancelled")),
            },
            Check::StaysUntil(until_ms) => {
                let until = self.clock.sleep_until(until_ms);
                cluster.hold(&desired, policy, until, &tell(job), &job.cancel).await
            }
        }
    }

    async fn destroy(&self, job: &Job, service: &ServiceName) -> Result<Report, Failure> {
        let cluster = self.cluster(&job.target.connection).await?;
        let context = self.context(job, policy(job.wanted.iter().map(|wanted| &wanted.policy)));
        cluster.destroy(service, &job.target.environment, &context, &tell(job), &job.cancel).await
    }
}

/// Where a job's progress goes. Nobody listens any more only when the attempt is over.
fn tell(job: &Job) -> impl Fn(Progress) + Send + Sync + '_ {
    |progress| {
        let _ = job.progress.send(progress);
    }
}
