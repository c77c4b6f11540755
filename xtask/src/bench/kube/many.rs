//! A thousand ConfigMaps on one cluster: next to a plain loop of requests, and to `kubectl apply --server-side`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::{Clusters, Ctx, Row, Seen, Unit, cost_rows, samples, see, wall, writes};
use crate::bench::{
    clusters::create,
    floor::Api,
    manifests::{config_maps, kinds, namespace},
    process::measure,
    report::median,
    workspace::{Stage, Workspace},
};

const CASE: &str = "many";
/// Connections of the wider floor.
const CONNECTIONS: usize = 8;
const FIRST_GOAL: f64 = 1.5;
const FIRST_CPU_GOAL: f64 = 0.5;
const AGAIN_GOAL: f64 = 0.3;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let objects = config_maps(ctx.size(1000, 100));
    let clusters = Clusters::start(1)?;
    let workspace = Workspace::new(clusters.testbed(), &[Stage { name: "all", clusters: 0..1 }])?;
    let api = Api::of(clusters.first().kubeconfig())?;
    let place = |name: &str| create(clusters.first(), "/api/v1/namespaces", &namespace(name));

    let (mut first, mut again, mut one, mut eight) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    // Everybody once a round, so that a change of the machine's load meets all of them.
    for round in 1..=ctx.rounds {
        println!("  {} ConfigMaps, round {round}", objects.len());
        let name = format!("many-{round}");
        place(&name)?;
        workspace.service(&name, &[], &objects)?;
        first.push(see(&clusters, || ctx.roll_out(&workspace, &[&name]))?);
        again.push(see(&clusters, || ctx.roll_out(&workspace, &[&name]))?);
        for (connections, times) in [(1, &mut one), (CONNECTIONS, &mut eight)] {
            let name = format!("floor-{connections}-{round}");
            place(&name)?;
            times.push(api.apply(&name, &objects, connections)?.as_secs_f64());
        }
    }
    println!("  the same files with kubectl");
    place("kubectl")?;
    let kubectl = kubectl(clusters.first().kubeconfig(), &workspace.manifests_of("many-1"))?;
    Ok(rows(&objects, &first, &again, [median(&one), median(&eight)], kubectl.as_ref()))
}

fn rows(
    objects: &[serde_json::Value],
    first: &[Seen],
    again: &[Seen],
    floor: [f64; 2],
    kubectl: Option<&Kubectl>,
) -> Vec<Row> {
    let [time, cost, memory, clusters_cpu] = cost_rows(CASE, "first", first);
    let time = time.goal(FIRST_GOAL).against("loop, 1 connection", floor[0]).against("loop, 8 connections", floor[1]);
    let again_time = Row::median_of(CASE, "again: wall", Unit::Seconds, samples(again, wall)).goal(AGAIN_GOAL);
    let [_, again_cost, again_memory, _] = cost_rows(CASE, "again", again);
    let needed = objects.len() + 2;
    let beside = |row: Row, of: fn(&Kubectl) -> f64| match kubectl {
        Some(kubectl) => row.against("kubectl", of(kubectl)),
        None => row.note("kubectl is missing: it is not on the PATH"),
    };
    let mut rows = vec![
        beside(time, |kubectl| kubectl.first.0),
        beside(cost.goal(FIRST_CPU_GOAL), |kubectl| kubectl.first.1),
        beside(memory, |kubectl| kubectl.first.2),
        clusters_cpu,
        Row::median_of(CASE, "first: writes", Unit::Count, samples(first, writes))
            .note(format!("{needed} with an inventory before and after")),
        beside(again_time, |kubectl| kubectl.again.0),
        beside(again_cost, |kubectl| kubectl.again.1),
        again_memory,
    ];
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
