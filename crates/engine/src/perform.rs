//! The performer: runs the steps that the decider asks for, each in a task of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use seaway_core::{
    execution::{Effect, Failure, FailureKind, Frame, Input, Outcome, Report, State},
    ids::{RolloutId, StepId},
    plan::{StepKind, StepPlan, TargetPlan},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    Engine,
    clock::Clock,
    content::Contents,
    drivers::{Check, Drivers, Job, Target, Wanted},
};

/// How long a cancelled driver may take to end by itself before its task is dropped.
const CANCEL_GRACE: std::time::Duration = std::time::Duration::from_secs(2);

pub(crate) struct Performer {
    drivers: Drivers,
    contents: Arc<Contents>,
    clock: Clock,
    rollout: RolloutId,
    frame: Arc<Frame>,
    fence: Arc<dyn Fn() -> bool + Send + Sync>,
    inputs: mpsc::UnboundedSender<Input>,
    running: BTreeMap<(StepId, u32), Running>,
}

struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Performer {
    pub fn new(
        engine: &Engine,
        state: &State,
        fence: Arc<dyn Fn() -> bool + Send + Sync>,
        inputs: mpsc::UnboundedSender<Input>,
    ) -> Self {
        Self {
            drivers: engine.drivers.clone(),
            contents: Arc::clone(&engine.contents),
            clock: engine.clock,
            rollout: state.rollout.clone(),
            frame: Arc::clone(&state.frame),
            fence,
            inputs,
            running: BTreeMap::new(),
        }
    }

    /// Starts or cancels an attempt. What runs already is not started again, nor what has ended while its answer is
    /// on the way: the attempt would go on after its own answer.
    pub fn perform(&mut self, state: &State, effect: &Effect) {
        let is_awaited = |(step, attempt): &(StepId, u32)| {
            state.running.contains(step) && state.steps[step.index()].attempt == *attempt
        };
        self.running.retain(|key, running| !running.task.is_finished() || is_awaited(key));
        match effect {
            Effect::Perform { step, attempt, epoch, until_ms } => self.start(*step, *attempt, *epoch, *until_ms),
            Effect::Cancel { step, attempt } => match self.running.get(&(*step, *attempt)) {
                Some(running) => running.cancel.cancel(),
                None => {
                    let failure = Failure::new(FailureKind::Cancelled, "it was not running any more");
                    let outcome = Outcome::Failed(failure);
                    let input = Input::Step { step: *step, attempt: *attempt, epoch: state.epoch, outcome };
                    // The receiver is gone only when nobody drives any more.
                    let _ = self.inputs.send(input);
                }
            },
            Effect::Claim { .. } => {}
        }
    }

    /// Cancels what the state no longer has in flight.
    pub fn retain(&mut self, outstanding: &[Effect]) {
        let wanted: BTreeSet<(StepId, u32)> = outstanding
            .iter()
            .filter_map(|effect| match effect {
                Effect::Perform { step, attempt, .. } | Effect::Cancel { step, attempt } => Some((*step, *attempt)),
                Effect::Claim { .. } => None,
            })
            .collect();
        for (_, running) in self.running.iter().filter(|(key, _)| !wanted.contains(key)) {
            running.cancel.cancel();
        }
    }

    /// Ends everything and waits for it, so that no write is under way when the lease is given back.
    pub async fn abort_all(&mut self) {
        let running = std::mem::take(&mut self.running);
        running.values().for_each(|running| running.cancel.cancel());
        let deadline = tokio::time::Instant::now() + CANCEL_GRACE;
        for (_, mut running) in running {
            if tokio::time::timeout_at(deadline, &mut running.task).await.is_err() {
                running.task.abort();
                // An aborted task ends at its next await; its result says only that it was aborted.
                let _ = running.task.await;
            }
        }
    }

    fn start(&mut self, step: StepId, attempt: u32, epoch: u64, until_ms: Option<i64>) {
        if self.running.contains_key(&(step, attempt)) {
            return;
        }
        let cancel = CancellationToken::new();
        let attempt_of = Attempt {
            drivers: self.drivers.clone(),
            contents: Arc::clone(&self.contents),
            clock: self.clock,
            rollout: self.rollout.clone(),
            frame: Arc::clone(&self.frame),
            fence: Arc::clone(&self.fence),
            inputs: self.inputs.clone(),
            cancel: cancel.clone(),
            step,
            attempt,
            epoch,
            until_ms,
        };
        let task = tokio::spawn(attempt_of.run());
        self.running.insert((step, attempt), Running { cancel, task });
    }
}

