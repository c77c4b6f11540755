//! What needs consent: other owners' fields, other people's objects, changes that cannot be made in place.

use seaway_core::{ANNOTATION_ADOPT, ANNOTATION_REPLACE, execution::FailureKind, plan::Change};
use serde_json::{Value, json};

use crate::support::{Place, annotated, config_map, deployment, job};

fn their_config_map(place: &Place, name: &str, manager: &str) {
    let path = format!("/api/v1/namespaces/{}/configmaps/{name}", place.namespace);
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
        "data": {"key": "theirs", "other": "theirs"}});
    assert_eq!(place.bed().patch_apply(&path, &body, manager, true).unwrap().0 / 100, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn conflicts_name_field_and_owner_and_are_never_forced() {
    let place = Place::shared("conflict").await;
    let first = place.desired(vec![config_map("a", "1"), config_map("b", "1"), deployment("api", "r/api:1")]);
    place.apply(&first).await.unwrap();
    their_config_map(&place, "a", "their-tool");
    let scale =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api"}, "spec": {"replicas": 5}});
    place.bed().patch_apply(&place.path("deployments", "api"), &scale, "autoscaler", true).unwrap();

    let second = place.desired(vec![config_map("a", "2"), config_map("b", "1"), deployment("api", "r/api:2")]);
    let plan = place.difference(&second).await;
    let found: Vec<_> = plan.changes.iter().map(|c| (c.object.name.as_str(), c.change, c.why.as_str())).collect();
    assert_eq!(
        found,
        [
            ("a", Change::Refused, "field conflict: `data.key` belongs to `their-tool`"),
            ("api", Change::Refused, "field conflict: `spec.replicas` belongs to `autoscaler`"),
        ]
    );
    let failure = place.apply_from(&second, Some(&plan.base)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    for part in ["`data.key` belongs to `their-tool`", "`spec.replicas` belongs to `autoscaler`"] {
        assert!(failure.message.contains(part), "{}", failure.message);
    }
    assert_eq!(place.get(&place.path("configmaps", "a"))["data"]["key"], "theirs");
    assert_eq!(place.get(&place.path("deployments", "api"))["spec"]["replicas"], 5);

    // Left out of the manifest, the field is no business of ours.
    let mut without = deployment("api", "r/api:2");
    without["spec"].as_object_mut().unwrap().remove("replicas");
    let third = place.desired(vec![config_map("b", "1"), without]);
    place.apply(&third).await.unwrap();
    assert_eq!(place.get(&place.path("deployments", "api"))["spec"]["replicas"], 5);
    place.wait(&third).await.unwrap();
    place.verify(&third).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_beside_our_fields_is_no_drift() {
    let place = Place::shared("beside").await;
    let mut api = deployment("api", "r/api:1");
    api["spec"].as_object_mut().unwrap().remove("replicas");
    let desired = place.desired(vec![api]);
    place.apply(&desired).await.unwrap();
    place.wait(&desired).await.unwrap();
    let base = place.difference(&desired).await.base;
    let path = place.path("deployments", "api");
    place.bed().patch_merge(&path, &json!({"spec": {"replicas": 3}, "metadata": {"annotations": {"x": "y"}}})).unwrap();
    place.wait(&desired).await.unwrap();
    let (plan, requests) = place.audited(place.difference(&desired)).await;
    assert_eq!((plan.base, plan.unchanged, plan.changes.len(), plan.inventory_stale), (base, 1, 0, false));
    assert_eq!(requests.count("patch"), 0, "no dry run: {:?}", requests.all());
    place.verify(&desired).await.unwrap();

    place
        .bed()
        .patch_merge(
            &path,
            &json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "r/api:hacked"}]}}}}),
        )
        .unwrap();
    let plan = place.difference(&desired).await;
    assert_eq!(
        plan.changes[0].why,
        "field conflict: `spec.template.spec.containers[name=\"main\"].image` belongs to `seaway-testbed`"
    );
    assert_eq!(place.verify(&desired).await.unwrap_err().kind, FailureKind::Stale);
}

