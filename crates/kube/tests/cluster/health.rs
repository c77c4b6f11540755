//! Waiting: causes by name and at once, phases, Jobs, definitions.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use seaway_core::{
    ANNOTATION_PHASE, ANNOTATION_REPLACE,
    duration::Millis,
    execution::{FailureKind, Progress},
    plan::Change,
};
use seaway_kube::WaitPolicy;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{LIMIT, Place, annotated, config_map, deployment, eventually, job, quiet};

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_image_is_named_at_once() {
    let place = Place::shared("broken").await;
    let desired = place.desired(vec![deployment("api", "r/api:1-broken"), deployment("good", "r/good:1")]);
    place.apply(&desired).await.unwrap();
    let started = Instant::now();
    let failure = place.wait(&desired).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    for part in ["`Deployment.apps", "pod ", "container main", "ImagePullBackOff", "(image `r/api:1-broken`)"] {
        assert!(failure.message.contains(part), "`{part}` in {}", failure.message);
    }
    assert!(!failure.message.contains("good"), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_patience_lasts_the_cause_is_in_the_progress() {
    let place = Place::shared("patience").await;
    let desired = place.desired(vec![deployment("api", "r/api:1-broken")]);
    place.apply(&desired).await.unwrap();
    let said: Mutex<Vec<Progress>> = Mutex::default();
    let policy = WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: LIMIT };
    let cancel = CancellationToken::new();
    let say = |progress: Progress| {
        if progress.waiting.contains("ImagePullBackOff") {
            cancel.cancel();
        }
        said.lock().unwrap().push(progress);
    };
    let failure = place.cluster.wait(std::slice::from_ref(&desired), policy, &say, &cancel).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cancelled);
    let said = said.into_inner().unwrap();
    assert!(said.last().unwrap().waiting.contains("container main: ImagePullBackOff"), "{said:?}");
    assert_eq!((said[0].done, said[0].total), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_takes_too_long_says_for_what() {
    let place = Place::shared("slow").await;
    let desired = place.desired(vec![deployment("api", "r/api:1-slow")]);
    place.apply(&desired).await.unwrap();
    let policy = WaitPolicy { timeout: Millis(700), stable_for: Millis(0), pod_grace: LIMIT };
    let cancel = CancellationToken::new();
    let failure = place.cluster.wait(std::slice::from_ref(&desired), policy, &quiet, &cancel).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.starts_with("not healthy within 700ms: `Deployment.apps"), "{}", failure.message);
    place.wait(&desired).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_named() {
    let place = Place::shared("crash").await;
    let desired = place.desired(vec![deployment("api", "r/api:1-crash")]);
    place.apply(&desired).await.unwrap();
    let failure = place.wait(&desired).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    assert!(failure.message.contains("container main: CrashLoopBackOff"), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_a_failed_phase() {
    let place = Place::shared("phases").await;
    let migrate = |image: &str| {
        let job = annotated(job("migrate", image), ANNOTATION_PHASE, "-1");
        annotated(job, ANNOTATION_REPLACE, "allowed")
    };
    let good = place.desired(vec![migrate("r/m:1"), deployment("api", "r/api:1")]);
    let (report, requests) = place.audited(place.apply(&good)).await;
    report.unwrap();
    let writes = requests.writes();
    let position = |what: &str| writes.iter().position(|write| write == what).unwrap();
    assert!(position("patch jobs/migrate") < position("patch deployments/api"));
    let done = place.get(&place.path("jobs", "migrate"))["status"]["completionTime"].as_str().unwrap().to_owned();
    let made =
        place.get(&place.path("deployments", "api"))["metadata"]["creationTimestamp"].as_str().unwrap().to_owned();
    assert!(done <= made, "the Job was complete at {done}, the Deployment was made at {made}");
    place.wait(&good).await.unwrap();

    let bad = place.desired(vec![migrate("r/m:2-broken"), deployment("api", "r/api:2")]);
    let plan = place.difference(&bad).await;
    let changes: Vec<_> = plan.changes.iter().map(|c| (c.change, c.object.name.as_str())).collect();
    assert_eq!(changes, [(Change::Modify, "api"), (Change::Replace, "migrate")]);
    assert_eq!(plan.changes[1].fields[0].path, "spec.template.spec.containers[name=main].image");
    let (result, requests) = place.audited(place.apply_from(&bad, Some(&plan.base))).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    assert!(failure.message.contains("migrate") && failure.message.contains("ImagePullBackOff"), "{}", failure.message);
    assert!(!requests.writes().iter().any(|write| write.contains("deployments")), "{:?}", requests.writes());
    assert_eq!(
        place.get(&place.path("deployments", "api"))["spec"]["template"]["spec"]["containers"][0]["image"],
        "r/api:1"
    );

    // The same plan again finds the world on the way that the failed attempt left.
    let failure = place.apply_from(&bad, Some(&plan.base)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unhealthy, "{failure}");

    let fixed = place.desired(vec![migrate("r/m:3"), deployment("api", "r/api:3")]);
    let base = place.difference(&fixed).await.base;
    assert_eq!(place.apply_from(&fixed, Some(&base)).await.unwrap().message, "1 changed, 1 replaced");
    place.wait(&fixed).await.unwrap();
    place.verify(&fixed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_come_before_their_objects() {
    let place = Place::shared("crd").await;
    let (group, plural) = (format!("{}.example.com", place.namespace), "widgets");
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Widget", "plural": plural},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}}}]},
    });
    let widget = |size: u32| json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": size}});
    let desired = place.desired(vec![definition.clone(), widget(1), config_map("a", "1")]);
    let plan = place.difference(&desired).await;
    assert!(plan.changes.iter().all(|change| change.change == Change::Create), "{:?}", plan.changes);
    place.apply_from(&desired, Some(&plan.base)).await.unwrap();
    place.wait(&desired).await.unwrap();
    place.verify(&desired).await.unwrap();
    let (report, requests) = place.audited(place.apply(&desired)).await;
    assert_eq!((report.unwrap().writes, requests.writes()), (0, vec![]));

    let second = place.desired(vec![definition, widget(2), config_map("a", "1")]);
    let plan = place.difference(&second).await;
    assert_eq!((plan.changes.len(), plan.changes[0].fields[0].path.as_str()), (1, "spec.size"));
    // The definition leaves together with its objects.
    let report = place.apply(&place.desired(vec![config_map("a", "1")])).await.unwrap();
    assert_eq!(report.message, "2 deleted, 1 unchanged");
    eventually("the definition to be gone", || {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}");
        (!place.exists(&path)).then_some(())
    })
    .await;
    assert_eq!(place.inventory()["data"]["objects"].as_str().unwrap().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_job_that_its_time_to_live_removes_is_not_run_again() {
    let place = Place::shared("ttl").await;
    let mut short = job("migrate", "r/m:1");
    short["spec"]["ttlSecondsAfterFinished"] = json!(0);
    let desired = place.desired(vec![short, config_map("a", "1")]);
    place.apply(&desired).await.unwrap();
    eventually("the Job to be gone", || (!place.exists(&place.path("jobs", "migrate"))).then_some(())).await;
    place.wait(&desired).await.unwrap();
    place.verify(&desired).await.unwrap();
    let plan = place.difference(&desired).await;
    assert_eq!((plan.changes.len(), plan.unchanged), (0, 2));
    let (report, requests) = place.audited(place.apply_from(&desired, Some(&plan.base))).await;
    assert_eq!((report.unwrap().writes, requests.writes()), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn holding_ends_with_the_time_or_with_the_cause() {
    let place = Place::shared("hold").await;
    let desired = place.desired(vec![deployment("api", "r/api:1"), config_map("a", "1")]);
    place.apply(&desired).await.unwrap();
    place.wait(&desired).await.unwrap();
    let policy = WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: Millis(300) };
    let cancel = CancellationToken::new();
    let one = std::slice::from_ref(&desired);
    let short = tokio::time::sleep(Duration::from_millis(500));
    let report = place.cluster.hold(one, policy, short, &quiet, &cancel).await.unwrap();
    assert_eq!(report.message, "2 objects run as planned and are healthy");

    // Somebody scales beside us; the new pods of the broken image are found while it bakes.
    let (cluster, wanted) = (place.cluster.clone(), desired.clone());
    let held = tokio::spawn(async move {
        let never = std::future::pending();
        cluster.hold(std::slice::from_ref(&wanted), policy, never, &quiet, &CancellationToken::new()).await
    });
    let broken = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "r/api:2-broken"}]}}}});
    place.bed().patch_merge(&place.path("deployments", "api"), &broken).unwrap();
    let failure = held.await.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unhealthy);
    assert!(failure.message.contains("api"), "{failure}");

    place.bed().delete(&place.path("deployments", "api")).unwrap();
    let never = std::future::pending();
    let failure = place.cluster.hold(one, policy, never, &quiet, &cancel).await.unwrap_err();
    assert!(failure.message.contains("somebody deleted it") || failure.message.contains("not there"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_runs_again_when_it_may_be_replaced() {
    let place = Place::shared("rerun").await;
    let mut migrate = annotated(job("migrate", "r/m:1-crash"), ANNOTATION_REPLACE, "allowed");
    migrate["spec"]["activeDeadlineSeconds"] = json!(1);
    let desired = place.desired(vec![annotated(migrate, ANNOTATION_PHASE, "-1"), config_map("after", "1")]);
    let base = place.difference(&desired).await.base;
    assert_eq!(place.apply_from(&desired, Some(&base)).await.unwrap_err().kind, FailureKind::Unhealthy);
    let path = place.path("jobs", "migrate");
    eventually("the cluster to give the Job up", || {
        let conditions = place.get(&path)["status"]["conditions"].clone();
        conditions.as_array().is_some_and(|all| all.iter().any(|c| c["type"] == "Failed")).then_some(())
    })
    .await;
    let uid = place.get(&path)["metadata"]["uid"].clone();
    let plan = place.difference(&desired).await;
    let found: Vec<_> = plan.changes.iter().map(|c| (c.object.name.as_str(), c.change)).collect();
    assert_eq!(found, [("after", Change::Create), ("migrate", Change::Replace)]);
    assert_eq!(
        place.apply_from(&desired, Some(&base)).await.unwrap_err().kind,
        FailureKind::Unhealthy,
        "it crashes again"
    );
    eventually("another Job", || (place.get(&path)["metadata"]["uid"] != uid).then_some(())).await;
}
