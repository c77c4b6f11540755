//! The testbed against itself: what it promises to other tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use seaway_testbed::{Cluster, Options, Testbed};
use serde_json::{Value, json};

/// Far longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited {LIMIT:?} for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

fn apply(cluster: &Cluster, body: &Value) {
    let path = format!("{DEPLOYMENTS}/{}", body["metadata"]["name"].as_str().unwrap());
    let (status, answer) = cluster.patch_apply(&path, body, "testbed-test", false).unwrap();
    assert!(status == 200 || status == 201, "{status} {answer}");
}

fn wait_ready(cluster: &Cluster, name: &str, replicas: u64) {
    eventually("a ready deployment", || {
        let (_, object) = cluster.get(&format!("{DEPLOYMENTS}/{name}")).unwrap();
        (object["status"]["readyReplicas"] == replicas).then_some(())
    });
}

/// The reason why the first container of a pod with this label waits.
fn waiting_reason(cluster: &Cluster, app: &str) -> Option<String> {
    let (_, pods) = cluster.get(&format!("{PODS}?labelSelector=app%3D{app}")).unwrap();
    let status = &pods["items"][0]["status"]["containerStatuses"][0];
    Some(status["state"]["waiting"]["reason"].as_str()?.to_owned())
}

fn is_alive(pid: i32) -> bool {
    // A zombie would be one that nobody waited for: the testbed has to.
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn two_clusters_run_pods_and_note_who_wrote_what() {
    let testbed = Testbed::start(Options { clusters: 2, ..Options::default() }).unwrap();
    let contexts: Value = serde_json::from_slice(&std::fs::read(testbed.kubeconfig()).unwrap()).unwrap();
    let names: Vec<_> = contexts["contexts"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["c1", "c2"]);

    let (first, second) = (testbed.cluster(0), testbed.cluster(1));
    let mark = first.audit_mark().unwrap();
    let elsewhere = second.audit_mark().unwrap();
    apply(first, &deployment("web", "example/web:1", 2));
    apply(first, &deployment("bad", "example/bad:1-broken", 1));
    wait_ready(first, "web", 2);
    eventually("a failed pull", || (waiting_reason(first, "bad")? == "ImagePullBackOff").then_some(()));

    let events = first.audit_since(mark).unwrap();
    let ours: Vec<_> = events
        .iter()
        .filter(|event| event.is_write() && event.user == "admin")
        .map(|event| (event.verb.as_str(), event.object.as_ref().unwrap().name.as_str()))
        .collect();
    assert_eq!(ours, [("patch", "web"), ("patch", "bad")]);
    assert!(events.iter().any(|event| event.user == "kwok" && event.is_internal()), "the node reports pods");
    assert!(events.windows(2).any(|pair| pair[0].received_micros < pair[1].received_micros));
    let others: Vec<_> =
        second.audit_since(elsewhere).unwrap().into_iter().filter(|event| !event.is_internal()).collect();
    assert_eq!(others, [], "the other cluster is untouched");

    first.repair_images().unwrap();
    wait_ready(first, "bad", 1);
    let folder = first.dir().parent().unwrap().to_owned();
    let pids: Vec<i32> = testbed.clusters().iter().flat_map(Cluster::pids).collect();
    assert_eq!(pids.len(), 10);
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    let started = Instant::now();
    drop(testbed);
    assert!(started.elapsed() < Duration::from_secs(10), "ending took {:?}", started.elapsed());
    assert_eq!(pids.into_iter().filter(|&pid| is_alive(pid)).collect::<Vec<_>>(), [0; 0]);
    assert!(!folder.exists());
}
