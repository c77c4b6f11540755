//! What the API server or its policies refuse: named at plan time, short, with the way out.

use seaway_core::{
    declaration::{Connection, Limits},
    duration::Millis,
    execution::{Failure, FailureKind, Progress},
    plan::Change,
};
use seaway_kube::{Cluster, Desired, WaitPolicy};
use seaway_testbed::Validity;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{LIMIT, Place, config_map, deployment, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn invalid_objects_are_refused_before_the_rollout() {
    let place = Place::shared("invalid").await;
    let mut negative = deployment("negative", "r/x:1");
    negative["spec"]["replicas"] = json!(-1);
    let mut typo = deployment("typo", "r/x:1");
    typo["spec"]["replicaCount"] = json!(1);
    let mut lost = config_map("lost", "1");
    lost["apiVersion"] = json!("v9");
    let unknown = json!({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}});
    let plan = place.difference(&place.desired(vec![negative, typo, unknown, lost, config_map("good", "1")])).await;
    let why = |name: &str| {
        let change = plan.changes.iter().find(|change| change.object.name == name).unwrap();
        (change.change, change.why.clone())
    };
    assert_eq!(why("good").0, Change::Create);
    assert_eq!(why("negative"), (Change::Refused, "spec.replicas: must be greater than or equal to 0".to_owned()));
    assert_eq!(why("typo"), (Change::Refused, "spec.replicaCount: field not declared in schema".to_owned()));
    assert!(why("g").1.contains("does not know `Gadget` in `example.com/v1`"), "{}", why("g").1);
    assert!(why("lost").1.contains("does not know `ConfigMap` in `v9`"), "{}", why("lost").1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_quota_is_named() {
    let place = Place::shared("quota").await;
    let path = format!("/api/v1/namespaces/{}/resourcequotas", place.namespace);
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"},
        "spec": {"hard": {"configmaps": "1", "pods": "0"}}});
    place.bed().post(&path, &quota).unwrap();
    eventually("the quota to count", || {
        let used = place.get(&format!("{path}/full"))["status"]["used"]["configmaps"].clone();
        // The namespace's own certificate bundle fills it.
        (used == "1").then_some(())
    })
    .await;
    let plan = place.difference(&place.desired(vec![config_map("one-too-many", "1")])).await;
    assert_eq!(plan.changes[0].change, Change::Refused);
    assert!(plan.changes[0].why.starts_with("exceeded quota: full"), "{}", plan.changes[0].why);
    let failure = place.apply(&place.desired(vec![config_map("one-too-many", "1")])).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.message.contains("`ConfigMap ") && failure.message.contains("exceeded quota: full"), "{failure}");

    // Pods that the quota refuses: the Deployment is written, and the wait names the quota.
    let pods = place.desired(vec![deployment("api", "r/api:1")]);
    place.apply(&pods).await.unwrap();
    let failure = until(&place, &pods, "exceeded quota").await;
    assert_eq!(failure.kind, FailureKind::Cancelled);
}

/// Waits until the wait itself says what it waits for.
async fn until(place: &Place, desired: &Desired, said: &str) -> Failure {
    let cancel = CancellationToken::new();
    let policy = WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: LIMIT };
    let say = |progress: Progress| {
        if progress.waiting.contains(said) {
            cancel.cancel();
        }
    };
    place.cluster.wait(std::slice::from_ref(desired), policy, &say, &cancel).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admission_policy_is_named() {
    let place = Place::shared("policy").await;
    let name = &place.namespace;
    let group = "/apis/admissionregistration.k8s.io/v1";
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
                "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}]},
            "validations": [{"expression": "object.data.key != 'forbidden'", "message": "this value is not for us"}]},
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]},
    });
    place.bed().post(&format!("{group}/validatingadmissionpolicies"), &policy).unwrap();
    place.bed().post(&format!("{group}/validatingadmissionpolicybindings"), &binding).unwrap();
    eventually("the policy to work", || {
        let path = format!("/api/v1/namespaces/{name}/configmaps?dryRun=All");
        (place.bed().post(&path, &config_map("probe", "forbidden")).unwrap().0 == 422).then_some(())
    })
    .await;
    let desired = place.desired(vec![config_map("a", "forbidden"), config_map("b", "fine")]);
    let plan = place.difference(&desired).await;
    assert_eq!(plan.changes[0].change, Change::Refused);
    assert!(plan.changes[0].why.contains("this value is not for us"), "{}", plan.changes[0].why);
    let failure = place.apply(&desired).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.message.contains("this value is not for us") && failure.message.contains("ConfigMap"), "{failure}");
    assert!(place.exists(&place.path("configmaps", "b")), "one object's failure does not keep the others away");
    // What the failed apply wrote is in the inventory: nothing is orphaned.
    assert!(place.inventory()["data"]["objects"].as_str().unwrap().contains("/b "));
}

