//! How attempts move: one poll after the other, each at a virtual time.

use std::sync::Arc;

use seaway_core::{
    execution::{Failure, FailureKind, Progress, Report},
    ids::ServiceName,
    release::Content,
};
use serde_json::json;

use super::{Cluster, Fleet, Job, Poll, Task, Wanted, Work, Write, Wrote, cluster::Installed};

/// How much longer than its limit an attempt may take until it is ended from outside, in milliseconds.
const LIMIT_GRACE_MS: i64 = 2_000;

impl Fleet {
    /// Starts an attempt. Nothing is written before the first [`Fleet::poll`].
    pub fn begin(&mut self, job: Job, now_ms: i64) -> Work {
        let (latency_ms, is_lost) = match self.clusters.get(&job.target) {
            Some(cluster) => (request_ms(cluster, now_ms), self.rng.chance(cluster.weather.odds.lost)),
            None => (0, false),
        };
        let starts_ms = match job.task {
            Task::StaysUntil(until_ms) => until_ms.max(now_ms),
            Task::Apply | Task::BecomesHealthy | Task::IsCurrent => now_ms,
        };
        Work {
            wake_ms: now_ms + latency_ms,
            ends_ms: starts_ms + job.limit_ms + LIMIT_GRACE_MS,
            is_lost,
            service: 0,
            pending: None,
            writes: 0,
            healthy_since_ms: None,
            sick_since_ms: None,
            said: None,
            job,
        }
    }

    /// Lets an attempt go on at a time. `may_write` says whether the process behind it still holds its lease: it
    /// is asked before every write.
    pub fn poll(&mut self, work: &mut Work, now_ms: i64, may_write: bool) -> Poll {
        let poll = self.step(work, now_ms, may_write);
        if work.is_lost && matches!(poll, Poll::Succeeded(_) | Poll::Failed(_)) {
            work.wake_ms = i64::MAX;
            return Poll::Quiet;
        }
        poll
    }

    fn step(&mut self, work: &mut Work, now_ms: i64, may_write: bool) -> Poll {
        let Some(cluster) = self.clusters.get_mut(&work.job.target) else {
            return failed(FailureKind::Internal, format!("there is no simulated cluster `{}`", work.job.target));
        };
        if now_ms >= work.ends_ms {
            return failed(FailureKind::Timeout, "it took longer than its limit");
        }
        if !cluster.weather.is_reachable(now_ms) {
            return failed(FailureKind::Unreachable, format!("`{}` does not answer", work.job.target));
        }
        if self.rng.chance(cluster.weather.odds.throttled) {
            return failed(FailureKind::Throttled, format!("`{}` is busy", work.job.target));
        }
        match work.job.task {
            Task::Apply => self.apply(work, now_ms, may_write),
            Task::BecomesHealthy => wait(cluster, work, now_ms),
            Task::IsCurrent => verify(cluster, &work.job.wanted, now_ms),
            Task::StaysUntil(until_ms) => watch(cluster, work, until_ms, now_ms),
        }
    }

    fn apply(&mut self, work: &mut Work, now_ms: i64, may_write: bool) -> Poll {
        let Some(wanted) = work.job.wanted.get(work.service).cloned() else {
            let message = format!("{} writes", work.writes);
            return Poll::Succeeded(Report { writes: work.writes, message, evidence: serde_json::Value::Null });
        };
        let Some(cluster) = self.clusters.get_mut(&work.job.target) else {
            return failed(FailureKind::Internal, "the cluster is gone");
        };
        let service = wanted.content.service.clone();
        let installed = cluster.services.entry(service.clone()).or_default();
        if installed.runs() == Some(&wanted.content.digest) {
            work.service += 1;
            work.pending = None;
            work.wake_ms = now_ms;
            return Poll::Quiet;
        }
        if !may_write {
            return failed(FailureKind::Cancelled, "the lease is lost, nothing more is written");
        }
        if work.pending.is_none() && is_stale(installed, &wanted, &service) {
            return failed(FailureKind::Stale, format!("`{service}` is not what the plan was computed from"));
        }
        let wrote = write(installed, &wanted.content, &mut work.pending);
        let settled_ms = now_ms + cluster.pace.warm_up_ms * cluster.weather.slowness(now_ms);
        installed.warm_ms = settled_ms;
        if wrote == Wrote::Complete {
            cluster.weather.after_apply(&mut self.rng, now_ms);
        }
        work.wake_ms = now_ms + request_ms(cluster, now_ms);
        work.writes += 1;
        let (target, author) = (work.job.target.clone(), Some(work.job.author.clone()));
        let content = Some(wanted.content.digest.clone());
        self.writes.push(Write { at_ms: now_ms, target, service, content, wrote, author });
        Poll::Quiet
    }
}

/// Writes the next thing on the way to a content. `pending` counts what is left; `None` = the inventory comes first.
fn write(installed: &mut Installed, wanted: &Arc<Content>, pending: &mut Option<usize>) -> Wrote {
    match pending {
        None => {
            *pending = Some(installed.edits(wanted).len());
            let done = installed.next.as_ref().filter(|(next, _)| next.digest == wanted.digest).map_or(0, |(_, n)| *n);
            installed.next = Some((Arc::clone(wanted), done));
            Wrote::Inventory
        }
        Some(0) => {
            *installed = Installed { content: Some(Arc::clone(wanted)), ..Installed::default() };
            Wrote::Complete
        }
        Some(left) => {
            *left -= 1;
            if let Some((_, done)) = &mut installed.next {
                *done += 1;
            }
            Wrote::Object
        }
    }
}