#[tokio::test(flavor = "multi_thread")]
async fn adoption_is_reported_and_needs_consent() {
    let place = Place::shared("adopt").await;
    their_config_map(&place, "same", "helm");
    their_config_map(&place, "other", "helm");
    let wanted = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}});
    let desired = place.desired(vec![wanted("same", "theirs"), wanted("other", "ours"), wanted("new", "ours")]);
    let (report, requests) = place.audited(place.cluster.adopt_report(std::slice::from_ref(&desired))).await;
    let report = report.unwrap();
    let found: Vec<_> = report
        .iter()
        .map(|a| (a.object.name.as_str(), a.exists, a.owners.as_str(), a.conflicts.len(), a.refused.is_empty()))
        .collect();
    assert_eq!(
        found,
        [("new", false, "", 0, true), ("other", true, "`helm`", 1, false), ("same", true, "`helm`", 0, true)]
    );
    assert_eq!(report[1].conflicts[0].to_string(), "`data.key` belongs to `helm`");
    assert_eq!(requests.writes(), Vec::<String>::new());

    let consent = |manifest: Value| annotated(manifest, ANNOTATION_ADOPT, "allowed");
    let desired = place.desired(vec![consent(wanted("same", "theirs")), wanted("new", "ours")]);
    let plan = place.difference(&desired).await;
    let found: Vec<_> = plan.changes.iter().map(|c| (c.object.name.as_str(), c.change)).collect();
    assert_eq!(found, [("new", Change::Create), ("same", Change::Modify)]);
    assert_eq!(plan.changes[1].why, "adopts an object that exists");
    place.apply_from(&desired, Some(&plan.base)).await.unwrap();
    place.verify(&desired).await.unwrap();
    let adopted = place.get(&place.path("configmaps", "same"));
    assert_eq!(
        (&adopted["metadata"]["labels"]["seaway.dev/service"], &adopted["data"]["other"]),
        (&json!(place.service), &json!("theirs"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_cannot_be_made_in_place_need_consent() {
    let place = Place::shared("immutable").await;
    let service = |ip: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc"},
            "spec": {"clusterIP": ip, "ports": [{"port": 80}], "selector": {"app": "x"}}})
    };
    let selected = |label: &str| {
        let mut api = deployment("api", "r/api:1");
        api["spec"]["selector"]["matchLabels"] = json!({"app": label});
        api["spec"]["template"]["metadata"]["labels"] = json!({"app": label});
        api
    };
    let first = place.desired(vec![service("None"), selected("one"), job("migrate", "r/m:1")]);
    place.apply(&first).await.unwrap();
    place.wait(&first).await.unwrap();
    let uid = |path: String| place.get(&path)["metadata"]["uid"].clone();
    let paths = [place.path("services", "svc"), place.path("deployments", "api"), place.path("jobs", "migrate")];
    let before = paths.clone().map(uid);

    let mut second = place.desired(vec![service("10.0.0.77"), selected("two"), job("migrate", "r/m:2")]);
    let plan = place.difference(&second).await;
    assert_eq!(plan.changes.len(), 3, "{:?}", plan.changes);
    for (change, field) in plan.changes.iter().zip(["spec.clusterIP", "spec.selector", "spec.template"]) {
        assert_eq!(change.change, Change::Refused, "{change:?}");
        assert!(change.why.contains(field) && change.why.len() < 400, "{}", change.why);
        assert!(change.why.contains("`seaway.dev/replace: allowed`"), "{}", change.why);
    }
    let failure = place.apply_from(&second, Some(&plan.base)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Immutable);
    assert!(failure.message.len() < 800 && failure.help.is_some(), "{failure:?}");
    assert_eq!(paths.clone().map(uid), before);

    second.allow_replace = true;
    let plan = place.difference(&second).await;
    assert!(plan.changes.iter().all(|c| c.change == Change::Replace), "{:?}", plan.changes);
    place.apply_from(&second, Some(&plan.base)).await.unwrap();
    place.wait(&second).await.unwrap();
    place.verify(&second).await.unwrap();
    for (path, before) in paths.into_iter().zip(before) {
        assert_ne!(uid(path), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_annotation_consents_for_one_object() {
    let place = Place::shared("replace").await;
    let consent = |image: &str| annotated(job("migrate", image), ANNOTATION_REPLACE, "allowed");
    place.apply(&place.desired(vec![consent("r/m:1"), job("other", "r/o:1")])).await.unwrap();
    let second = place.desired(vec![consent("r/m:2"), job("other", "r/o:1")]);
    assert_eq!(place.difference(&second).await.changes[0].change, Change::Replace);
    let report = place.apply(&second).await.unwrap();
    assert_eq!((report.message.as_str(), report.writes), ("1 replaced, 1 unchanged", 3), "delete, create, inventory");
}
