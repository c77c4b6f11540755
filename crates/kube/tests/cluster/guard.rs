//! Fences, epochs and the world that the plan saw.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use seaway_core::{execution::FailureKind, plan::Change};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{Place, config_map, context, quiet};

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_world_needs_a_new_plan() {
    let place = Place::shared("stale").await;
    let first = place.desired(vec![config_map("a", "1"), config_map("b", "1")]);
    place.apply(&first).await.unwrap();
    let second = place.desired(vec![config_map("a", "2"), config_map("b", "1")]);
    let base = place.difference(&second).await.base;
    place.bed().patch_merge(&place.path("configmaps", "b"), &json!({"data": {"key": "theirs"}})).unwrap();
    let (result, requests) = place.audited(place.apply_from(&second, Some(&base))).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Stale);
    assert_eq!(failure.message, format!("`ConfigMap {}/b` is no longer as the plan saw it", place.namespace));
    assert_eq!(requests.writes(), Vec::<String>::new());

    // Somebody else's rollout of the same service in between.
    let place = Place::shared("overtaken").await;
    place.apply(&place.desired(vec![config_map("a", "1")])).await.unwrap();
    let base = place.difference(&place.desired(vec![config_map("a", "2")])).await.base;
    place.apply(&place.desired(vec![config_map("a", "3")])).await.unwrap();
    let failure = place.apply_from(&place.desired(vec![config_map("a", "2")]), Some(&base)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Stale, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_comes_back_by_a_new_plan_only() {
    let place = Place::shared("deleted").await;
    let desired = place.desired(vec![config_map("a", "1"), config_map("b", "1")]);
    place.apply(&desired).await.unwrap();
    let base = place.difference(&desired).await.base;
    place.bed().delete(&place.path("configmaps", "a")).unwrap();
    assert_eq!(place.apply_from(&desired, Some(&base)).await.unwrap_err().kind, FailureKind::Stale);
    let plan = place.difference(&desired).await;
    assert_eq!((plan.changes[0].change, plan.unchanged), (Change::Create, 1));
    assert_eq!(place.apply_from(&desired, Some(&plan.base)).await.unwrap().message, "1 created, 1 unchanged");
    place.verify(&desired).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_that_stops_anywhere_is_repeated_as_it_is() {
    let place = Place::shared("stops").await;
    let first = place.desired((0..6).map(|i| config_map(&format!("c{i}"), "1")).collect());
    place.apply(&first).await.unwrap();
    // Changes, a creation and a deletion, stopped after every possible number of writes.
    let mut manifests: Vec<_> = (1..6).map(|i| config_map(&format!("c{i}"), "2")).collect();
    manifests.push(config_map("new", "1"));
    let second = place.desired(manifests);
    let base = place.difference(&second).await.base;
    let mut stopped = 0;
    for allowed in 1.. {
        let asked = Arc::new(AtomicU32::new(0));
        let mut ctx = context("r2", 1);
        ctx.fence = Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) < allowed);
        let result = place.cluster.apply(&second, Some(&base), &ctx, &quiet, &CancellationToken::new()).await;
        match result {
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Cancelled, "after {allowed} writes: {failure}");
                stopped += 1;
            }
            Ok(_) => break,
        }
        // An object is on the cluster only when the inventory lists it.
        let listed = place.inventory()["data"]["objects"].as_str().unwrap().to_owned();
        assert!(!place.exists(&place.path("configmaps", "new")) || listed.contains("/new "), "{listed}");
    }
    assert!(stopped >= 3, "{stopped}");
    place.verify(&second).await.unwrap();
    assert!(!place.exists(&place.path("configmaps", "c0")));
    // The answer got lost: the same apply once more changes nothing.
    let (report, requests) = place.audited(place.apply_from(&second, Some(&base))).await;
    assert_eq!((report.unwrap().writes, requests.writes()), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_driver_of_the_same_rollout_is_refused() {
    let place = Place::shared("epoch").await;
    let apply = async |value: &str, rollout: &str, epoch: u64| {
        let desired = place.desired(vec![config_map("a", value)]);
        place.cluster.apply(&desired, None, &context(rollout, epoch), &quiet, &CancellationToken::new()).await
    };
    apply("1", "r1", 5).await.unwrap();
    let failure = apply("2", "r1", 4).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Cancelled);
    assert!(failure.message.contains("epoch 5, ours is 4"), "{failure}");
    apply("2", "r1", 5).await.unwrap();
    apply("3", "r2", 1).await.unwrap();
    let annotations = place.inventory()["metadata"]["annotations"].clone();
    assert_eq!((&annotations["seaway.dev/rollout"], &annotations["seaway.dev/epoch"]), (&json!("r2"), &json!("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_belongs_to_one_environment_of_a_cluster() {
    let place = Place::shared("owner").await;
    let desired = place.desired(vec![config_map("a", "1")]);
    place.apply(&desired).await.unwrap();
    let mut other = place.desired(vec![config_map("b", "1")]);
    other.environment = seaway_core::ids::EnvironmentName::new("staging");
    let plan = place.difference(&other).await;
    assert_eq!((plan.changes.len(), plan.changes[0].change), (1, Change::Refused), "{:?}", plan.changes);
    assert!(plan.changes[0].why.contains("belongs to environment `test`"), "{}", plan.changes[0].why);
    assert_eq!(place.apply(&other).await.unwrap_err().kind, FailureKind::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_apply_says_so() {
    let place = Place::shared("cancel").await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let desired = place.desired(vec![config_map("a", "1")]);
    let result = place.cluster.apply(&desired, None, &context("r1", 1), &quiet, &cancel).await;
    assert_eq!(result.unwrap_err().kind, FailureKind::Cancelled);
    assert!(!place.exists(&place.path("configmaps", "a")));
}

#[tokio::test(flavor = "multi_thread")]
async fn destroyed_services_leave_nothing() {
    let place = Place::bare(crate::support::shared(), "destroy").await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}});
    let desired = place.desired(vec![namespace, config_map("a", "1")]);
    // The namespace is part of the content: what is in it cannot be checked before it is there.
    let plan = place.difference(&desired).await;
    assert!(plan.changes.iter().all(|change| change.change == Change::Create), "{:?}", plan.changes);
    place.apply_from(&desired, Some(&plan.base)).await.unwrap();
    place.verify(&desired).await.unwrap();
    let running = place.cluster.running().await.unwrap();
    assert_eq!(running[&place.service].content, Some(desired.content.digest.clone()));
    assert_eq!((running[&place.service].objects, running[&place.service].rollout.as_str()), (2, "r1"));

    let destroy = || async {
        let (ctx, cancel) = (context("r2", 1), CancellationToken::new());
        place.cluster.destroy(&place.service, &desired.environment, &ctx, &quiet, &cancel).await
    };
    destroy().await.unwrap();
    assert!(!place.cluster.running().await.unwrap().contains_key(&place.service));
    assert_eq!(destroy().await.unwrap().writes, 0, "what is gone is gone");
    crate::support::eventually("the namespace to be gone", || {
        (!place.exists(&format!("/api/v1/namespaces/{}", place.namespace))).then_some(())
    })
    .await;
}
