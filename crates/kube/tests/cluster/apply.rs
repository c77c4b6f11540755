//! Create, change, leave alone, prune.

use seaway_core::{execution::FailureKind, plan::Change};
use serde_json::json;

use crate::support::{Place, config_map, deployment};

#[tokio::test(flavor = "multi_thread")]
async fn created_changed_and_left_alone() {
    let place = Place::shared("life").await;
    let first = place.desired(vec![config_map("a", "1"), config_map("b", "1"), deployment("api", "r/api:1")]);

    let plan = place.difference(&first).await;
    let changes: Vec<_> = plan.changes.iter().map(|c| (c.change, c.object.name.as_str())).collect();
    assert_eq!(changes, [(Change::Create, "a"), (Change::Create, "b"), (Change::Create, "api")]);
    assert_eq!((plan.running.clone(), plan.unchanged), (None, 0));

    let (report, requests) = place.audited(place.apply_from(&first, Some(&plan.base))).await;
    let report = report.unwrap();
    assert_eq!(report.message, "3 created", "{:?}", requests.all());
    place.wait(&first).await.unwrap();
    place.verify(&first).await.unwrap();

    let (again, requests) = place.audited(place.apply(&first)).await;
    assert_eq!((again.unwrap().writes, requests.writes()), (0, vec![]), "nothing changed");
    assert_eq!(requests.count("get"), 0, "{:?}", requests.all());
    assert_eq!(requests.count("list"), 3, "inventory, ConfigMaps, Deployments: {:?}", requests.all());

    let second = place.desired(vec![config_map("a", "1"), config_map("b", "2"), deployment("api", "r/api:2")]);
    let plan = place.difference(&second).await;
    let changes: Vec<_> = plan
        .changes
        .iter()
        .map(|c| (c.change, c.object.name.as_str(), c.fields[0].path.as_str(), c.fields.len(), c.why.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            (Change::Modify, "b", "data.key", 1, "the manifest changed"),
            (Change::Modify, "api", "spec.template.spec.containers[name=main].image", 1, "the manifest changed")
        ]
    );
    assert_eq!((plan.unchanged, plan.running), (1, Some(first.content.digest.clone())));

    let (report, requests) = place.audited(place.apply_from(&second, Some(&plan.base))).await;
    assert_eq!(report.unwrap().message, "2 changed, 1 unchanged");
    let mut writes = requests.writes();
    writes.sort();
    assert_eq!(
        writes,
        [
            "patch configmaps/b".to_owned(),
            "patch deployments/api".to_owned(),
            format!("update configmaps/{}", place.service)
        ],
        "an in-place change costs one inventory write"
    );
    place.wait(&second).await.unwrap();
    let evidence = place.verify(&second).await.unwrap().evidence;
    assert_eq!(evidence["contents"][0]["content"], json!(second.content.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn prune_removes_exactly_what_left_the_source() {
    let place = Place::shared("prune").await;
    let all = place.desired(vec![config_map("stays", "1"), config_map("goes", "1"), deployment("goes-too", "r/x:1")]);
    place.apply(&all).await.unwrap();
    // Not ours, in the same namespace, and with the label of another service.
    let mut foreign = config_map("foreign", "1");
    foreign["metadata"]["labels"] = json!({"seaway.dev/service": "other"});
    place.bed().post(&format!("/api/v1/namespaces/{}/configmaps", place.namespace), &foreign).unwrap();

    let less = place.desired(vec![config_map("stays", "1")]);
    let plan = place.difference(&less).await;
    let changes: Vec<_> = plan.changes.iter().map(|c| (c.change, c.object.name.as_str())).collect();
    assert_eq!(changes, [(Change::Delete, "goes"), (Change::Delete, "goes-too")]);

    let mut kept = less.clone();
    kept.prune = false;
    let ignored = place.difference(&kept).await;
    assert!(ignored.changes.iter().all(|c| c.change == Change::Ignored));
    let report = place.apply(&kept).await.unwrap();
    assert_eq!(report.message, "1 unchanged");
    assert!(place.exists(&place.path("configmaps", "goes")));
    place.verify(&kept).await.unwrap();

    let (report, requests) = place.audited(place.apply(&less)).await;
    assert_eq!(report.unwrap().message, "2 deleted, 1 unchanged");
    let mut writes = requests.writes();
    writes.sort();
    assert_eq!(
        writes,
        [
            "delete configmaps/goes".to_owned(),
            "delete deployments/goes-too".to_owned(),
            format!("update configmaps/{}", place.service)
        ]
    );
    assert!(!place.exists(&place.path("configmaps", "goes")));
    assert!(place.exists(&place.path("configmaps", "foreign")));
    assert!(place.exists(&place.path("configmaps", "stays")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_somebody_else_is_never_touched() {
    let place = Place::shared("foreign").await;
    let path = format!("/api/v1/namespaces/{}/configmaps", place.namespace);
    place
        .bed()
        .patch_apply(
            &format!("{path}/theirs"),
            &json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "theirs"}, "data": {"key": "theirs"}}),
            "helm",
            false,
        )
        .unwrap();
    let mut other = config_map("others", "1");
    other["metadata"]["labels"] = json!({"seaway.dev/service": "other-service"});
    place.bed().post(&path, &other).unwrap();

    let desired =
        place.desired(vec![config_map("theirs", "ours"), config_map("others", "ours"), config_map("new", "1")]);
    let plan = place.difference(&desired).await;
    let found: Vec<_> = plan.changes.iter().map(|c| (c.object.name.as_str(), c.change)).collect();
    assert_eq!(found, [("new", Change::Create), ("others", Change::Refused), ("theirs", Change::Refused)]);
    assert!(plan.changes[1].why.contains("belongs to service `other-service`"), "{}", plan.changes[1].why);
    assert!(plan.changes[2].why.contains("belongs to `helm`; `seaway adopt` shows"), "{}", plan.changes[2].why);

    let (result, requests) = place.audited(place.apply(&desired)).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(requests.writes(), Vec::<String>::new(), "refused before the first write");
    assert_eq!(place.get(&format!("{path}/theirs"))["data"]["key"], "theirs");
}