/// The same place, seen by a user who may do nothing until it is granted.
async fn limited(place: &Place) -> (Place, String) {
    let user = format!("user-{}", place.namespace);
    let kubeconfig = place.bed().kubeconfig_as(&user, None, Validity::Valid).unwrap();
    let connection = Connection {
        kubeconfig: Some(kubeconfig.to_str().unwrap().to_owned()),
        context: place.bed().context().to_owned(),
        limits: Limits::default(),
    };
    let cluster = Cluster::connect(std::path::Path::new("/"), &connection).await.unwrap();
    let (testbed, namespace, service) = (place.testbed.clone(), place.namespace.clone(), place.service.clone());
    (Place { testbed, cluster, namespace, service }, user)
}

/// Lets the user do anything with these resources of one namespace.
fn grant(place: &Place, user: &str, namespace: &str, resources: &[&str]) {
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}");
    let group = "rbac.authorization.k8s.io";
    let name = format!("{user}-{}", resources.len());
    let role = json!({"metadata": {"name": name},
        "rules": [{"apiGroups": ["", "apps"], "resources": resources, "verbs": ["*"]}]});
    let binding = json!({"metadata": {"name": name}, "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
        "subjects": [{"kind": "User", "apiGroup": group, "name": user}]});
    assert_eq!(place.bed().post(&format!("{path}/roles"), &role).unwrap().0, 201);
    assert_eq!(place.bed().post(&format!("{path}/rolebindings"), &binding).unwrap().0, 201);
}

/// Applies as soon as the server's authorizer has learned of a grant.
async fn apply_when_allowed(place: &Place, desired: &Desired) {
    for _ in 0..300 {
        match place.apply(desired).await {
            Ok(_) => return,
            Err(failure) if failure.kind == FailureKind::Denied => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    panic!("the grant has no effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_name_verb_and_resource() {
    let place = Place::shared("rights").await;
    let (restricted, user) = limited(&place).await;
    let desired = restricted.desired(vec![config_map("a", "1")]);
    let failure = restricted.cluster.difference(std::slice::from_ref(&desired)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert_eq!(
        failure.message,
        format!("`configmaps`: `{user}` may not list `configmaps` in namespace `seaway-system`")
    );

    // With rights in its own namespace and on inventories alone, everything that is allowed works.
    place.bed().post("/api/v1/namespaces", &json!({"metadata": {"name": "seaway-system"}})).unwrap();
    grant(&place, &user, &place.namespace, &["configmaps"]);
    grant(&place, &user, "seaway-system", &["configmaps"]);
    apply_when_allowed(&restricted, &desired).await;
    restricted.verify(&desired).await.unwrap();

    let more = restricted.desired(vec![config_map("a", "1"), deployment("api", "r/api:1")]);
    let failure = restricted.apply(&more).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.message.contains("may not list `deployments`"), "{failure}");

    // Watches follow the namespaces that matter when all of them are not allowed; without the pods, causes are not
    // named, but health is known.
    grant(&place, &user, &place.namespace, &["deployments", "replicasets"]);
    apply_when_allowed(&restricted, &more).await;
    restricted.wait(&more).await.unwrap();
    restricted.verify(&more).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_said() {
    let place = Place::shared("expired").await;
    let kubeconfig = place.bed().kubeconfig_as("late", Some("system:masters"), Validity::Expired).unwrap();
    let connection = Connection {
        kubeconfig: Some(kubeconfig.to_str().unwrap().to_owned()),
        context: place.bed().context().to_owned(),
        limits: Limits::default(),
    };
    let cluster = Cluster::connect(std::path::Path::new("/"), &connection).await.unwrap();
    let failure = cluster.difference(&[place.desired(vec![config_map("a", "1")])]).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure:?}");
    assert!(failure.message.contains("does not accept the credentials"), "{failure}");
}
