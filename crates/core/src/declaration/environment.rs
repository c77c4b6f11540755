//! `kind: Environment`: a named fleet with its stages, regions and clusters.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    duration::Millis,
    ids::{EnvironmentName, Principal, RegionName, StageName, TargetName},
};

/// A named fleet. Stages are ordered; each region is in exactly one of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// Name, unique in the workspace.
    pub name: EnvironmentName,
    /// The stages in the order in which they open.
    pub stages: Vec<Stage>,
    /// What belongs to the whole fleet and is rolled out and verified before any region.
    pub global: Global,
    /// Regions, in the order of the file.
    pub regions: Vec<Region>,
    /// Pairs of regions that may never change in the same stage.
    pub never_together: Vec<[RegionName; 2]>,
    /// What to do with a target that does not answer.
    pub unreachable: Unreachable,
}

/// Targets of the whole fleet, such as a management cluster; the implicit stage `global` before all others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Global {
    /// Clusters outside all regions.
    pub clusters: Vec<Cluster>,
    /// How long the global stage must stay healthy before the first region opens.
    pub bake: Millis,
    /// Gates before the global stage.
    pub gates: Vec<Gate>,
}

/// A set of regions that may change together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stage {
    /// Name, unique in the environment; `global` is taken.
    pub name: StageName,
    /// How many targets may be in flight at once. A share is rounded up, at least 1.
    pub max_concurrent: Amount,
    /// How many targets may fail before the stage stops. A share is rounded down.
    pub max_failures: Amount,
    /// How long the stage must stay healthy before the next opens.
    pub bake: Millis,
    /// What must be open before the stage starts.
    pub gates: Vec<Gate>,
}

/// A count of targets or a share of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// That many.
    Count(u32),
    /// That many of a hundred, 0 to 100.
    Percent(u8),
}

impl Amount {
    /// The count out of `total`, a share rounded up.
    pub fn of_rounded_up(self, total: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(share) => (u64::from(total) * u64::from(share)).div_ceil(100) as u32,
        }
    }

    /// The count out of `total`, a share rounded down.
    pub fn of_rounded_down(self, total: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(share) => (u64::from(total) * u64::from(share) / 100) as u32,
        }
    }
}

/// What stands before a stage. A new kind of gate is one more variant and one module in `execution`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Gate {
    /// People must approve the plan's hash.
    Approval(ApprovalGate),
}

/// How many people, and which.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalGate {
    /// How many different people must approve; at least 1.
    pub count: u32,
    /// Who may approve; empty = anyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Principal>,
}

/// A place on the map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// Name, unique in the environment.
    pub name: RegionName,
    /// The stage that it changes in.
    pub stage: StageName,
    /// Its clusters, in the order of the file.
    pub clusters: Vec<Cluster>,
}

/// One Kubernetes cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// Name, unique in the environment.
    pub name: TargetName,
    /// How to reach it.
    pub connection: Connection,
    /// Labels that services select by.
    pub labels: BTreeMap<String, String>,
    /// Roles such as `compute` and `management`.
    pub roles: BTreeSet<String>,
    /// Whether it takes releases.
    pub state: ClusterState,
}

/// How to reach a cluster: a reference, never a credential.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Connection {
    /// Path of a kubeconfig, relative to the workspace or absolute; `None` = the user's own (`KUBECONFIG`, then `~/.kube/config`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// Context in that file; for simulated targets the name of the target.
    pub context: String,
    /// What Seaway may ask of the cluster's API server.
    #[serde(default)]
    pub limits: Limits,
}

/// Limits towards one cluster.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Requests in flight at once, watches not counted.
    pub concurrent_requests: u32,
    /// Longest wait for one answer.
    pub request_timeout: Millis,
}

impl Default for Limits {
    /// Eight requests at once keep a small API server busy without starving its other clients; thirty seconds
    /// is the longest that the API server itself works on a mutating request.
    fn default() -> Self {
        Self { concurrent_requests: 8, request_timeout: Millis::secs(30) }
    }
}

/// Life of a cluster in the fleet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClusterState {
    /// Named, not built.
    Planned,
    /// Being built.
    Provisioning,
    /// Takes releases.
    #[default]
    Active,
    /// Takes no releases for now.
    Cordoned,
    /// Being emptied.
    Draining,
    /// Gone.
    Retired,
}

/// What to do with a target that does not answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreachable {
    /// How long to try again before the target counts as failed.
    pub give_up_after: Millis,
}

impl Default for Unreachable {
    /// One minute outlasts a restart of an API server, and is short enough that a dead cluster is named soon.
    fn default() -> Self {
        Self { give_up_after: Millis::secs(60) }
    }
}

impl Environment {
    /// All clusters with the region that each is in; `None` = the global section.
    pub fn clusters(&self) -> impl Iterator<Item = (Option<&Region>, &Cluster)> {
        let global = self.global.clusters.iter().map(|cluster| (None, cluster));
        global.chain(
            self.regions.iter().flat_map(|region| region.clusters.iter().map(move |cluster| (Some(region), cluster))),
        )
    }
}
