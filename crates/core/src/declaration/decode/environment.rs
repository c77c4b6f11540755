//! `kind: Environment`.

use super::{count, duration, items, labels, number, text, texts};
use crate::{
    declaration::{
        Amount, ApprovalGate, Cluster, ClusterState, Connection, Environment, Gate, Global, Limits, Region, Stage,
        Unreachable, amount, path,
    },
    ids::{EnvironmentName, Principal, RegionName, StageName, TargetName},
    yaml::Node,
};

/// Reads an environment; `None` when it has no name.
pub(in crate::declaration) fn environment(file: &str, document: &Node) -> Option<Environment> {
    let name = text(document.get("metadata")?, "name")?;
    let nothing = Node::null();
    let spec = document.get("spec").unwrap_or(&nothing);
    Some(Environment {
        name: EnvironmentName::new(name),
        stages: items(spec, "stages").iter().filter_map(stage).collect(),
        global: spec.get("global").map(|node| global(file, node)).unwrap_or_default(),
        regions: items(spec, "regions").iter().filter_map(|node| region(file, node)).collect(),
        never_together: items(spec, "neverTogether").iter().filter_map(pair).collect(),
        unreachable: spec
            .get("unreachable")
            .and_then(|node| duration(node, "giveUpAfter"))
            .map(|give_up_after| Unreachable { give_up_after })
            .unwrap_or_default(),
    })
}

fn stage(node: &Node) -> Option<Stage> {
    let amount = |key: &str, min: u64| node.get(key).and_then(|node| amount::read(node, min).ok());
    Some(Stage {
        name: StageName::new(text(node, "name")?),
        max_concurrent: amount("maxConcurrent", 1).unwrap_or(Amount::Count(1)),
        max_failures: amount("maxFailures", 0).unwrap_or(Amount::Count(0)),
        bake: duration(node, "bake").unwrap_or_default(),
        gates: gates(node),
    })
}

fn gates(node: &Node) -> Vec<Gate> {
    items(node, "gates").iter().filter_map(gate).collect()
}

fn gate(node: &Node) -> Option<Gate> {
    let approval = node.get("approval")?;
    let from = texts(approval, "from").map(Principal::new).collect();
    Some(Gate::Approval(ApprovalGate { count: count(approval, "count")?, from }))
}

fn global(file: &str, node: &Node) -> Global {
    Global { clusters: clusters(file, node), bake: duration(node, "bake").unwrap_or_default(), gates: gates(node) }
}

fn region(file: &str, node: &Node) -> Option<Region> {
    Some(Region {
        name: RegionName::new(text(node, "name")?),
        stage: StageName::new(text(node, "stage")?),
        clusters: clusters(file, node),
    })
}

fn clusters(file: &str, node: &Node) -> Vec<Cluster> {
    items(node, "clusters").iter().filter_map(|node| cluster(file, node)).collect()
}

fn cluster(file: &str, node: &Node) -> Option<Cluster> {
    let name = text(node, "name")?;
    Some(Cluster {
        name: TargetName::new(name),
        connection: Connection {
            kubeconfig: text(node, "kubeconfig").and_then(|path| kubeconfig(file, path)),
            context: text(node, "context").unwrap_or(name).to_owned(),
            limits: node.get("limits").map(limits).unwrap_or_default(),
        },
        labels: labels(node, "labels"),
        roles: texts(node, "roles").map(str::to_owned).collect(),
        state: text(node, "state").and_then(state).unwrap_or_default(),
    })
}

fn kubeconfig(file: &str, path: &str) -> Option<String> {
    if path.starts_with('/') { Some(path.to_owned()) } else { path::resolve(file, path).ok() }
}

fn limits(node: &Node) -> Limits {
    let default = Limits::default();
    Limits {
        concurrent_requests: number(node, "concurrentRequests")
            .and_then(|number| u32::try_from(number.as_u64()?).ok())
            .unwrap_or(default.concurrent_requests),
        request_timeout: duration(node, "requestTimeout").unwrap_or(default.request_timeout),
    }
}

fn state(word: &str) -> Option<ClusterState> {
    Some(match word {
        "planned" => ClusterState::Planned,
        "provisioning" => ClusterState::Provisioning,
        "active" => ClusterState::Active,
        "cordoned" => ClusterState::Cordoned,
        "draining" => ClusterState::Draining,
        "retired" => ClusterState::Retired,
        _ => return None,
    })
}

fn pair(node: &Node) -> Option<[RegionName; 2]> {
    match node.items() {
        [one, other] => Some([RegionName::new(one.text()?), RegionName::new(other.text()?)]),
        _ => None,
    }
}
