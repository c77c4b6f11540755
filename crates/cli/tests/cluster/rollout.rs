//! Three clusters in three stages: order, no-op, pruning.

use seaway_testbed::AuditEvent;
use serde_json::json;

use super::{
    fleet::{Fleet, NAMESPACE, deployment},
    shop,
};

const BAKE_MICROS: i64 = 2_000_000;

/// The last time at which the cluster itself reported on the health of the shop's workloads, up to a moment.
pub fn last_report(events: &[AuditEvent], until: i64) -> i64 {
    let is_report = |event: &&AuditEvent| {
        let object = event.object.as_ref();
        event.is_internal()
            && event.stage_micros < until
            && object.is_some_and(|o| {
                o.subresource == "status"
                    && o.namespace == NAMESPACE
                    && ["deployments", "statefulsets"].contains(&o.resource.as_str())
            })
    };
    events.iter().filter(is_report).map(|event| event.stage_micros).max().expect("no health was ever reported")
}

#[test]
fn stages_open_in_order_then_nothing_is_written_and_prune_takes_only_its_own() {
    let fleet = Fleet::start(3, &shop::staged(3, "PT2S"));
    shop::write(&fleet, "1");
    fleet.seaway(&["validate"]).expect(0);
    let plan = fleet.seaway(&["plan", "shop", "-e", "test"]).expect(2);
    assert!(plan.out.contains("+"), "{plan}");
    assert!(!plan.out.contains("correct-horse"), "{plan}");

    in_order(&fleet);
    again_is_free(&fleet);
    prune(&fleet);
}

fn in_order(fleet: &Fleet) {
    let marks = fleet.marks();
    let (rollout, ran) = fleet.roll_out();
    let ran = ran.expect(0);
    assert!(!ran.out.contains("correct-horse") && !ran.err.contains("correct-horse"), "{ran}");
    assert_eq!(fleet.status(&rollout)["phase"], "Succeeded");

    let all: Vec<Vec<AuditEvent>> = fleet.testbed.clusters().iter().map(|cluster| cluster.audit().unwrap()).collect();
    let writes = fleet.writes_since(marks);
    for (stage, written) in writes.iter().enumerate() {
        assert!(written.len() >= shop::OBJECTS, "stage {stage}: {} writes", written.len());
        // The first inventory of a cluster is refused once, for want of its namespace.
        let refused: Vec<_> =
            written.iter().filter(|event| event.response_code.is_none_or(|code| code >= 300)).collect();
        assert!(refused.len() <= 1 && refused.iter().all(|event| event.response_code == Some(404)), "{refused:#?}");
    }
    for stage in 0..writes.len() - 1 {
        let first_of_next = writes[stage + 1][0].received_micros;
        let last_of_this = writes[stage].iter().map(|event| event.stage_micros).max().unwrap();
        let healthy = last_report(&all[stage], first_of_next);
        assert!(last_of_this + BAKE_MICROS <= first_of_next, "stage {} was written too early", stage + 1);
        assert!(
            healthy + BAKE_MICROS <= first_of_next,
            "stage {} opened before the one before had baked healthy",
            stage + 1
        );
    }
    for cluster in fleet.testbed.clusters() {
        assert_eq!(deployment(cluster, "api")["status"]["readyReplicas"], 2);
    }
}

fn again_is_free(fleet: &Fleet) {
    let plan = fleet.seaway(&["plan", "shop", "-e", "test"]).expect(0);
    assert!(plan.out.contains("0 create, 0 change, 0 destroy"), "{plan}");
    let marks = fleet.marks();
    let started = std::time::Instant::now();
    let (rollout, ran) = fleet.roll_out();
    let ran = ran.expect(0);
    assert!(started.elapsed() < std::time::Duration::from_millis(6000), "three bakes of 2 s were not skipped");
    assert_eq!(fleet.writes_since(marks).concat().len(), 0, "nothing changed, so nothing is written");
    let text = format!("{}{}", ran.out, ran.err);
    assert!(text.contains("nothing change"), "it says that nothing changed: {ran}");
    assert_eq!(fleet.status(&rollout)["phase"], "Succeeded");
}

fn prune(fleet: &Fleet) {
    for cluster in fleet.testbed.clusters() {
        let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign", "namespace": NAMESPACE,
            "labels": {"app": "other", "seaway.dev/service": "shop"}}, "data": {"a": "1"}});
        let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps/foreign?fieldManager=other");
        assert_eq!(cluster.patch_apply(&path, &foreign, "other", false).unwrap().0, 201);
    }
    let path = "services/shop/manifests/web.yaml";
    let text = std::fs::read_to_string(fleet.path(path)).unwrap();
    let without_worker = text.rsplit_once("---\n").unwrap().0.to_owned();
    fleet.write(path, &without_worker);
    let plan = fleet.seaway(&["plan", "shop", "-e", "test"]).expect(2);
    assert!(plan.out.contains("0 create, 0 change, 3 destroy"), "{plan}");

    let marks = fleet.marks();
    fleet.roll_out().1.expect(0);
    let writes = fleet.writes_since(marks);
    let mut deletes = Vec::new();
    for written in &writes {
        for event in written.iter().filter(|event| event.verb.starts_with("delete")) {
            let object = event.object.as_ref().unwrap();
            deletes.push((event.received_micros, format!("{}/{}", object.resource, object.name)));
        }
    }
    assert_eq!(deletes.len(), 3, "{deletes:?}");
    assert!(deletes.iter().all(|(_, object)| object == "deployments/worker"), "{deletes:?}");
    assert!(deletes.is_sorted(), "pruned in stage order: {deletes:?}");
    for cluster in fleet.testbed.clusters() {
        assert_eq!(cluster.get(&format!("/api/v1/namespaces/{NAMESPACE}/configmaps/foreign")).unwrap().0, 200);
        let web = deployment(cluster, "web");
        assert_eq!(web["status"]["readyReplicas"], 2);
    }
}