/// Whether the world is neither what the plan saw nor on the way to what it wants.
fn is_stale(installed: &Installed, wanted: &Wanted, service: &ServiceName) -> bool {
    let is_resumed = installed.next.as_ref().is_some_and(|(next, _)| next.digest == wanted.content.digest);
    let is_as_planned = wanted.base.as_ref().is_none_or(|base| installed.base(service) == *base);
    !is_resumed && !is_as_planned
}

fn wait(cluster: &Cluster, work: &mut Work, now_ms: i64) -> Poll {
    let (done, total) = (healthy(cluster, &work.job.wanted, now_ms), work.job.wanted.len() as u32);
    let edge_ms = cluster.weather.next_change_ms(now_ms).min(work.ends_ms);
    if cluster.weather.is_sick(now_ms) {
        work.healthy_since_ms = None;
        let since_ms = *work.sick_since_ms.get_or_insert(now_ms);
        let grace_ms = work.job.wanted.iter().map(|wanted| wanted.grace_ms).min().unwrap_or(0);
        if now_ms - since_ms >= grace_ms {
            return failed(FailureKind::Unhealthy, "container `main` waits: ImagePullBackOff");
        }
        work.wake_ms = edge_ms.min(since_ms + grace_ms);
        return say(work, Progress { done: 0, total, waiting: "container `main` waits".to_owned() });
    }
    work.sick_since_ms = None;
    if done < total {
        work.healthy_since_ms = None;
        work.wake_ms = edge_ms.min(warm_ms(cluster, &work.job.wanted)).max(now_ms + 1);
        return say(work, Progress { done, total, waiting: format!("{done} of {total} services ready") });
    }
    let since_ms = *work.healthy_since_ms.get_or_insert(now_ms);
    let stable_ms = work.job.wanted.iter().map(|wanted| wanted.stable_for_ms).max().unwrap_or(0);
    if now_ms - since_ms >= stable_ms {
        return Poll::Succeeded(Report { writes: 0, message: "healthy".to_owned(), evidence: serde_json::Value::Null });
    }
    work.wake_ms = edge_ms.min(since_ms + stable_ms);
    say(work, Progress { done, total, waiting: "healthy, must stay so".to_owned() })
}

fn verify(cluster: &Cluster, wanted: &[Wanted], now_ms: i64) -> Poll {
    if let Some(failure) = current(cluster, wanted, now_ms) {
        return Poll::Failed(failure);
    }
    let runs: Vec<&str> = wanted.iter().map(|wanted| wanted.content.digest.short()).collect();
    let evidence = json!({ "runs": runs });
    Poll::Succeeded(Report { writes: 0, message: "runs the planned content, healthy".to_owned(), evidence })
}

fn watch(cluster: &Cluster, work: &mut Work, until_ms: i64, now_ms: i64) -> Poll {
    if let Some(failure) = current(cluster, &work.job.wanted, now_ms) {
        return Poll::Failed(failure);
    }
    if now_ms >= until_ms {
        let message = "stayed healthy".to_owned();
        return Poll::Succeeded(Report { writes: 0, message, evidence: serde_json::Value::Null });
    }
    // Other hands are seen at the latest after a quarter of the bake.
    let quarter_ms = ((until_ms - now_ms) / 4).max(1_000);
    work.wake_ms = cluster.weather.next_change_ms(now_ms).min(now_ms + quarter_ms).min(until_ms);
    Poll::Quiet
}

/// Why the wanted content does not run healthily; `None` = it does.
fn current(cluster: &Cluster, wanted: &[Wanted], now_ms: i64) -> Option<Failure> {
    let runs = |wanted: &&Wanted| {
        let installed = cluster.services.get(&wanted.content.service);
        installed.and_then(Installed::runs) == Some(&wanted.content.digest)
    };
    if let Some(other) = wanted.iter().find(|wanted| !runs(wanted)) {
        let message = format!("`{}` does not run {}", other.content.service, other.content.digest.short());
        return Some(Failure::new(FailureKind::Stale, message));
    }
    let is_healthy = !cluster.weather.is_sick(now_ms) && healthy(cluster, wanted, now_ms) == wanted.len() as u32;
    (!is_healthy).then(|| Failure::new(FailureKind::Unhealthy, "0 of 1 replicas ready"))
}

fn healthy(cluster: &Cluster, wanted: &[Wanted], now_ms: i64) -> u32 {
    let is_warm = |wanted: &&Wanted| {
        cluster.services.get(&wanted.content.service).is_some_and(|installed| installed.warm_ms <= now_ms)
    };
    wanted.iter().filter(is_warm).count() as u32
}

fn warm_ms(cluster: &Cluster, wanted: &[Wanted]) -> i64 {
    let warm =
        wanted.iter().map(|wanted| cluster.services.get(&wanted.content.service).map_or(i64::MAX, |s| s.warm_ms));
    warm.max().unwrap_or(i64::MAX)
}

fn say(work: &mut Work, progress: Progress) -> Poll {
    if work.said.as_ref() == Some(&progress) {
        return Poll::Quiet;
    }
    work.said = Some(progress.clone());
    Poll::Progress(progress)
}

fn request_ms(cluster: &Cluster, now_ms: i64) -> i64 {
    cluster.pace.request_ms * cluster.weather.slowness(now_ms)
}

fn failed(kind: FailureKind, message: impl Into<String>) -> Poll {
    Poll::Failed(Failure::new(kind, message))
}
