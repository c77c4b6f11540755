//! The shop of `examples/`, as it is, on three clusters in three stages.

use std::{fs, path::Path};

use seaway_testbed::AuditEvent;

use super::{
    fleet::{Fleet, deployment},
    rollout::last_report,
};

const BAKE_MICROS: i64 = 10_000_000;
/// Objects on each cluster.
const OBJECTS: usize = 34;
const WORKLOADS: [&str; 4] = ["deployments", "statefulsets", "jobs", "customresourcedefinitions"];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), &target).unwrap()),
        }
    }
}

/// The example's workspace; its contexts are found by `KUBECONFIG`.
fn start() -> Fleet {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let fleet = Fleet::bare(3);
    copy(&example, fleet.workspace.path());
    fleet
}

fn run(fleet: &Fleet, args: &[&str]) -> super::fleet::Ran {
    fleet.command(args).env("KUBECONFIG", fleet.testbed.kubeconfig()).output().unwrap().into()
}

#[test]
fn the_shop_rolls_out_in_order_and_again_for_nothing() {
    let fleet = start();
    let marks = fleet.marks();
    run(&fleet, &["rollout", "start", "-e", "play", "--yes"]).expect(0);
    let all: Vec<Vec<AuditEvent>> = fleet.testbed.clusters().iter().map(|cluster| cluster.audit().unwrap()).collect();
    let writes = fleet.writes_since(marks);
    for (stage, written) in writes.iter().enumerate() {
        let mut objects: Vec<_> = written
            .iter()
            .filter(|event| event.verb == "patch")
            .filter_map(|event| event.object.as_ref())
            .filter(|object| object.namespace != "seaway-system" && object.name != "seaway-system")
            .map(|object| (object.resource.as_str(), object.name.as_str()))
            .collect();
        objects.sort_unstable();
        objects.dedup();
        assert_eq!(objects.len(), OBJECTS, "stage {stage}: {objects:?}");
        assert_eq!(objects.iter().filter(|(resource, _)| WORKLOADS.contains(resource)).count(), 12, "{objects:?}");
    }
    for stage in 0..writes.len() - 1 {
        let first_of_next = writes[stage + 1][0].received_micros;
        let last_of_this = writes[stage].iter().map(|event| event.stage_micros).max().unwrap();
        let healthy = last_report(&all[stage], first_of_next);
        assert!(last_of_this + BAKE_MICROS <= first_of_next, "stage {} was written too early", stage + 1);
        assert!(healthy + BAKE_MICROS <= first_of_next, "stage {} opened before the bake was over", stage + 1);
    }
    assert_eq!(deployment(fleet.testbed.cluster(2), "cart")["status"]["readyReplicas"], 3);

    let marks = fleet.marks();
    let again = run(&fleet, &["rollout", "start", "-e", "play", "--yes"]).expect(0);
    assert_eq!(fleet.writes_since(marks).concat().len(), 0);
    assert!(format!("{}{}", again.out, again.err).contains("nothing change"), "{again}");
}
