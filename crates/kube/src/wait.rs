//! Waiting until objects are healthy, and watching that they stay so. By watch, never by asking again and again.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use seaway_core::{
    duration::Millis,
    execution::{Failure, FailureKind, Progress, Report},
    health::{Code, Now, Stability},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    apply::{ProgressFn, cancelled},
    connection::Cluster,
    difference::Desired,
    failure::clean,
    observe::{Observer, Seen, Stamp, unhealthy, watched_items},
    survey::Item,
};

/// Events come in bursts; they are looked at together.
const GATHER: Duration = Duration::from_millis(60);
/// Patience of pods runs out without an event, so what is not healthy is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Shortest time between two progress messages.
const PROGRESS_PAUSE: Duration = Duration::from_millis(900);
/// How long a server may be silent before the wait says that it is unreachable.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);
/// Most objects that a message names.
const CAUSES_SHOWN: usize = 3;
/// Most objects that a detail names.
const DETAIL_SHOWN: usize = 30;

/// Patience of a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitPolicy {
    /// Longest wait.
    pub timeout: Millis,
    /// How long health must hold before the wait ends.
    pub stable_for: Millis,
    /// How long a pod may wait for its image or configuration.
    pub pod_grace: Millis,
}

/// What a look at the objects says.
enum Verdict {
    /// All current for long enough.
    Stable,
    /// Not yet; when something happens without an event.
    NotYet,
    Failed(Failure),
}

/// One wait under way.
struct Wait<'a> {
    /// Counts the time for which health holds, by a clock that never goes back.
    started: Instant,
    observer: Observer,
    stability: Stability,
    policy: WaitPolicy,
    progress: ProgressFn<'a>,
    said: Option<(Instant, Progress)>,
    /// Last look.
    seen: Vec<Seen>,
    /// Since when something is not current, while staying healthy is watched.
    lapse: Option<Instant>,
}

