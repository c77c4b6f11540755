//! `kind: Service`: something deployed as one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Cluster, Drawn, Environment, ExternalRenderer, Patch, Region, Source};
use crate::{
    duration::Millis,
    ids::{EnvironmentName, RegionName, ServiceName, TargetName},
};

/// Where a service comes from, where it goes, how it is configured and when it is healthy.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Name, unique in the workspace.
    pub name: ServiceName,
    /// File that declares it, relative to the workspace.
    pub file: String,
    /// What is rendered.
    pub source: Source,
    /// Changes to what is rendered, in their order.
    pub patches: Vec<Patch>,
    /// The program that renders instead of this one; `None` = this one renders.
    pub renderer: Option<ExternalRenderer>,
    /// Where random values and the time come from; `None` = they are refused.
    pub drawn: Option<Drawn>,
    /// Namespace of objects that name none.
    pub namespace: String,
    /// Where it goes.
    pub targets: Selector,
    /// Typed configuration: what keys exist.
    pub config: BTreeMap<String, ConfigKey>,
    /// Values for these keys, by layer.
    pub values: Layers,
    /// Services that must be healthy on a target before this one changes there.
    pub depends_on: Vec<ServiceName>,
    /// When it is healthy.
    pub health: HealthPolicy,
    /// What happens to objects that left the source.
    pub prune: Prune,
}

/// Which clusters of an environment; all given conditions must hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selector {
    /// Only these environments; empty = all.
    pub environments: BTreeSet<EnvironmentName>,
    /// Labels that the cluster must have.
    pub labels: BTreeMap<String, String>,
    /// The cluster must have one of these roles; empty = any.
    pub roles: BTreeSet<String>,
    /// The cluster must be in one of these regions; empty = any.
    pub regions: BTreeSet<RegionName>,
    /// Select the clusters of the global section instead of those of the regions.
    pub global: bool,
}

impl Selector {
    /// Why a cluster is not selected; `None` = it is.
    pub fn mismatch(&self, environment: &Environment, region: Option<&Region>, cluster: &Cluster) -> Option<String> {
        if !self.environments.is_empty() && !self.environments.contains(&environment.name) {
            return Some(format!("the service does not go to environment `{}`", environment.name));
        }
        match (self.global, region) {
            (true, Some(_)) => return Some("the service goes to global clusters only".to_owned()),
            (false, None) => return Some("the service does not go to global clusters".to_owned()),
            (true, None) => {}
            (false, Some(region)) => {
                if !self.regions.is_empty() && !self.regions.contains(&region.name) {
                    return Some(format!("the service does not go to region `{}`", region.name));
                }
            }
        }
        if !self.roles.is_empty() && self.roles.is_disjoint(&cluster.roles) {
            let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
            return Some(format!("the cluster has none of the roles `{}`", roles.join("`, `")));
        }
        let missing = self.labels.iter().find(|(key, value)| cluster.labels.get(*key) != Some(value));
        missing.map(|(key, value)| format!("the cluster has no label `{key}: {value}`"))
    }
}

/// One configuration key.
#[derive(Clone, PartialEq, Debug)]
pub struct ConfigKey {
    /// Type of its values.
    pub kind: ConfigType,
    /// Value where no layer gives one; `None` = a layer must.
    pub default: Option<Value>,
    /// The only values allowed; empty = any of the type.
    pub one_of: Vec<Value>,
    /// Smallest number.
    pub minimum: Option<f64>,
    /// Largest number.
    pub maximum: Option<f64>,
    /// What it is for.
    pub description: String,
}

/// Type of a configuration key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfigType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A map, used whole.
    Object,
    /// A list, used whole.
    Array,
}

impl ConfigType {
    /// Every type.
    pub const ALL: [Self; 6] = [Self::String, Self::Integer, Self::Number, Self::Boolean, Self::Object, Self::Array];

    /// As it is written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array => "array",
        }
    }

    /// The type of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a value is of this type. Every integer is a number.
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        }
    }
}

/// Values by layer; a later layer wins: global < environment < region < cluster.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layers {
    /// For every target.
    pub global: BTreeMap<String, Value>,
    /// For the targets of an environment.
    pub environments: BTreeMap<EnvironmentName, BTreeMap<String, Value>>,
    /// For the targets of a region.
    pub regions: BTreeMap<RegionName, BTreeMap<String, Value>>,
    /// For one target.
    pub clusters: BTreeMap<TargetName, BTreeMap<String, Value>>,
}

/// When a service counts as healthy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HealthPolicy {
    /// Longest wait for all objects to become healthy on one target.
    pub timeout: Millis,
    /// How long they must stay so before the wait ends.
    pub stable_for: Millis,
    /// How long a pod may wait for its image or configuration before the wait fails.
    pub pod_grace: Millis,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self { timeout: Millis::secs(600), stable_for: Millis::secs(0), pod_grace: Millis::secs(60) }
    }
}

/// What happens to objects that left the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Prune {
    /// They are deleted, when the inventory says that they are the service's own.
    #[default]
    Delete,
    /// They stay and are shown as ignored.
    Keep,
}
