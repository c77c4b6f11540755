//! A broken image at the canary: how long until the cause is named, with everything that a person needs.

use seaway_testbed::Cluster;
use serde_json::Value;

use super::{Clusters, Ctx, Row, Unit, requests::Marks, seconds_between};
use crate::bench::{
    clusters::eventually,
    manifests::{image, shop},
    workspace::{ENVIRONMENT, Stage, Workspace},
};

const CASE: &str = "broken";
const GOAL: f64 = 5.0;
/// What the kubelet reports.
const REASON: &str = "ImagePullBackOff";
/// Exit code of a rollout that failed.
const FAILED: i32 = 3;

pub(super) fn run(ctx: &Ctx) -> anyhow::Result<Vec<Row>> {
    let clusters = Clusters::start(2)?;
    let stages = [Stage { name: "canary", clusters: 0..1 }, Stage { name: "broad", clusters: 1..2 }];
    let workspace = Workspace::new(clusters.testbed(), &stages)?;
    workspace.service("shop", &[], &shop("v0"))?;
    println!("  installing a good version");
    ctx.roll_out(&workspace, &["shop"])?;

    println!("  a broken image");
    let broken = image("api", "v1-broken");
    let mut objects = shop("v0");
    if let Some(api) = objects.iter_mut().find(|o| o["kind"] == "Deployment" && o["metadata"]["name"] == "api") {
        api["spec"]["template"]["spec"]["containers"][0]["image"] = Value::from(broken.as_str());
    }
    workspace.manifests("shop", &objects)?;
    let marks = Marks::now(&clusters)?;
    let args = ["rollout", "start", "shop", "-e", ENVIRONMENT, "--yes"];
    let mut driving = ctx.seaway.start(workspace.path(), &args)?;
    let named = driving.await_line(REASON, |line| line.contains(REASON))?;
    // Asked at once, while the rollout still waits.
    let explained = ctx.seaway.run(workspace.path(), &["rollout", "explain"], &[0])?;
    let pod = broken_pod(clusters.first(), &broken)?;
    let code = driving.wait()?;
    let ended_micros = crate::bench::process::now_micros()?;
    if code != FAILED {
        anyhow::bail!("the rollout of a broken image ended with code {code}, expected {FAILED}\n{}", driving.said());
    }
    let reported = reported_micros(&clusters, &marks)?;
    let wanted = [
        ("cluster", "c1"),
        ("object", "shop/api"),
        ("pod", pod.as_str()),
        ("container", "server"),
        ("image", broken.as_str()),
        ("reason", REASON),
    ];
    let started = driving.started_micros;
    let told_after = explained.started_micros + i64::try_from(explained.wall.as_micros())?;
    Ok(vec![
        Row::one(CASE, "from the kubelet's report until named", Unit::Seconds, seconds_between(reported, named.micros))
            .goal(GOAL)
            .note(names(&named.text, &wanted)),
        Row::one(
            CASE,
            "from the kubelet's report until `explain` told",
            Unit::Seconds,
            seconds_between(reported, told_after),
        )
        .goal(GOAL)
        .note(names(&explained.stdout, &wanted)),
        Row::one(CASE, "from the rollout's start until named", Unit::Seconds, seconds_between(started, named.micros)),
        Row::one(
            CASE,
            "from the rollout's start until it failed",
            Unit::Seconds,
            seconds_between(started, ended_micros),
        )
        .note("a pod has a minute to get its image, unless the service says otherwise"),
    ])
}

/// When the node first reported a pod's status on the canary.
fn reported_micros(clusters: &Clusters, marks: &Marks) -> anyhow::Result<i64> {
    let internal = marks.internal(clusters)?;
    let of_pods = internal.iter().take(1).flatten().filter(|event| {
        event.user == "kwok"
            && event
                .object
                .as_ref()
                .is_some_and(|o| o.resource == "pods" && o.subresource == "status" && o.namespace == "shop")
    });
    of_pods.map(|event| event.stage_micros).min().ok_or_else(|| anyhow::anyhow!("the node reported no pod"))
}

fn broken_pod(cluster: &Cluster, image: &str) -> anyhow::Result<String> {
    let is_broken = |pod: &Value| pod["spec"]["containers"][0]["image"] == image;
    let find = |list: &Value| {
        let pod = list["items"].as_array()?.iter().find(|pod| is_broken(pod))?;
        Some(pod["metadata"]["name"].as_str()?.to_owned())
    };
    let list = eventually(cluster, "/api/v1/namespaces/shop/pods", "the broken pod", |list| find(list).is_some())?;
    find(&list).ok_or_else(|| anyhow::anyhow!("the broken pod is gone"))
}

/// Which of the words a text has.
fn names(text: &str, wanted: &[(&str, &str)]) -> String {
    let missing: Vec<&str> = wanted.iter().filter(|(_, word)| !text.contains(word)).map(|(what, _)| *what).collect();
    match missing.as_slice() {
        [] => "names cluster, object, pod, container, image and reason".to_owned(),
        missing => format!("does NOT name {}", missing.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let wanted = [("cluster", "c1"), ("pod", "api-1")];
        assert_eq!(names("c1: pod api-1", &wanted), "names cluster, object, pod, container, image and reason");
        assert_eq!(names("c1: a pod", &wanted), "does NOT name pod");
    }
}
