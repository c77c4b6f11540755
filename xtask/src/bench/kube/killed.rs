//! The driving process is killed in the middle of a rollout: how long until the next one is at work.

use anyhow::Context;

use super::{Clusters, Ctx, Row, Unit, requests::Marks, seconds_between};
use crate::bench::{
    manifests::shop,
    workspace::{ENVIRONMENT, Stage, Workspace},
};

const CASE: &str = "killed";
const GOAL: f64 = 5.0;
const STAGES: [&str; 3] = ["canary", "early", "broad"];

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let clusters = Clusters::start(STAGES.len())?;
    let stages: Vec<Stage> = STAGES.iter().enumerate().map(|(at, name)| Stage { name, clusters: at..at + 1 }).collect();
    let workspace = Workspace::new(clusters.testbed(), &stages)?;
    workspace.service("shop", &[], &shop("v0"))?;
    println!("  installing the first version");
    ctx.roll_out(&workspace, &["shop"])?;
    let (mut back, mut done) = (Vec::new(), Vec::new());
    for round in 1..=ctx.rounds {
        println!("  a rollout that is killed, round {round}");
        // Its pods take five seconds, so that the second stage is under way for certain.
        workspace.manifests("shop", &shop(&format!("v{round}-slow")))?;
        let args = ["rollout", "start", "shop", "-e", ENVIRONMENT, "--yes"];
        let mut driving = ctx.seaway.start(workspace.path(), &args)?;
        driving.await_line("work on the second stage", |line| line.contains("c2: apply"))?;
        driving.kill()?;
        let killed = crate::bench::process::now_micros()?;
        let status = ctx.seaway.json(workspace.path(), &["rollout", "status"], &[0])?;
        let id = status["id"].as_str().context("`rollout status -o json` has an `id`")?;

        let marks = Marks::now(&clusters)?;
        let resumed = ctx.seaway.run(workspace.path(), &["rollout", "resume", id], &[0])?;
        let requests = marks.requests(&clusters)?;
        // What the clusters see is what counts as being at work.
        let first = requests.0.iter().flatten().map(|event| event.received_micros);
        let first = first.filter(|micros| *micros > killed).min().context("the resumed rollout asked nothing")?;
        back.push(seconds_between(resumed.started_micros, first));
        done.push(resumed.wall.as_secs_f64());
    }
    Ok(vec![
        Row::median_of(CASE, "from `resume` until the first request to a cluster", Unit::Seconds, back)
            .goal(GOAL)
            .note("killed while the second of three stages is under way"),
        Row::median_of(CASE, "from `resume` until the rollout has succeeded", Unit::Seconds, done)
            .note("two stages whose pods take five seconds each, one after the other"),
    ])
}
