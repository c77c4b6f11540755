//! Version A to version B in three stages of three clusters: eleven objects each, of which seven change.

use seaway_testbed::AuditEvent;

use super::{Clusters, Ctx, Row, Seen, Unit, cost_rows, cpu, peak, samples, seconds_between, see, wall, writes};
use crate::bench::{
    manifests::{SHOP_CHANGES, SHOP_OBJECTS, shop},
    report::median,
    workspace::{Stage, Workspace},
};

const CASE: &str = "staged";
const STAGES: [&str; 3] = ["canary", "early", "broad"];
const WALL_GOAL: f64 = 10.0;
const OVER_GOAL: f64 = 1.0;
const CPU_GOAL: f64 = 0.5;
const PEAK_GOAL: f64 = 60.0;
const AGAIN_GOAL: f64 = 1.0;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let in_stage = ctx.size(3, 1);
    let clusters = Clusters::start(STAGES.len() * in_stage)?;
    let stages: Vec<Stage> = STAGES
        .iter()
        .enumerate()
        .map(|(at, name)| Stage { name, clusters: at * in_stage..(at + 1) * in_stage })
        .collect();
    let workspace = Workspace::new(clusters.testbed(), &stages)?;
    workspace.service("shop", &[], &shop("v0"))?;
    let roll_out = || see(&clusters, || ctx.roll_out(&workspace, &["shop"]));

    println!("  installing version A");
    let install = roll_out()?;
    let (mut changed, mut again) = (Vec::new(), Vec::new());
    for round in 1..=ctx.rounds {
        println!("  changing the version, round {round}");
        workspace.manifests("shop", &shop(&format!("v{round}")))?;
        changed.push(roll_out()?);
        again.push(roll_out()?);
    }
    let mut over = Vec::new();
    for seen in &changed {
        over.push(wall(seen) - rolling_seconds(&clusters, seen, &stages)?);
    }
    Ok(rows(clusters.all().len(), &install, &changed, &again, over))
}

fn rows(targets: usize, install: &Seen, changed: &[Seen], again: &[Seen], over: Vec<f64>) -> Vec<Row> {
    let needed = (targets * (SHOP_CHANGES + 1)) as f64;
    let clusters_alone = median(&samples(changed, wall)) - median(&over);
    let [time, cost, memory, clusters_cpu] = cost_rows(CASE, "A→B", changed);
    let mut rows = vec![
        Row::one(CASE, "first install: wall", Unit::Seconds, wall(install))
            .note(format!("{targets} clusters × {SHOP_OBJECTS} objects")),
        time.goal(WALL_GOAL).against("clusters alone", clusters_alone),
        Row::median_of(CASE, "A→B: over what the clusters need", Unit::Seconds, over).goal(OVER_GOAL),
        Row::median_of(CASE, "A→B: writes", Unit::Count, samples(changed, writes))
            .goal(needed)
            .note(format!("{SHOP_CHANGES} objects and 1 inventory on each of {targets} clusters")),
        cost.goal(CPU_GOAL),
        memory.goal(PEAK_GOAL),
        clusters_cpu,
        Row::median_of(CASE, "again: wall", Unit::Seconds, samples(again, wall)).goal(AGAIN_GOAL),
        Row::median_of(CASE, "again: writes", Unit::Count, samples(again, writes)).goal(0.0),
        Row::median_of(CASE, "again: CPU", Unit::CpuSeconds, samples(again, cpu)),
        Row::median_of(CASE, "again: peak memory", Unit::Mebibytes, samples(again, peak)),
    ];
    if let Some(last) = again.last() {
        rows.extend(last.requests.rows_of_noop("staged, again", crate::bench::manifests::kinds(&shop("v0"))));
    }
    rows
}

/// How long the clusters themselves rolled their pods: in each stage from the last write of ours to the last status
/// that a controller wrote. Everything else is Seaway's, its writes included.
fn rolling_seconds(clusters: &Clusters, seen: &Seen, stages: &[Stage]) -> anyhow::Result<f64> {
    let internal = seen.marks.internal(clusters)?;
    let first_write = |stage: &Stage| ours(seen, stage).min();
    let mut total = 0.0;
    for (at, stage) in stages.iter().enumerate() {
        let ends = stages.get(at + 1).and_then(first_write).unwrap_or(i64::MAX);
        let statuses = stage.clusters.clone().flat_map(|cluster| &internal[cluster]);
        let rolled = statuses.filter(|event| is_workload_status(event)).map(|event| event.stage_micros);
        let rolled = rolled.filter(|micros| *micros < ends).max();
        if let (Some(written), Some(rolled)) = (ours(seen, stage).max(), rolled) {
            total += seconds_between(written, rolled.max(written));
        }
    }
    Ok(total)
}

/// When our writes of objects on the clusters of a stage were answered. The inventory, which comes last, is nothing
/// that a cluster waits for.
fn ours<'a>(seen: &'a Seen, stage: &Stage) -> impl Iterator<Item = i64> + 'a {
    let events = stage.clusters.clone().flat_map(|cluster| &seen.requests.0[cluster]);
    let writes = events.filter(|event| event.is_write());
    let objects = writes.filter(|event| event.object.as_ref().is_some_and(|object| object.namespace == "shop"));
    objects.map(|event| event.stage_micros)
}

fn is_workload_status(event: &AuditEvent) -> bool {
    event.is_write()
        && event.object.as_ref().is_some_and(|object| {
            object.subresource == "status"
                && object.namespace == "shop"
                && ["deployments", "statefulsets"].contains(&object.resource.as_str())
        })
}
