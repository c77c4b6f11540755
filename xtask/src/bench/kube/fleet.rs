//! Ten services on ten clusters in one plan: for the first time, with one image changed, with nothing changed.

use super::{Clusters, Ctx, Row, Seen, Unit, cost_rows, see};
use crate::bench::{
    manifests::{kinds, small},
    process::Ended,
    seaway::CHANGES,
    workspace::{ENVIRONMENT, Stage, Workspace},
};

const CASE: &str = "fleet";
const AGAIN_GOAL: f64 = 1.0;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let (count, services) = (ctx.size(10, 3), ctx.size(10, 3));
    let clusters = Clusters::start(count)?;
    let stages = [Stage { name: "canary", clusters: 0..1 }, Stage { name: "broad", clusters: 1..count }];
    let workspace = Workspace::new(clusters.testbed(), &stages)?;
    for number in 0..services {
        let name = format!("svc-{number}");
        workspace.service(&name, &[], &small(&name, "v0"))?;
    }
    let roll_out = || see(&clusters, || ctx.roll_out(&workspace, &[]));
    let plan =
        |code| -> anyhow::Result<Ended> { ctx.seaway.run(workspace.path(), &["plan", "-e", ENVIRONMENT], &[code]) };

    println!("  {services} services on {count} clusters");
    let first = [roll_out()?];
    let (mut changed, mut again, mut planned) = (Vec::new(), Vec::new(), Vec::new());
    let mut planned_change = Vec::new();
    for round in 1..=ctx.rounds {
        println!("  one image, round {round}");
        workspace.manifests("svc-0", &small("svc-0", &format!("v{round}")))?;
        planned_change.push(see(&clusters, || plan(CHANGES))?);
        changed.push(roll_out()?);
        planned.push(see(&clusters, || plan(0))?);
        again.push(roll_out()?);
    }
    let kinds = kinds(&small("svc-0", "v0"));
    let mut rows = phase("first", &first, kinds);
    rows.extend(cost_rows(CASE, "one image, plan only", &planned_change).into_iter().take(1));
    rows.extend(phase("one image", &changed, kinds));
    rows.extend(nothing("nothing, plan only", &planned, kinds));
    rows.extend(nothing("nothing", &again, kinds));
    Ok(rows)
}

fn phase(what: &str, seen: &[Seen], kinds: usize) -> Vec<Row> {
    let mut rows = cost_rows(CASE, what, seen).to_vec();
    let until = super::samples(seen, super::planning);
    rows.push(Row::median_of(CASE, &format!("{what}: of it until the first write"), Unit::Seconds, until));
    rows.push(Row::median_of(CASE, &format!("{what}: writes"), Unit::Count, super::samples(seen, super::writes)));
    if let Some(last) = seen.last() {
        rows.extend(last.requests.rows(&format!("{CASE}, {what}"), kinds));
    }
    rows
}

fn nothing(what: &str, seen: &[Seen], kinds: usize) -> Vec<Row> {
    let [time, cost, memory, clusters_cpu] = cost_rows(CASE, what, seen);
    let mut rows = vec![time.goal(AGAIN_GOAL), cost, memory, clusters_cpu];
    if let Some(last) = seen.last() {
        rows.extend(last.requests.rows_of_noop(&format!("{CASE}, {what}"), kinds));
    }
    rows
}
