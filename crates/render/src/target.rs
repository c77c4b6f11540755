//! What rendering knows about one target.

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{Cluster, Environment, Region, Service, resolve},
    diagnostic::Diagnostic,
    ids::{EnvironmentName, RegionName, StageName, TargetName},
};
use serde_json::Value;

use crate::template::Placeholder;

/// Stage of the clusters of the global section.
const GLOBAL_STAGE: &str = "global";

/// One target with the configuration that holds there.
#[derive(Clone, PartialEq, Debug)]
pub struct TargetContext {
    /// The environment.
    pub environment: EnvironmentName,
    /// The stage; `global` for a global cluster.
    pub stage: StageName,
    /// The region; `None` for a global cluster.
    pub region: Option<RegionName>,
    /// The cluster.
    pub cluster: TargetName,
    /// The cluster's labels.
    pub labels: BTreeMap<String, String>,
    /// The service's configuration on this target.
    pub values: BTreeMap<String, Value>,
}

impl TargetContext {
    /// The context of a cluster for a service.
    ///
    /// # Errors
    /// When the configuration has no allowed value for a key on this target.
    pub fn of(
        service: &Service,
        environment: &Environment,
        region: Option<&Region>,
        cluster: &Cluster,
    ) -> Result<Self, Vec<Diagnostic>> {
        let values = resolve(service, environment, region, cluster)?;
        Ok(Self {
            environment: environment.name.clone(),
            stage: region.map_or_else(|| StageName::new(GLOBAL_STAGE), |region| region.stage.clone()),
            region: region.map(|region| region.name.clone()),
            cluster: cluster.name.clone(),
            labels: cluster.labels.clone(),
            values: values.into_iter().map(|(key, found)| (key, found.value)).collect(),
        })
    }

    /// What stands for a placeholder here; `None` = it has no value on this target.
    pub(crate) fn value(&self, service: &Service, placeholder: &Placeholder) -> Option<Value> {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        match placeholder {
            Placeholder::Config(key) => self.values.get(key).cloned(),
            Placeholder::ClusterLabel(key) => self.labels.get(key).and_then(|label| text(label)),
            Placeholder::EnvironmentName => text(self.environment.as_str()),
            Placeholder::StageName => text(self.stage.as_str()),
            Placeholder::RegionName => self.region.as_ref().and_then(|region| text(region.as_str())),
            Placeholder::ClusterName => text(self.cluster.as_str()),
            Placeholder::ServiceName => text(service.name.as_str()),
            Placeholder::ServiceNamespace => text(&service.namespace),
        }
    }
}
