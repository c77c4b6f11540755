//! Version A to version B in three stages of three clusters: eleven objects each, of which seven change.

use seaway_testbed::AuditEvent;

use super::{
    Clusters, Ctx, Row, Seen, Unit, cost_rows, cpu, ended_micros, peak, samples, seconds_between, see, wall, writes,
};
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
    let parts: Vec<Parts> = changed.iter().map(|seen| Parts::of(seen, &stages)).collect();
    Ok(rows(clusters.all().len(), &install, &changed, &again, &parts))
}

fn rows(targets: usize, install: &Seen, changed: &[Seen], again: &[Seen], parts: &[Parts]) -> Vec<Row> {
    let needed = (targets * (SHOP_CHANGES + 1)) as f64;
    let part = |what: &str, of: fn(&Parts) -> f64| {
        Row::median_of(CASE, &format!("A→B: {what}"), Unit::Seconds, parts.iter().map(of).collect())
    };
    let rolling = median(&parts.iter().map(|parts| parts.rolling).collect::<Vec<_>>());
    let [time, cost, memory, clusters_cpu] = cost_rows(CASE, "A→B", changed);
    let mut rows = vec![
        Row::one(CASE, "first install: wall", Unit::Seconds, wall(install))
            .note(format!("{targets} clusters × {SHOP_OBJECTS} objects")),
        time.goal(WALL_GOAL).against("clusters alone", rolling),
        part("over what the clusters need", |parts| parts.planning + parts.writing + parts.noticing).goal(OVER_GOAL),
        part("of it until the first write", |parts| parts.planning).note("reading, rendering, planning"),
        part("of it writing, all stages", |parts| parts.writing),
        part("of it seeing health and verifying, all stages", |parts| parts.noticing),
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

/// Where the time of one run went, in seconds, by the clusters' audit logs. Together they are the whole run.
#[derive(Default)]
struct Parts {
    /// From the start to the first write: reading, rendering, planning.
    planning: f64,
    /// In each stage from the first write of an object to the answer of the last one.
    writing: f64,
    /// In each stage from there to the last status that a controller wrote: the clusters roll their pods.
    rolling: f64,
    /// From there to the first write of the next stage, or to the end: seeing it, verifying, deciding.
    noticing: f64,
}

impl Parts {
    fn of(seen: &Seen, stages: &[Stage]) -> Self {
        let mut parts = Self::default();
        let mut at = seen.ended.started_micros;
        let mut spend = |until: i64| {
            let spent = seconds_between(at, until.max(at));
            at = until.max(at);
            spent
        };
        for (number, stage) in stages.iter().enumerate() {
            let (Some(first), Some(last)) = (began(seen, stage).min(), answered(seen, stage).max()) else { continue };
            *(if number == 0 { &mut parts.planning } else { &mut parts.noticing }) += spend(first);
            parts.writing += spend(last);
            let next = stages.get(number + 1).and_then(|next| began(seen, next).min());
            let ends = next.unwrap_or_else(|| ended_micros(seen));
            let statuses = stage.clusters.clone().flat_map(|cluster| &seen.internal[cluster]);
            let statuses = statuses.filter(|event| is_workload_status(event)).map(|event| event.stage_micros);
            parts.rolling += spend(statuses.filter(|micros| *micros < ends).max().unwrap_or(last));
        }
        parts.noticing += spend(ended_micros(seen));
        parts
    }
}

fn began<'a>(seen: &'a Seen, stage: &'a Stage) -> impl Iterator<Item = i64> + 'a {
    ours(seen, stage).map(|event| event.received_micros)
}

fn answered<'a>(seen: &'a Seen, stage: &'a Stage) -> impl Iterator<Item = i64> + 'a {
    ours(seen, stage).map(|event| event.stage_micros)
}

/// Our writes of objects on the clusters of a stage. The inventory, which comes last, is nothing that a cluster waits
/// for.
fn ours<'a>(seen: &'a Seen, stage: &'a Stage) -> impl Iterator<Item = &'a AuditEvent> {
    let events = stage.clusters.clone().flat_map(|cluster| &seen.requests.0[cluster]);
    let writes = events.filter(|event| event.is_write());
    writes.filter(|event| event.object.as_ref().is_some_and(|object| object.namespace == "shop"))
}

fn is_workload_status(event: &AuditEvent) -> bool {
    event.is_write()
        && event.object.as_ref().is_some_and(|object| {
            object.subresource == "status"
                && object.namespace == "shop"
                && ["deployments", "statefulsets"].contains(&object.resource.as_str())
        })
}