impl Cluster {
    /// Waits until every object of these services is healthy, and stays so for as long as the policy asks.
    ///
    /// # Errors
    /// [`FailureKind::Unhealthy`] with pod, container, image and reason as soon as an object cannot become healthy
    /// by itself; [`FailureKind::Timeout`] with what is not healthy; [`FailureKind::Unreachable`] when the server is
    /// silent; [`FailureKind::Cancelled`].
    pub async fn wait(
        &self,
        desired: &[Desired],
        policy: WaitPolicy,
        progress: ProgressFn<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Failure> {
        let started = Instant::now();
        let watched = tokio::select! {
            watched = self.watched(desired) => watched?,
            () = cancel.cancelled() => return Err(cancelled()),
        };
        let objects: usize = desired.iter().map(|desired| desired.content.objects.len()).sum();
        let mut wait = Wait::new(Observer::new(self, watched, &policy), policy, progress);
        wait.until_stable(self, cancel).await?;
        let assumed = wait.seen.iter().filter(|seen| seen.status.assumed).map(|seen| seen.object.to_string());
        Ok(Report {
            writes: 0,
            message: format!("{objects} objects healthy"),
            evidence: json!({
                "objects": objects,
                "watched": wait.observer.len(),
                "stableForMs": policy.stable_for.0,
                "waitedMs": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                "assumed": assumed.take(DETAIL_SHOWN).collect::<Vec<_>>(),
            }),
        })
    }

    /// Watches that every object of these services stays healthy until `until` is ready, then reads back that the
    /// cluster still runs this content.
    ///
    /// # Errors
    /// [`FailureKind::Unhealthy`] with the cause as soon as an object fails, or is not healthy for longer than
    /// `pod_grace`; and those of [`Self::verify`].
    pub async fn hold(
        &self,
        desired: &[Desired],
        policy: WaitPolicy,
        until: impl Future<Output = ()> + Send,
        progress: ProgressFn<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Failure> {
        let watched = tokio::select! {
            watched = self.watched(desired) => watched?,
            () = cancel.cancelled() => return Err(cancelled()),
        };
        let mut wait = Wait::new(Observer::new(self, watched, &policy), policy, progress);
        let mut until = std::pin::pin!(until);
        tokio::select! {
            failure = wait.until_lapse(self, cancel) => return Err(failure),
            () = &mut until => {}
        }
        drop(wait);
        self.verify(desired).await
    }

    /// Waits for a part of what is being applied.
    pub(crate) async fn await_items(
        &self,
        items: &[&Item<'_>],
        policy: WaitPolicy,
        progress: ProgressFn<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let watched = watched_items(items);
        if watched.is_empty() {
            return Ok(());
        }
        // Between phases it is enough that they are healthy; the wait after the apply asks that they stay so.
        let policy = WaitPolicy { stable_for: Millis(0), ..policy };
        Wait::new(Observer::new(self, watched, &policy), policy, progress).until_stable(self, cancel).await
    }
}

impl<'a> Wait<'a> {
    fn new(observer: Observer, policy: WaitPolicy, progress: ProgressFn<'a>) -> Self {
        let stability = Stability::default();
        Self {
            started: Instant::now(),
            observer,
            stability,
            policy,
            progress,
            said: None,
            seen: Vec::new(),
            lapse: None,
        }
    }

    async fn until_stable(&mut self, cluster: &Cluster, cancel: &CancellationToken) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_millis(self.policy.timeout.0);
        let mut changes = cluster.inner.hub.changes();
        loop {
            let stamp = self.observer.stamp();
            match self.look() {
                Verdict::Stable => return Ok(()),
                Verdict::Failed(failure) => return Err(failure),
                Verdict::NotYet => {}
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out());
            }
            let wake = self.wake().min(deadline);
            self.pause(&mut changes, &stamp, wake, cancel).await?;
        }
    }

    /// Ends with the cause when something is not healthy any more.
    async fn until_lapse(&mut self, cluster: &Cluster, cancel: &CancellationToken) -> Failure {
        let mut changes = cluster.inner.hub.changes();
        loop {
            let stamp = self.observer.stamp();
            if let Verdict::Failed(failure) = self.look() {
                return failure;
            }
            let bad = unhealthy(&self.seen);
            self.lapse = if bad.is_empty() { None } else { Some(self.lapse.unwrap_or_else(Instant::now)) };
            let grace = Duration::from_millis(self.policy.pod_grace.0);
            if self.lapse.is_some_and(|since| since.elapsed() >= grace) && self.observer.is_synced() {
                return failed(&bad);
            }
            let wake = self.wake();
            if let Err(failure) = self.pause(&mut changes, &stamp, wake, cancel).await {
                return failure;
            }
        }
    }

    /// Waits for a change of these objects or for the time to look again.
    async fn pause(
        &self,
        changes: &mut tokio::sync::watch::Receiver<u64>,
        stamp: &Stamp,
        wake: Instant,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let changed = async {
            while self.observer.stamp() == *stamp {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            tokio::time::sleep(GATHER).await;
        };
        tokio::select! {
            () = changed => Ok(()),
            () = tokio::time::sleep_until(wake.into()) => Ok(()),
            () = cancel.cancelled() => Err(cancelled()),
        }
    }

    fn look(&mut self) -> Verdict {
        if let Some(trouble) = self.observer.trouble() {
            let silent = trouble.since.elapsed();
            // Being refused, or asking for a kind that is not there, does not pass by itself.
            if silent >= SILENCE_LIMIT || (400..429).contains(&trouble.code) && trouble.code != 404 {
                return Verdict::Failed(trouble.failure);
            }
            self.stability = Stability::default();
            self.say(format!("for {}s: {}", silent.as_secs(), trouble.failure.message));
            return Verdict::NotYet;
        }
        if !self.observer.is_synced() {
            self.say("reading the cluster".to_owned());
            return Verdict::NotYet;
        }
        self.seen = self.observer.look();
        let now = self.now();
        for seen in &self.seen {
            self.stability.observe(&seen.object.to_string(), &seen.status, now);
        }
        if self.seen.iter().any(|seen| seen.status.code == Code::Failed) {
            return Verdict::Failed(failed(&unhealthy(&self.seen)));
        }
        if self.stability.stable(now, self.policy.stable_for) {
            return Verdict::Stable;
        }
        let bad = unhealthy(&self.seen);
        self.say(if bad.is_empty() {
            format!("healthy, watching for {} that it stays so", self.policy.stable_for)
        } else {
            shown(&bad)
        });
        Verdict::NotYet
    }

    fn now(&self) -> Now {
        Now(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// When to look again without an event.
    fn wake(&self) -> Instant {
        let again = Instant::now() + LOOK_AGAIN;
        let stable_at = self.stability.stable_at(self.policy.stable_for);
        let left = stable_at.map(|at| Duration::from_millis(u64::try_from(at.since(self.now())).unwrap_or(0).max(1)));
        match left {
            // Everything is current: nothing happens without an event until then.
            Some(left) => Instant::now() + left,
            None => again,
        }
    }

    fn say(&mut self, waiting: String) {
        let total = u32::try_from(self.observer.len()).unwrap_or(u32::MAX);
        let current = self.seen.iter().filter(|seen| seen.status.code == Code::Current).count();
        let progress = Progress { done: u32::try_from(current).unwrap_or(total), total, waiting };
        let is_news = self.said.as_ref().is_none_or(|(at, last)| *last != progress && at.elapsed() >= PROGRESS_PAUSE);
        if is_news {
            (self.progress)(progress.clone());
            self.said = Some((Instant::now(), progress));
        }
    }

    fn timed_out(&mut self) -> Failure {
        if let Some(trouble) = self.observer.trouble() {
            return trouble.failure;
        }
        let bad = unhealthy(&self.seen);
        let what = if bad.is_empty() { "it did not stay healthy for long enough".to_owned() } else { shown(&bad) };
        let message = format!("not healthy within {}: {what}", self.policy.timeout);
        detailed(Failure::new(FailureKind::Timeout, message), &bad)
    }
}

/// The failure that names what is not healthy, worst first.
pub(crate) fn failed(bad: &[String]) -> Failure {
    detailed(Failure::new(FailureKind::Unhealthy, shown(bad)), bad)
}

fn detailed(failure: Failure, bad: &[String]) -> Failure {
    if bad.len() <= 1 {
        return failure;
    }
    let lines: Vec<&str> = bad.iter().take(DETAIL_SHOWN).map(String::as_str).collect();
    failure.detail(crate::failure::bounded(&lines.join("\n")))
}

fn shown(bad: &[String]) -> String {
    let more = bad.len().saturating_sub(CAUSES_SHOWN);
    let more = if more > 0 { format!("; and {more} more objects") } else { String::new() };
    let lines: Vec<&str> = bad.iter().take(CAUSES_SHOWN).map(String::as_str).collect();
    format!("{}{more}", clean(&lines.join("; "), 1500))
}
