//! Selection: which services go to which targets, and why the others do not.

use std::collections::{BTreeMap, BTreeSet};

use super::Excluded;
use crate::{
    declaration::{Cluster, ClusterState, Environment, Region, Service},
    ids::{ServiceName, StageName},
};

/// Name of the implicit stage of the environment's global clusters.
pub const GLOBAL_STAGE: &str = "global";

/// One target with the services that go there.
#[derive(Clone, Debug)]
pub struct Selected<'a> {
    /// Its stage.
    pub stage: StageName,
    /// Its region; `None` = global.
    pub region: Option<&'a Region>,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The services that go there.
    pub services: BTreeSet<ServiceName>,
}

/// Targets in the order of the declaration, and what is left alone.
#[derive(Clone, Debug, Default)]
pub struct Selection<'a> {
    /// Targets with at least one service.
    pub targets: Vec<Selected<'a>>,
    /// Targets that a service asks for but that take no releases.
    pub excluded: Vec<Excluded>,
}

/// Finds the targets of services in an environment.
pub fn select<'a>(environment: &'a Environment, services: &BTreeMap<ServiceName, &Service>) -> Selection<'a> {
    let mut selection = Selection::default();
    for (region, cluster) in environment.clusters() {
        let wanted =
            services.values().filter(|service| service.targets.mismatch(environment, region, cluster).is_none());
        let wanted: BTreeSet<ServiceName> = wanted.map(|service| service.name.clone()).collect();
        if wanted.is_empty() {
            continue;
        }
        if let Some(why) = closed(cluster.state) {
            let excluded = |service| Excluded { target: cluster.name.clone(), service, why: why.to_owned() };
            selection.excluded.extend(wanted.into_iter().map(excluded));
            continue;
        }
        let stage = region.map_or_else(|| StageName::new(GLOBAL_STAGE), |region| region.stage.clone());
        selection.targets.push(Selected { stage, region, cluster, services: wanted });
    }
    selection.excluded.sort();
    selection
}

/// Why a cluster in this state takes no releases; `None` = it does.
fn closed(state: ClusterState) -> Option<&'static str> {
    match state {
        ClusterState::Active => None,
        ClusterState::Planned => Some("the cluster is planned, not built"),
        ClusterState::Provisioning => Some("the cluster is being built"),
        ClusterState::Cordoned => Some("the cluster is cordoned"),
        ClusterState::Draining => Some("the cluster is being drained"),
        ClusterState::Retired => Some("the cluster is retired"),
    }
}
