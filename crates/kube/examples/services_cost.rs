//! What rolling out many services to one cluster costs, until all are healthy: `services_cost KUBECONFIG CONTEXT COUNT`.
//!
//! Each service has ten objects, one of them a Deployment, in a namespace of its own. They are applied and waited for
//! side by side, and then planned and applied again. Works in namespaces of its own and cleans up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{path::Path, sync::Arc, time::Instant};

use futures::{StreamExt, stream};
use seaway_core::{
    declaration::{Connection, Limits},
    digest::Digest,
    duration::Millis,
    ids::{EnvironmentName, RolloutId, ServiceName, StepId},
    object::ObjectRef,
    release::{Content, Entry, Rendered},
};
use seaway_kube::{Cluster, Desired, WaitPolicy, WriteContext};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn rendered(manifest: Value) -> Rendered {
    let object = ObjectRef::of(&manifest).unwrap();
    let entry = Entry { digest: Digest::of_json(&manifest), phase: 0, sensitive: object.is_secret(), object };
    Rendered { entry, manifest: Arc::new(manifest) }
}

fn desired(i: usize, image: &str) -> Desired {
    let name = format!("seaway-cost-{i:03}");
    let meta = |object: &str| json!({"name": object, "namespace": name});
    let pod =
        json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api", "image": image}]}});
    let mut manifests = vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("api")}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("api"), "stringData": {"key": "value"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": meta("api"), "spec": {"selector": {"app": "api"}, "ports": [{"port": 80}]}}),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("api"),
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "api"}}}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta("api"),
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "api"}}, "template": pod}}),
    ];
    manifests.extend((0..4).map(|c| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&format!("config-{c}")), "data": {"key": "value"}})
    }));
    let content = Content::new(ServiceName::new(&name), manifests.into_iter().map(rendered).collect());
    Desired { environment: EnvironmentName::new("cost"), content, prune: true, allow_replace: false }
}

fn context() -> WriteContext {
    WriteContext {
        rollout: RolloutId::new("cost"),
        step: StepId(0),
        attempt: 1,
        epoch: 1,
        plan: Digest::of(b"cost"),
        policy: WaitPolicy { timeout: Millis::secs(120), stable_for: Millis(0), pod_grace: Millis::secs(60) },
        fence: Arc::new(|| true),
    }
}

/// User and system time of this process, in seconds, and its peak memory, in MiB.
fn usage() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak = peak.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    ((ticks(11) + ticks(12)) / 100.0, peak / 1024)
}

async fn measured<T>(what: &str, cluster: &Cluster, work: impl Future<Output = T>) -> T {
    let (before, (cpu, _), started) = (cluster.requests(), usage(), Instant::now());
    let result = work.await;
    let (wall, after, (cpu_after, peak)) = (started.elapsed(), cluster.requests(), usage());
    println!(
        "{what:<34} {:>6.2} s wall  {:>5.2} s CPU  {peak:>4} MiB peak  {} list, {} watch, {} patch, {} create, {} update, {} in all",
        wall.as_secs_f64(),
        cpu_after - cpu,
        after.list - before.list,
        after.watch - before.watch,
        after.patch - before.patch,
        after.create - before.create,
        after.other - before.other,
        after.total() - before.total(),
    );
    result
}

/// Applies and waits for all services side by side.
async fn roll_out(cluster: &Cluster, wanted: &[Desired]) {
    let jobs = wanted.iter().cloned().map(|desired| {
        let cluster = cluster.clone();
        tokio::spawn(async move {
            let (ctx, cancel, quiet) = (context(), CancellationToken::new(), |_| {});
            cluster.apply(&desired, None, &ctx, &quiet, &cancel).await.unwrap();
            cluster.wait(std::slice::from_ref(&desired), ctx.policy, &quiet, &cancel).await.unwrap();
        })
    });
    stream::iter(jobs).buffer_unordered(wanted.len()).for_each(|result| async { result.unwrap() }).await;
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kubeconfig, context_name, count] = arguments.as_slice() else {
        eprintln!("usage: services_cost KUBECONFIG CONTEXT COUNT");
        std::process::exit(2);
    };
    let connection =
        Connection { kubeconfig: Some(kubeconfig.clone()), context: context_name.clone(), limits: Limits::default() };
    let cluster = Cluster::connect(Path::new("."), &connection).await.unwrap();
    let count: usize = count.parse().unwrap();
    let first: Vec<Desired> = (0..count).map(|i| desired(i, "r/api:1")).collect();
    let second: Vec<Desired> = (0..count).map(|i| desired(i, "r/api:2")).collect();
    measured("plan, nothing there", &cluster, cluster.difference(&first)).await.unwrap();
    measured("apply and wait until healthy", &cluster, roll_out(&cluster, &first)).await;
    measured("plan, nothing changed", &cluster, cluster.difference(&first)).await.unwrap();
    measured("verify", &cluster, cluster.verify(&first)).await.unwrap();
    measured("apply and wait, nothing changed", &cluster, roll_out(&cluster, &first)).await;
    measured("plan, every image changed", &cluster, cluster.difference(&second)).await.unwrap();
    measured("apply and wait, every image changed", &cluster, roll_out(&cluster, &second)).await;
    for desired in &first {
        let (ctx, cancel) = (context(), CancellationToken::new());
        let service = &desired.content.service;
        cluster.destroy(service, &desired.environment, &ctx, &|_| {}, &cancel).await.unwrap();
    }
}
