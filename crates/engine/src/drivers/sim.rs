//! The simulated fleet behind the engine's trait: real waiting by the engine's clock, simulated answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use seaway_core::{
    execution::{Failure, FailureKind, Report},
    ids::{RolloutId, ServiceName},
    plan::{Observed, ServiceDifference},
    release::Content,
};
use seaway_sim::fleet::{self, Fleet, Poll, Task};

use super::{Actual, Check, Driver, Job, Target, Wanted};
use crate::clock::Clock;

/// Name of the driver in plans.
pub const SIM: &str = "sim";

/// A simulated fleet that lives in this process.
pub struct SimDriver {
    fleet: Arc<Mutex<Fleet>>,
    clock: Clock,
}

impl SimDriver {
    /// A driver for a fleet, with the engine's clock.
    pub fn new(fleet: Arc<Mutex<Fleet>>, clock: Clock) -> Self {
        Self { fleet, clock }
    }

    fn lock(&self) -> MutexGuard<'_, Fleet> {
        // A panic elsewhere would have ended the run; what it left is still the fleet's only state.
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, job: &Job, task: Task, wanted: &[Wanted]) -> Result<Report, Failure> {
        let one = |wanted: &Wanted| fleet::Wanted {
            content: Arc::clone(&wanted.content),
            base: wanted.base.clone(),
            stable_for_ms: signed(wanted.policy.stable_for.0),
            grace_ms: signed(wanted.policy.pod_grace.0),
        };
        let author =
            fleet::Author { rollout: job.rollout.clone(), step: job.step, attempt: job.attempt, epoch: job.epoch };
        let simulated = fleet::Job {
            target: job.target.name.clone(),
            author,
            task,
            wanted: wanted.iter().map(one).collect(),
            limit_ms: signed(job.limit_ms),
        };
        let mut work = self.lock().begin(simulated, self.clock.now_ms());
        loop {
            tokio::select! {
                biased;
                () = job.cancel.cancelled() => return Err(Failure::new(FailureKind::Cancelled, "it was cancelled")),
                () = self.clock.sleep_until(work.wake_ms) => {}
            }
            let may_write = (job.fence)();
            let poll = self.lock().poll(&mut work, self.clock.now_ms(), may_write);
            match poll {
                Poll::Quiet => {}
                Poll::Progress(progress) => {
                    // Nobody listens any more only when the attempt is over.
                    let _ = job.progress.send(progress);
                }
                Poll::Succeeded(report) => return Ok(report),
                Poll::Failed(failure) => return Err(failure),
            }
        }
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[async_trait]
impl Driver for SimDriver {
    async fn read(&self, target: &Target) -> Result<BTreeMap<ServiceName, Actual>, Failure> {
        let fleet = self.lock();
        let Some(cluster) = fleet.cluster(&target.name) else {
            return Err(Failure::new(
                FailureKind::Internal,
                format!("there is no simulated cluster `{}`", target.name),
            ));
        };
        if !cluster.weather.is_reachable(self.clock.now_ms()) {
            return Err(Failure::new(
                FailureKind::Unreachable,
                format!("simulated: `{}` does not answer", target.name),
            ));
        }
        let actual = |content: &Content, rollout: Option<&RolloutId>| Actual {
            content: Some(content.digest.clone()),
            rollout: rollout.cloned(),
            objects: content.objects.len() as u32,
        };
        let author = |service: &ServiceName| {
            let mine =
                fleet.writes().iter().rev().find(|write| write.target == target.name && write.service == *service);
            mine.and_then(|write| write.author.as_ref()).map(|author| &author.rollout)
        };
        let installed = cluster.contents();
        Ok(installed.map(|content| (content.service.clone(), actual(content, author(&content.service)))).collect())
    }

    async fn diff(
        &self,
        target: &Target,
        wanted: &[Wanted],
    ) -> Result<BTreeMap<ServiceName, ServiceDifference>, Failure> {
        let contents: Vec<Arc<Content>> = wanted.iter().map(|wanted| Arc::clone(&wanted.content)).collect();
        match self.lock().observed(&target.name, &contents, self.clock.now_ms()) {
            Observed::Reached(differences) => Ok(differences),
            Observed::Unreachable { why } => Err(Failure::new(FailureKind::Unreachable, why)),
        }
    }

    async fn apply(&self, job: &Job) -> Result<Report, Failure> {
        self.run(job, Task::Apply, &job.wanted).await
    }

    async fn verify(&self, job: &Job, check: Check) -> Result<Report, Failure> {
        let task = match check {
            Check::BecomesHealthy => Task::BecomesHealthy,
            Check::IsCurrent => Task::IsCurrent,
            Check::StaysUntil(until_ms) => Task::StaysUntil(until_ms),
        };
        self.run(job, task, &job.wanted).await
    }

    async fn destroy(&self, job: &Job, service: &ServiceName) -> Result<Report, Failure> {
        let nothing = |wanted: &Wanted| Wanted {
            content: Arc::new(Content::new(service.clone(), Vec::new())),
            base: None,
            ..wanted.clone()
        };
        let leaving: Vec<Wanted> =
            job.wanted.iter().filter(|wanted| wanted.content.service == *service).map(nothing).collect();
        self.run(job, Task::Apply, &leaving).await
    }
}