struct Attempt {
    drivers: Drivers,
    contents: Arc<Contents>,
    clock: Clock,
    rollout: RolloutId,
    frame: Arc<Frame>,
    fence: Arc<dyn Fn() -> bool + Send + Sync>,
    inputs: mpsc::UnboundedSender<Input>,
    cancel: CancellationToken,
    step: StepId,
    attempt: u32,
    epoch: u64,
    until_ms: Option<i64>,
}

impl Attempt {
    async fn run(self) {
        let (progress, mut seen) = mpsc::unbounded_channel();
        let work = self.work(progress);
        tokio::pin!(work);
        let cancelled = async {
            self.cancel.cancelled().await;
            tokio::time::sleep(CANCEL_GRACE).await;
        };
        tokio::pin!(cancelled);
        let outcome = loop {
            tokio::select! {
                biased;
                Some(progress) = seen.recv() => self.answer(Outcome::Progress(progress)),
                result = &mut work => break match result {
                    Ok(report) => Outcome::Succeeded(report),
                    Err(failure) => Outcome::Failed(failure),
                },
                () = &mut cancelled => break Outcome::Failed(Failure::new(FailureKind::Cancelled, "it was cancelled")),
            }
        };
        self.answer(outcome);
    }

    fn answer(&self, outcome: Outcome) {
        let input = Input::Step { step: self.step, attempt: self.attempt, epoch: self.epoch, outcome };
        // The receiver is gone only when nobody drives any more; the record then has the step in flight.
        let _ = self.inputs.send(input);
    }

    async fn work(&self, progress: mpsc::UnboundedSender<seaway_core::execution::Progress>) -> Result<Report, Failure> {
        let unknown = || Failure::new(FailureKind::Internal, format!("the plan has no step {}", self.step));
        let target = self.frame.target_of(self.step).ok_or_else(unknown)?;
        let (target, step) = (self.frame.target(target), self.frame.step(self.step).ok_or_else(unknown)?);
        let driver = self.drivers.get(&target.driver)?;
        let job = self.job(target, step, progress).await?;
        let limit = self.clock.real(match self.until_ms {
            Some(until_ms) => job.limit_ms + u64::try_from(until_ms - self.clock.now_ms()).unwrap_or(0),
            None => job.limit_ms,
        });
        let work = async {
            match step.kind {
                StepKind::Apply => driver.apply(&job).await,
                StepKind::Wait => driver.verify(&job, Check::BecomesHealthy).await,
                StepKind::Verify => driver.verify(&job, Check::IsCurrent).await,
                StepKind::Bake => {
                    let until_ms =
                        self.until_ms.ok_or_else(|| Failure::new(FailureKind::Internal, "the bake has no end"))?;
                    driver.verify(&job, Check::StaysUntil(until_ms)).await
                }
            }
        };
        // Drivers keep their own limits and say more; this one is for those that hang.
        tokio::time::timeout(limit + CANCEL_GRACE, work).await.unwrap_or_else(|_| {
            Err(Failure::new(FailureKind::Timeout, format!("it took longer than its limit of {}", step.limit)))
        })
    }

    async fn job(
        &self,
        target: &TargetPlan,
        step: &StepPlan,
        progress: mpsc::UnboundedSender<seaway_core::execution::Progress>,
    ) -> Result<Job, Failure> {
        let plan = &self.frame.plan;
        let mut wanted = Vec::with_capacity(step.services.len());
        for planned in target.services.iter().filter(|planned| step.services.contains(&planned.service)) {
            let policy = plan.services.get(&planned.service).cloned().ok_or_else(|| {
                Failure::new(FailureKind::Internal, format!("the plan has no service `{}`", planned.service))
            })?;
            let content = self.contents.get(plan, target, planned).await?;
            wanted.push(Wanted { content, policy, allow_replace: plan.allow_replace, base: planned.base.clone() });
        }
        Ok(Job {
            target: Target {
                environment: plan.environment.clone(),
                name: target.name.clone(),
                connection: target.connection.clone(),
            },
            wanted,
            rollout: self.rollout.clone(),
            plan: self.frame.hash.clone(),
            step: step.id,
            attempt: self.attempt,
            epoch: self.epoch,
            limit_ms: step.limit.0,
            progress,
            cancel: self.cancel.clone(),
            fence: Arc::clone(&self.fence),
        })
    }
}
