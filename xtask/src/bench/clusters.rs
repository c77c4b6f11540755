//! The clusters of one case, and what they cost themselves.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use seaway_testbed::{Audit, Cluster, Options, Testbed};
use serde_json::Value;

use super::process::cpu_seconds;

/// How often the clusters are looked at until they are quiet.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Clusters that have just started use more than this share of one core for some seconds, each.
const QUIET_SHARE: f64 = 0.05;
/// Longest wait for that; then the figures are those of clusters that are not quiet.
const QUIET_LIMIT: Duration = Duration::from_secs(60);
/// How often an object is read until it is as it should be.
const POLL: Duration = Duration::from_millis(100);
/// Longest wait for that.
const POLL_LIMIT: Duration = Duration::from_secs(120);

/// Running clusters that note every request.
pub(crate) struct Clusters {
    testbed: Testbed,
}

impl Clusters {
    /// Starts so many and waits until they have calmed down.
    ///
    /// # Errors
    /// When one does not become ready.
    pub(crate) fn start(count: usize) -> anyhow::Result<Self> {
        println!("  starting {count} clusters");
        let testbed = Testbed::start(Options { clusters: count, audit: Audit::All, ..Options::default() })?;
        let clusters = Self { testbed };
        let until = Instant::now() + QUIET_LIMIT;
        let mut before = clusters.cpu_seconds();
        while Instant::now() < until {
            thread::sleep(LOOK_EVERY);
            let now = clusters.cpu_seconds();
            if (now - before) / LOOK_EVERY.as_secs_f64() < QUIET_SHARE * count as f64 {
                break;
            }
            before = now;
        }
        Ok(clusters)
    }

    pub(crate) fn testbed(&self) -> &Testbed {
        &self.testbed
    }

    pub(crate) fn all(&self) -> &[Cluster] {
        self.testbed.clusters()
    }

    pub(crate) fn first(&self) -> &Cluster {
        self.testbed.cluster(0)
    }

    /// Processor time of all their programs so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let pids = self.all().iter().flat_map(Cluster::pids);
        pids.filter_map(|pid| cpu_seconds(u32::try_from(pid).ok()?)).sum()
    }
}

/// Creates an object that is not there yet.
///
/// # Errors
/// When the server refuses it.
pub(crate) fn create(cluster: &Cluster, path: &str, object: &Value) -> anyhow::Result<()> {
    let (status, answer) = cluster.post(path, object)?;
    if status != 201 {
        bail!("{} refused an object with status {status}: {answer}", cluster.name());
    }
    Ok(())
}

/// Waits until what a path gives is as it should be, and returns it.
///
/// # Errors
/// When it does not become so in time.
pub(crate) fn eventually(
    cluster: &Cluster,
    path: &str,
    what: &str,
    is_it: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let until = Instant::now() + POLL_LIMIT;
    loop {
        let (_, value) = cluster.get(path)?;
        if is_it(&value) {
            return Ok(value);
        }
        if Instant::now() > until {
            bail!("waited {POLL_LIMIT:?} for {what} on {}; last answer: {value}", cluster.name());
        }
        thread::sleep(POLL);
    }
}
