//! A hundred apps of ten objects on three clusters, until all of them are healthy; then nothing to do.
//!
//! Twice: spread over the clusters, a thousand objects in all; and each app on every cluster.

use super::{Clusters, Ctx, Row, Unit, cost_rows, planning, samples, see, wall, writes};
use crate::bench::{
    manifests::{app, kinds},
    workspace::{Stage, Workspace},
};

const CLUSTERS: usize = 3;
const OBJECTS: usize = 10;
const WALL_GOAL: f64 = 15.0;
const CPU_GOAL: f64 = 8.0;
const PEAK_GOAL: f64 = 100.0;
const AGAIN_GOAL: f64 = 1.0;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let mut rows = measure(ctx, "apps, spread", true)?;
    rows.extend(measure(ctx, "apps, everywhere", false)?);
    Ok(rows)
}

fn measure(ctx: &Ctx, case: &str, is_spread: bool) -> anyhow::Result<Vec<Row>> {
    let apps = ctx.size(100, 10);
    let clusters = Clusters::start(CLUSTERS)?;
    let workspace = Workspace::new(clusters.testbed(), &[Stage { name: "all", clusters: 0..CLUSTERS }])?;
    for number in 0..apps {
        let name = format!("app-{number:03}");
        let region = format!("region-c{}", number % CLUSTERS + 1);
        let regions: &[String] = if is_spread { &[region] } else { &[] };
        workspace.service(&name, regions, &app(&name, "v1"))?;
    }
    println!("  {apps} apps, {case}");
    let first = [see(&clusters, || ctx.roll_out(&workspace, &[]))?];
    let again = (0..ctx.rounds)
        .map(|_| see(&clusters, || ctx.roll_out(&workspace, &[])))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let objects = if is_spread { apps * OBJECTS } else { apps * OBJECTS * CLUSTERS };
    let [time, cost, memory, clusters_cpu] = cost_rows(case, "first, to healthy", &first);
    let [_, again_cost, again_memory, _] = cost_rows(case, "again", &again);
    let (time, cost, memory) = if is_spread {
        (time.goal(WALL_GOAL), cost.goal(CPU_GOAL), memory.goal(PEAK_GOAL))
    } else {
        (time, cost, memory)
    };
    let mut rows = vec![
        time.note(format!("{objects} objects")),
        Row::median_of(case, "first: of it until the first write", Unit::Seconds, samples(&first, planning)),
        cost,
        memory,
        clusters_cpu,
        Row::median_of(case, "first, to healthy: writes", Unit::Count, samples(&first, writes)),
        Row::median_of(case, "again: wall", Unit::Seconds, samples(&again, wall)).goal(AGAIN_GOAL),
        again_cost,
        again_memory,
    ];
    let kinds = kinds(&app("a", "v1"));
    rows.extend(first.iter().flat_map(|seen| seen.requests.rows(&format!("{case}, first"), kinds)));
    if let Some(last) = again.last() {
        rows.extend(last.requests.rows_of_noop(&format!("{case}, again"), kinds));
    }
    Ok(rows)
}
