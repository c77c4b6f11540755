//! What applying many ConfigMaps costs: `apply_cost KUBECONFIG CONTEXT COUNT`.
//!
//! Prints wall time, CPU time of this process, peak memory and requests of the first apply, of the same again, of
//! one changed object, and of the plan and verify beside them. Works in a namespace of its own and cleans up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{path::Path, sync::Arc, time::Instant};

use seaway_core::{
    declaration::{Connection, Limits},
    digest::Digest,
    duration::Millis,
    execution::Failure,
    ids::{EnvironmentName, RolloutId, ServiceName, StepId},
    object::ObjectRef,
    release::{Content, Entry, Rendered},
};
use seaway_kube::{Cluster, Desired, WaitPolicy, WriteContext};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "seaway-apply-cost";

fn rendered(manifest: Value) -> Rendered {
    let object = ObjectRef::of(&manifest).unwrap();
    let entry = Entry { digest: Digest::of_json(&manifest), phase: 0, sensitive: false, object };
    Rendered { entry, manifest: Arc::new(manifest) }
}

fn desired(count: usize, changed: usize) -> Desired {
    let mut objects = vec![rendered(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}))];
    objects.extend((0..count).map(|i| {
        let value = if i < changed { "changed" } else { "value" };
        rendered(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("config-{i:04}"), "namespace": NAMESPACE}, "data": {"key": value, "number": i.to_string()}}))
    }));
    let content = Content::new(ServiceName::new(NAMESPACE), objects);
    Desired { environment: EnvironmentName::new("cost"), content, prune: true, allow_replace: false }
}

fn context() -> WriteContext {
    WriteContext {
        rollout: RolloutId::new("cost"),
        step: StepId(0),
        attempt: 1,
        epoch: 1,
        plan: Digest::of(b"cost"),
        policy: WaitPolicy { timeout: Millis::secs(60), stable_for: Millis(0), pod_grace: Millis::secs(60) },
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

async fn measured<T>(what: &str, cluster: &Cluster, work: impl Future<Output = Result<T, Failure>>) -> T {
    let (requests, (cpu, _), started) = (cluster.requests(), usage(), Instant::now());
    let result = work.await.unwrap_or_else(|failure| panic!("{what}: {failure} {:?}", failure.detail));
    let (wall, after, (cpu_after, peak)) = (started.elapsed(), cluster.requests(), usage());
    println!(
        "{what:<28} {:>6.2} s wall  {:>5.2} s CPU  {peak:>4} MiB peak  requests: {} list, {} get, {} patch, {} create, {} delete, {} update",
        wall.as_secs_f64(),
        cpu_after - cpu,
        after.list - requests.list,
        after.get - requests.get,
        after.patch - requests.patch,
        after.create - requests.create,
        after.delete - requests.delete,
        after.other - requests.other,
    );
    result
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kubeconfig, context_name, count, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: apply_cost KUBECONFIG CONTEXT COUNT [REQUESTS AT ONCE]");
        std::process::exit(2);
    };
    let count: usize = count.parse().unwrap();
    let mut limits = Limits::default();
    if let Some(at_once) = rest.first() {
        limits.concurrent_requests = at_once.parse().unwrap();
    }
    let connection = Connection { kubeconfig: Some(kubeconfig.clone()), context: context_name.clone(), limits };
    let cluster = Cluster::connect(Path::new("."), &connection).await.unwrap();
    let (ctx, cancel) = (context(), CancellationToken::new());
    let (first, second) = (desired(count, 0), desired(count, 1));
    let one = std::slice::from_ref::<Desired>;
    let quiet = |_| {};

    let apply = |wanted| cluster.apply(wanted, None, &ctx, &quiet, &cancel);
    measured("plan, nothing there", &cluster, cluster.difference(one(&first))).await;
    measured("first apply", &cluster, apply(&first)).await;
    measured("plan, nothing changed", &cluster, cluster.difference(one(&first))).await;
    measured("apply, nothing changed", &cluster, apply(&first)).await;
    measured("verify", &cluster, cluster.verify(one(&first))).await;
    measured("plan, one changed", &cluster, cluster.difference(one(&second))).await;
    measured("apply, one changed", &cluster, apply(&second)).await;
    let service = &first.content.service;
    measured("destroy", &cluster, cluster.destroy(service, &first.environment, &ctx, &quiet, &cancel)).await;
}
