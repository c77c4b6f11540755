//! `cargo xtask bench kube`: rollouts by the real program on real API servers.
//!
//! Each case starts clusters of its own, so that no case pays for another. Requests are counted in the API servers'
//! audit logs, not by the program under test.

mod apps;
mod broken;
mod fleet;
mod killed;
mod many;
mod requests;
mod staged;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::ValueEnum;
use seaway_testbed::AuditEvent;

use super::{Clusters, Output, Report, Row, Seaway, process::Ended, report::Unit, workspace::Workspace};
use requests::{Marks, Requests};

/// What to measure, and how often.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these cases
    #[arg(long, value_enum, value_name = "CASE")]
    only: Vec<Case>,
    /// How often what can be repeated is measured; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// A tenth of the objects and fewer clusters, once: to see whether every case works
    #[arg(long)]
    small: bool,
    /// Measure this program instead of a release build
    #[arg(long, value_name = "FILE")]
    seaway: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// One case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Version A to B in three stages of three clusters
    Staged,
    /// A thousand ConfigMaps on one cluster
    Many,
    /// A hundred apps of ten objects on three clusters
    Apps,
    /// Ten services on ten clusters in one plan
    Fleet,
    /// A broken image at the canary: when is the cause named?
    Broken,
    /// The driving process is killed: when is the next one at work?
    Killed,
}

/// What every case needs.
struct Ctx {
    seaway: Seaway,
    rounds: u32,
    is_small: bool,
}

impl Ctx {
    /// The size, or the one to try things out with.
    fn size(&self, full: usize, small: usize) -> usize {
        if self.is_small { small } else { full }
    }

    /// Plans, starts and drives a rollout of these services (all when none is named) to its success.
    fn roll_out(&self, workspace: &Workspace, services: &[&str]) -> anyhow::Result<Ended> {
        let args = [&["rollout", "start"], services, &["-e", super::workspace::ENVIRONMENT, "--yes"]].concat();
        self.seaway.run(workspace.path(), &args, &[0])
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let ctx = Ctx {
        seaway: Seaway::find_or_build(args.seaway.as_deref())?,
        rounds: if args.small { 1 } else { args.rounds },
        is_small: args.small,
    };
    let mut report = Report::new("kube")?;
    for case in Case::value_variants() {
        if !args.only.is_empty() && !args.only.contains(case) {
            continue;
        }
        println!("case {case:?}");
        let rows = match case {
            Case::Staged => staged::run(&ctx),
            Case::Many => many::run(&ctx),
            Case::Apps => apps::run(&ctx),
            Case::Fleet => fleet::run(&ctx),
            Case::Broken => broken::run(&ctx),
            Case::Killed => killed::run(&ctx),
        };
        report.extend(rows.with_context(|| format!("case `{case:?}`"))?);
    }
    report.finish(args.output.json.as_deref())
}

/// One run of the program with what the clusters saw of it.
struct Seen {
    ended: Ended,
    requests: Requests,
    /// What the clusters' own parts did meanwhile, by cluster.
    internal: Vec<Vec<AuditEvent>>,
    /// Processor time of the clusters meanwhile, in seconds.
    clusters_cpu: f64,
}

/// Runs something and reads the audit logs.
fn see(clusters: &Clusters, run: impl FnOnce() -> anyhow::Result<Ended>) -> anyhow::Result<Seen> {
    let marks = Marks::now(clusters)?;
    let before = clusters.cpu_seconds();
    let ended = run()?;
    let clusters_cpu = clusters.cpu_seconds() - before;
    Ok(Seen { requests: marks.requests(clusters)?, internal: marks.internal(clusters)?, ended, clusters_cpu })
}

/// One sample of each run.
fn samples(seen: &[Seen], of: impl Fn(&Seen) -> f64) -> Vec<f64> {
    seen.iter().map(of).collect()
}

/// When it ended, microseconds since 1970.
fn ended_micros(seen: &Seen) -> i64 {
    seen.ended.started_micros + i64::try_from(seen.ended.wall.as_micros()).unwrap_or(i64::MAX)
}

fn wall(seen: &Seen) -> f64 {
    seen.ended.wall.as_secs_f64()
}

fn cpu(seen: &Seen) -> f64 {
    seen.ended.cpu
}

fn peak(seen: &Seen) -> f64 {
    seen.ended.peak_mib
}

fn writes(seen: &Seen) -> f64 {
    seen.requests.writes() as f64
}

/// Seconds until the first write: reading, rendering and planning. All of the run when nothing was written.
fn planning(seen: &Seen) -> f64 {
    let first = seen.requests.0.iter().flatten().filter(|event| event.is_write()).map(|event| event.received_micros);
    first.min().map_or_else(|| wall(seen), |first| seconds_between(seen.ended.started_micros, first))
}

/// Seconds from the first write to the end.
fn running(seen: &Seen) -> f64 {
    wall(seen) - planning(seen)
}

/// Rows that every case has: time, processor time, memory.
fn cost_rows(case: &str, what: &str, seen: &[Seen]) -> [Row; 4] {
    let row = |of: &str, unit, values| Row::median_of(case, &format!("{what}: {of}"), unit, values);
    [
        row("wall", Unit::Seconds, samples(seen, wall)),
        row("CPU", Unit::CpuSeconds, samples(seen, cpu)),
        row("peak memory", Unit::Mebibytes, samples(seen, peak)),
        row("CPU of the clusters meanwhile", Unit::CpuSeconds, samples(seen, |seen| seen.clusters_cpu)),
    ]
}

/// Seconds between two times in microseconds.
fn seconds_between(from_micros: i64, to_micros: i64) -> f64 {
    Duration::from_micros(u64::try_from(to_micros - from_micros).unwrap_or(0)).as_secs_f64()
}
