//! A thousand ConfigMaps on one cluster: next to a plain loop of requests, and to `kubectl apply --server-side`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::{Clusters, Ctx, Row, Seen, Unit, cost_rows, planning, running, samples, see, wall, writes};
use crate::bench::{
    clusters::create,
    floor::Api,
    manifests::{config_maps, kinds, namespace},
    process::measure,
    report::median,
    workspace::{Stage, Workspace},
};

const CASE: &str = "many";
/// Connections of the floors; the second is as many as Seaway uses to one cluster.
const CONNECTIONS: [usize; 2] = [1, 8];
const FIRST_GOAL: f64 = 1.5;
const FIRST_CPU_GOAL: f64 = 0.5;
const AGAIN_GOAL: f64 = 0.3;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let objects = config_maps(ctx.size(1000, 100));
    let clusters = Clusters::start(1)?;
    let workspace = Workspace::new(clusters.testbed(), &[Stage { name: "all", clusters: 0..1 }])?;
    let api = Api::of(clusters.first().kubeconfig())?;
    let place = |name: &str| create(clusters.first(), "/api/v1/namespaces", &namespace(name));

    let (mut first, mut again, mut floors) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
    // Everybody once a round, so that a change of the machine's load meets all of them.
    for round in 1..=ctx.rounds {
        println!("  {} ConfigMaps, round {round}", objects.len());
        let name = format!("many-{round}");
        place(&name)?;
        workspace.service(&name, &[], &objects)?;
        first.push(see(&clusters, || ctx.roll_out(&workspace, &[&name]))?);
        again.push(see(&clusters, || ctx.roll_out(&workspace, &[&name]))?);
        for (connections, floor) in CONNECTIONS.iter().zip(&mut floors) {
            let name = format!("floor-{connections}-{round}");
            place(&name)?;
            let before = clusters.cpu_seconds();
            let wall = api.apply(&name, &objects, *connections)?.as_secs_f64();
            floor.push((wall, clusters.cpu_seconds() - before));
        }
    }
    println!("  the same files with kubectl");
    place("kubectl")?;
    let kubectl = kubectl(clusters.first().kubeconfig(), &workspace.manifests_of("many-1"))?;
    let floor = floors.each_ref().map(|samples| Floor {
        wall: median(&samples.iter().map(|sample| sample.0).collect::<Vec<_>>()),
        clusters_cpu: median(&samples.iter().map(|sample| sample.1).collect::<Vec<_>>()),
    });
    Ok(rows(&objects, &first, &again, &floor, kubectl.as_ref()))
}

/// What the plain loop of requests took.
struct Floor {
    wall: f64,
    clusters_cpu: f64,
}

fn rows(
    objects: &[serde_json::Value],
    first: &[Seen],
    again: &[Seen],
    floor: &[Floor; 2],
    kubectl: Option<&Kubectl>,
) -> Vec<Row> {
    let [time, cost, memory, clusters_cpu] = cost_rows(CASE, "first", first);
    let beside_loops =
        |row: Row| row.against("loop, 1 connection", floor[0].wall).against("loop, 8 connections", floor[1].wall);
    let time = beside_loops(time.goal(FIRST_GOAL));
    let part = |what: &str, of: fn(&Seen) -> f64| {
        Row::median_of(CASE, &format!("first: {what}"), Unit::Seconds, samples(first, of))
    };
    let again_time = Row::median_of(CASE, "again: wall", Unit::Seconds, samples(again, wall)).goal(AGAIN_GOAL);
    let [_, again_cost, again_memory, _] = cost_rows(CASE, "again", again);
    let needed = objects.len() + 2;
    let beside = |row: Row, of: fn(&Kubectl) -> f64| match kubectl {
        Some(kubectl) => row.against("kubectl", of(kubectl)),
        None => row.note("kubectl is missing: it is not on the PATH"),
    };
    let mut rows = vec![
        beside(time, |kubectl| kubectl.first.0),
        part("of it until the first write", planning).note("reading, rendering, planning"),
        beside_loops(part("of it from the first write on", running)),
        beside(cost.goal(FIRST_CPU_GOAL), |kubectl| kubectl.first.1),
        beside(memory, |kubectl| kubectl.first.2),
        clusters_cpu.against("loop, 8 connections", floor[1].clusters_cpu),
        Row::median_of(CASE, "first: writes", Unit::Count, samples(first, writes))
            .note(format!("{needed} with an inventory before and after")),
        beside(again_time, |kubectl| kubectl.again.0),
        beside(again_cost, |kubectl| kubectl.again.1),
        again_memory,
    ];
    if let Some(last) = first.last() {
        rows.extend(last.requests.rows("many, first", kinds(objects)));
    }
    if let Some(last) = again.last() {
        rows.extend(last.requests.rows_of_noop("many, again", kinds(objects)));
    }
    rows
}

/// Wall, processor time and peak memory, both times.
struct Kubectl {
    first: (f64, f64, f64),
    again: (f64, f64, f64),
}

/// The same files by `kubectl apply --server-side`, twice; `None` = there is no kubectl.
fn kubectl(kubeconfig: &Path, folder: &Path) -> anyhow::Result<Option<Kubectl>> {
    let version = Command::new("kubectl").args(["version", "--client"]).stdout(Stdio::null()).status();
    if version.is_err() {
        return Ok(None);
    }
    let apply = || {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(kubeconfig);
        command.args(["apply", "--server-side", "--namespace", "kubectl", "-f"]).arg(folder);
        let ended = measure(command)?.expect_code("`kubectl apply --server-side`", &[0])?;
        anyhow::Ok((ended.wall.as_secs_f64(), ended.cpu, ended.peak_mib))
    };
    Ok(Some(Kubectl { first: apply()?, again: apply()? }))
}
