//! What goes wrong on real clusters, and what is said about it.

use serde_json::json;

use super::{
    fleet::{Fleet, NAMESPACE, deployment},
    shop,
};

#[test]
fn a_broken_image_stops_at_the_canary_and_is_named() {
    let fleet = Fleet::start(3, &shop::staged(3, "PT0S"));
    shop::write(&fleet, "1");
    fleet.roll_out().1.expect(0);

    shop::write(&fleet, "2-broken");
    let marks = fleet.marks();
    let (rollout, ran) = fleet.roll_out();
    let ran = ran.expect(3);
    assert!(ran.code != 0);
    let writes = fleet.writes_since(marks);
    assert!(!writes[0].is_empty());
    assert_eq!((writes[1].len(), writes[2].len()), (0, 0), "the other clusters are untouched");
    let explained = fleet.seaway(&["rollout", "explain", &rollout]);
    for word in ["c1", "api", "ImagePullBackOff", "registry.example.com/"] {
        assert!(explained.out.contains(word), "`{word}` is not named: {explained}");
    }
    assert_eq!(
        deployment(fleet.testbed.cluster(1), "api")["spec"]["template"]["spec"]["containers"][0]["image"],
        "registry.example.com/api:1"
    );

    // The image is pushed after all: the same plan goes through.
    for cluster in fleet.testbed.clusters() {
        cluster.repair_images().unwrap();
    }
    fleet.seaway(&["rollout", "retry", &rollout, "--reason", "image pushed"]).expect(0);
    assert_eq!(fleet.status(&rollout)["phase"], "Succeeded");
    for cluster in fleet.testbed.clusters() {
        assert_eq!(deployment(cluster, "api")["status"]["readyReplicas"], 2);
    }

    // And a fix in the source is a new plan.
    shop::write(&fleet, "3");
    fleet.roll_out().1.expect(0);
}

#[test]
fn one_dead_cluster_of_three_delays_nobody_and_is_retried_later() {
    let environment = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: test}
spec:
  stages: [{name: all, maxConcurrent: 3}]
  regions:
  - name: r1
    stage: all
    clusters:
    - {name: c1, kubeconfig: KUBECONFIG}
    - {name: c2, kubeconfig: KUBECONFIG}
    - {name: c3, kubeconfig: KUBECONFIG}
  unreachable: {giveUpAfter: PT6S}
";
    let fleet = Fleet::start(3, environment);
    shop::write(&fleet, "1");
    fleet.testbed.cluster(1).kill_apiserver().unwrap();
    let started = std::time::Instant::now();
    let (rollout, ran) = fleet.roll_out();
    let ran = ran.expect(3);
    assert!(started.elapsed().as_secs() < 45, "{ran}");
    let status = fleet.status(&rollout);
    let targets = status["stages"][0]["targets"].as_array().unwrap();
    let outcome: Vec<&str> = targets.iter().map(|target| target["status"].as_str().unwrap()).collect();
    assert_eq!(outcome, ["Verified", "Failed", "Verified"], "{status:#}");
    let explained = fleet.seaway(&["rollout", "explain", &rollout]);
    assert!(explained.out.contains("c2") && explained.out.contains("unreachable"), "{explained}");

    fleet.testbed.cluster(1).restart_apiserver().unwrap();
    fleet.seaway(&["rollout", "retry", &rollout, "c2"]).expect(0);
    assert_eq!(deployment(fleet.testbed.cluster(1), "api")["status"]["readyReplicas"], 2);
}

#[test]
fn an_object_of_somebody_else_is_never_touched() {
    let fleet = Fleet::start(1, &shop::staged(1, "PT0S"));
    shop::write(&fleet, "1");
    let cluster = fleet.testbed.cluster(0);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    cluster.patch_apply(&format!("/api/v1/namespaces/{NAMESPACE}"), &namespace, "other", false).unwrap();
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": NAMESPACE}, "data": {"mine": "1"}});
    let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps/settings");
    cluster.patch_apply(&path, &theirs, "other", false).unwrap();
    let marks = fleet.marks();
    let plan = fleet.seaway(&["plan", "shop", "-e", "test"]);
    assert!(plan.out.contains("settings") && plan.out.contains("other"), "{plan}");
    let refused = fleet.seaway(&["rollout", "start", "-e", "test", "--yes"]);
    assert_ne!(refused.code, 0, "{refused}");
    assert_eq!(fleet.writes_since(marks)[0].len(), 0);
    assert_eq!(cluster.get(&path).unwrap().1["data"], json!({"mine": "1"}));
}
