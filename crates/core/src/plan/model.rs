//! The plan itself. This is a format: versioned by `apiVersion`, hashed, golden-tested.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ObjectChange, Totals};
use crate::{
    declaration::{Connection, Gate, Prune, Service},
    digest::Digest,
    duration::Millis,
    ids::{EnvironmentName, RegionName, ServiceName, StageName, StepId, TargetName},
    provenance::Provenance,
    release::Entry,
};

/// Everything that a rollout will do. Two plans with equal hash are equal byte for byte.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// [`crate::API_VERSION`].
    pub api_version: String,
    /// `Plan`.
    pub kind: String,
    /// The fleet.
    pub environment: EnvironmentName,
    /// Which gates apply and what may go before what.
    pub lane: Lane,
    /// Plan that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Digest>,
    /// Content address of the release.
    pub release: Digest,
    /// The services, by name.
    pub services: BTreeMap<ServiceName, ServicePolicy>,
    /// Rendered content by digest, shared by all targets with equal content.
    pub contents: BTreeMap<Digest, PlannedContent>,
    /// Configuration by digest, each value with the layer that it came from, shared by all targets with equal values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Digest, BTreeMap<String, PlannedValue>>,
    /// The stages that have targets, in order.
    pub stages: Vec<StagePlan>,
    /// Targets of the environment that the plan leaves alone although a service asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
    /// Whether every object may be deleted and created again when it cannot be changed in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_replace: bool,
    /// How long a target that does not answer is tried again.
    pub give_up_unreachable_after: Millis,
    /// Totals over all targets.
    pub totals: Totals,
    /// How long the rollout will take, people's decisions not counted.
    pub predicted: Millis,
}

/// Lane of a rollout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// All gates apply.
    #[default]
    Standard,
}

/// What holds for one service on all targets of the plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicePolicy {
    /// Namespace of objects that name none.
    pub namespace: String,
    /// Services of this plan that go first on each target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ServiceName>,
    /// Longest wait for health on one target.
    pub health_timeout: Millis,
    /// How long health must hold before the wait ends.
    pub stable_for: Millis,
    /// How long a pod may wait for its image or configuration.
    pub pod_grace: Millis,
    /// Whether objects that left the source are deleted.
    pub prune: bool,
    /// Digest of the source tree.
    pub source: Digest,
    /// Where the objects come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// A value of the configuration.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedValue {
    /// The value.
    pub value: Value,
    /// The layer that it came from: `default`, `global`, `environment NAME`, `region NAME` or `cluster NAME`.
    pub layer: String,
}

/// One service's rendered objects.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedContent {
    /// The service.
    pub service: ServiceName,
    /// Its objects, ordered.
    pub objects: Vec<Entry>,
}

/// One stage.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StagePlan {
    /// Name.
    pub name: StageName,
    /// Most targets in flight at once.
    pub max_concurrent: u32,
    /// Most targets that may fail before the rollout stops here.
    pub max_failures: u32,
    /// How long the stage must stay healthy; zero when nothing changes in it.
    pub bake: Millis,
    /// What must be open before it starts; none when nothing changes in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Why the stage bakes and asks as it does.
    pub why: String,
    /// Its targets, in the order in which they start.
    pub targets: Vec<TargetPlan>,
    /// How long it will take.
    pub predicted: Millis,
}

/// One target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetPlan {
    /// Name.
    pub name: TargetName,
    /// Region; `None` = global.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionName>,
    /// The driver that acts on it, such as `kube`.
    pub driver: String,
    /// How to reach it.
    pub connection: Connection,
    /// Why it is in the plan.
    pub why: String,
    /// How the target failed to answer when the plan was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
    /// What lands on it, by service name.
    pub services: Vec<TargetService>,
    /// What is done, each step after those that it names.
    pub steps: Vec<StepPlan>,
}

/// One service on one target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetService {
    /// The service.
    pub service: ServiceName,
    /// Content that must run there at the end.
    pub content: Digest,
    /// The configuration that it was rendered with; `None` = the service has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Digest>,
    /// Content that runs there by the target's inventory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Digest>,
    /// Fingerprint of the live state that the plan was computed from; `None` = unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Digest>,
    /// Objects that are not as wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ObjectChange>,
    /// How many objects are as wanted.
    pub unchanged: u32,
    /// Whether something is written.
    pub is_changed: bool,
    /// Why.
    pub why: String,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepPlan {
    /// Position in the plan.
    pub id: StepId,
    /// What is done.
    pub kind: StepKind,
    /// For which services.
    pub services: Vec<ServiceName>,
    /// Steps of the same target that must have succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepId>,
    /// Longest time for one attempt; for a bake, what is granted beyond the bake itself.
    pub limit: Millis,
    /// Why it is in the plan.
    pub why: String,
}

/// Kind of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// Write the objects and prune those that left.
    Apply,
    /// Wait until all objects are healthy.
    Wait,
    /// Read back that the target runs the planned content and is healthy.
    Verify,
    /// Watch that it stays so until the stage's bake ends.
    Bake,
}

impl StepKind {
    /// Lower-case word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Wait => "wait",
            Self::Verify => "verify",
            Self::Bake => "bake",
        }
    }
}

/// A target that is left alone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Excluded {
    /// The target.
    pub target: TargetName,
    /// The service that would have gone there.
    pub service: ServiceName,
    /// Why not.
    pub why: String,
}

impl Plan {
    /// The hash that approvals sign: over the plan's canonical JSON.
    ///
    /// # Errors
    /// When the plan cannot be written as JSON, which no plan made or read by this crate is.
    pub fn hash(&self) -> Result<Digest, serde_json::Error> {
        serde_json::to_value(self).map(|value: Value| Digest::of_json(&value))
    }

    /// All targets with their stage.
    pub fn targets(&self) -> impl Iterator<Item = (&StagePlan, &TargetPlan)> {
        self.stages.iter().flat_map(|stage| stage.targets.iter().map(move |target| (stage, target)))
    }

    /// Whether nothing would be written.
    pub fn is_noop(&self) -> bool {
        self.targets().all(|(_, target)| target.services.iter().all(|service| !service.is_changed))
    }
}

impl ServicePolicy {
    /// The rules of a declared service in a plan with these services.
    pub fn of<'a>(service: &Service, source: Digest, planned: impl Iterator<Item = &'a ServiceName> + Clone) -> Self {
        let is_planned = |name: &&ServiceName| planned.clone().any(|other| other == *name);
        Self {
            namespace: service.namespace.clone(),
            depends_on: service.depends_on.iter().filter(is_planned).cloned().collect(),
            health_timeout: service.health.timeout,
            stable_for: service.health.stable_for,
            pod_grace: service.health.pod_grace,
            prune: service.prune == Prune::Delete,
            source,
            provenance: None,
        }
    }
}

impl TargetPlan {
    /// Whether something is written.
    pub fn is_changed(&self) -> bool {
        self.services.iter().any(|service| service.is_changed)
    }
}
