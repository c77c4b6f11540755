//! `cargo xtask bench sim`: one service on thousands of simulated clusters, by the engine with its real store.
//!
//! Measured by the engine's own example in a process of its own, so that its memory is its own.

use std::process::Command;

use anyhow::Context;
use serde::Deserialize;

use super::{
    Output, Report, Row, Unit,
    process::{Ended, measure},
    seaway::build,
};

/// How many clusters.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Sizes of the fleet
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1000, 5000])]
    clusters: Vec<u32>,
    #[command(flatten)]
    output: Output,
}

/// What the example prints: one JSON object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Found {
    plan_secs: f64,
    run_secs: f64,
    again_secs: f64,
    events: f64,
    plan_bytes: f64,
    store_bytes: f64,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let program = build(&["--package", "seaway-engine", "--example", "fleet_cost"], "examples/fleet_cost")?;
    let mut report = Report::new("sim")?;
    for clusters in &args.clusters {
        println!("{clusters} clusters");
        let mut command = Command::new(&program);
        command.arg(clusters.to_string());
        let ended = measure(command)?.expect_code("`fleet_cost`", &[0])?;
        let found = serde_json::from_str(&ended.stdout).context("unexpected output of `fleet_cost`")?;
        report.extend(rows(*clusters, &found, &ended));
    }
    report.finish(args.output.json.as_deref())
}

fn rows(clusters: u32, found: &Found, ended: &Ended) -> Vec<Row> {
    const MIB: f64 = 1024.0 * 1024.0;
    let case = format!("1 service × {clusters}");
    let row = |what: &str, unit, value| Row::one(&case, what, unit, value);
    vec![
        row("plan: wall", Unit::Seconds, found.plan_secs),
        row("run: wall", Unit::Seconds, found.run_secs),
        row("run: events", Unit::Count, found.events),
        row("run: events in a second", Unit::PerSecond, found.events / found.run_secs),
        row("nothing changed, plan and run: wall", Unit::Seconds, found.again_secs),
        row("all: CPU", Unit::CpuSeconds, ended.cpu),
        row("all: peak memory", Unit::Mebibytes, ended.peak_mib),
        row("plan: size", Unit::Mebibytes, found.plan_bytes / MIB),
        row("store: size", Unit::Mebibytes, found.store_bytes / MIB),
    ]
}
