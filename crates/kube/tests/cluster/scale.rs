//! Many objects, large objects, and many services at once.

use std::time::{Duration, Instant};

use seaway_core::plan::Change;
use seaway_kube::Desired;
use serde_json::json;

use crate::support::{Place, config_map, deployment, quiet, shared};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_objects_cost_one_request_each_and_then_one_list() {
    let place = Place::shared("thousand").await;
    let desired = place.desired((0..1000).map(|i| config_map(&format!("c{i:04}"), "1")).collect());
    let before = place.cluster.requests();
    let started = Instant::now();
    place.apply(&desired).await.unwrap();
    let first = started.elapsed();
    let requests = place.cluster.requests();
    assert_eq!(requests.patch - before.patch, 1000);
    assert_eq!(requests.get - before.get, 0);
    assert!(requests.total() - before.total() <= 1000 + 10, "{requests:?}");
    assert!(first < Duration::from_secs(60), "{first:?}");

    let (report, seen) = place.audited(place.apply(&desired)).await;
    assert_eq!(report.unwrap().writes, 0);
    assert_eq!(seen.writes(), Vec::<String>::new());
    let (plan, seen) = place.audited(place.difference(&desired)).await;
    assert_eq!((plan.unchanged, plan.changes.len()), (1000, 0));
    assert_eq!(
        (seen.count("list"), seen.count("get"), seen.count("patch")),
        (2, 0, 0),
        "the inventory and the ConfigMaps"
    );
    place.verify(&desired).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn large_objects_work_and_their_differences_are_short() {
    let place = Place::shared("large").await;
    let first = place.desired(vec![config_map("large", &"x".repeat(1_000_000))]);
    place.apply(&first).await.unwrap();
    place.verify(&first).await.unwrap();
    let second = place.desired(vec![config_map("large", &"y".repeat(1_000_000))]);
    let plan = place.difference(&second).await;
    assert_eq!(plan.changes[0].change, Change::Modify);
    assert!(json!(plan.changes).to_string().len() < 10_000);
    place.apply_from(&second, Some(&plan.base)).await.unwrap();
    place.verify(&second).await.unwrap();
    let too_large = place.desired(vec![config_map("large", &"z".repeat(4_000_000))]);
    let failure = place.apply(&too_large).await.unwrap_err();
    assert!(failure.message.len() < 600, "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_one_cluster_share_lists_and_watches() {
    let testbed = shared();
    let mut places = Vec::new();
    for i in 0..10 {
        let place = Place::on(testbed.clone(), &format!("many{i}")).await;
        places.push(place);
    }
    let cluster = places[0].cluster.clone();
    let wanted: Vec<Desired> =
        places.iter().map(|place| place.desired(vec![config_map("a", "1"), deployment("api", "r/api:1")])).collect();
    let plans = cluster.difference(&wanted).await.unwrap();
    assert!(plans.values().all(|plan| plan.changes.len() == 2));
    for (place, desired) in places.iter().zip(&wanted) {
        let ctx = crate::support::context("r1", 1);
        let base = &plans[&place.service].base;
        cluster.apply(desired, Some(base), &ctx, &quiet, &tokio_util::sync::CancellationToken::new()).await.unwrap();
    }
    let before = cluster.requests();
    let waits = wanted.iter().map(|desired| {
        let cluster = cluster.clone();
        async move {
            let policy = crate::support::context("r1", 1).policy;
            let cancel = tokio_util::sync::CancellationToken::new();
            cluster.wait(std::slice::from_ref(desired), policy, &quiet, &cancel).await
        }
    });
    for result in futures::future::join_all(waits).await {
        result.unwrap();
    }
    let after = cluster.requests();
    assert!(after.watch - before.watch <= 21, "Deployments once; pods and ReplicaSets per namespace: {after:?}");

    let before = cluster.requests();
    let plans = cluster.difference(&wanted).await.unwrap();
    assert!(plans.values().all(|plan| plan.changes.is_empty() && plan.unchanged == 2));
    let after = cluster.requests();
    assert_eq!(
        (after.list - before.list, after.total() - before.total()),
        (3, 3),
        "inventories, ConfigMaps, Deployments"
    );
    cluster.verify(&wanted).await.unwrap();
}
