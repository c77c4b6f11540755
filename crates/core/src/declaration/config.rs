//! Layered configuration: which value holds on a target, and where it comes from.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::{Cluster, ConfigKey, ConfigType, Environment, Region, Service};
use crate::{
    diagnostic::{Diagnostic, codes, excerpt},
    ids::{EnvironmentName, RegionName, TargetName},
};

/// Where a value comes from. Later layers win, key by key; maps are replaced whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Layer {
    /// `default` in the schema.
    Default,
    /// `values.global`.
    Global,
    /// `values.environments`.
    Environment(EnvironmentName),
    /// `values.regions`.
    Region(RegionName),
    /// `values.clusters`.
    Cluster(TargetName),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::Global => f.write_str("the global layer"),
            Self::Environment(name) => write!(f, "environment `{name}`"),
            Self::Region(name) => write!(f, "region `{name}`"),
            Self::Cluster(name) => write!(f, "cluster `{name}`"),
        }
    }
}

/// A value that holds on a target.
#[derive(Clone, PartialEq, Debug)]
pub struct ConfigValue {
    /// The value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Layer,
}

/// The configuration of a service on one target; `region` is `None` for a global cluster.
///
/// # Errors
/// One finding for each key that has no value there, or one that its schema refuses.
pub fn resolve(
    service: &Service,
    environment: &Environment,
    region: Option<&Region>,
    cluster: &Cluster,
) -> Result<BTreeMap<String, ConfigValue>, Vec<Diagnostic>> {
    let mut values = BTreeMap::new();
    let mut findings = Vec::new();
    for (key, schema) in &service.config {
        match value_of(service, key, schema, environment, region, cluster) {
            Some(found) => {
                if let Err(refusal) = schema.check(&found.value) {
                    let message = format!("`{}` from {}: {}", excerpt(key), found.origin, refusal.why);
                    findings.push(Diagnostic::error(refusal.code, message));
                }
                values.insert(key.clone(), found);
            }
            None => findings.push(Diagnostic::error(codes::CONFIG_MISSING, missing(service, key, cluster))),
        }
    }
    if findings.is_empty() { Ok(values) } else { Err(findings) }
}

pub(super) fn missing(service: &Service, key: &str, cluster: &Cluster) -> String {
    format!("configuration key `{}` of service `{}` has no value on `{}`", excerpt(key), service.name, cluster.name)
}

/// The value of one key, from the last layer that gives one.
pub(super) fn value_of(
    service: &Service,
    key: &str,
    schema: &ConfigKey,
    environment: &Environment,
    region: Option<&Region>,
    cluster: &Cluster,
) -> Option<ConfigValue> {
    let layers = &service.values;
    let region = region.map(|region| &region.name);
    let given = |layer: Option<&BTreeMap<String, Value>>| layer.and_then(|layer| layer.get(key)).cloned();
    let with = |value: Option<Value>, origin: Layer| value.map(|value| ConfigValue { value, origin });
    with(given(layers.clusters.get(&cluster.name)), Layer::Cluster(cluster.name.clone()))
        .or_else(|| region.and_then(|name| with(given(layers.regions.get(name)), Layer::Region(name.clone()))))
        .or_else(|| {
            let name = &environment.name;
            with(given(layers.environments.get(name)), Layer::Environment(name.clone()))
        })
        .or_else(|| with(given(Some(&layers.global)), Layer::Global))
        .or_else(|| with(schema.default.clone(), Layer::Default))
}

/// Why a value is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) why: String,
}

impl ConfigKey {
    /// Whether the schema allows a value.
    pub(super) fn check(&self, value: &Value) -> Result<(), Refusal> {
        if !self.kind.accepts(value) {
            let why = format!("expected {}, found {}", with_article(self.kind), described(value));
            return Err(Refusal { code: codes::CONFIG_WRONG_TYPE, why });
        }
        let not_allowed = |why: String| Err(Refusal { code: codes::CONFIG_NOT_ALLOWED, why });
        if let Some(number) = value.as_f64() {
            if let Some(minimum) = self.minimum.filter(|minimum| number < *minimum) {
                return not_allowed(format!("expected at least {minimum}, found `{value}`"));
            }
            if let Some(maximum) = self.maximum.filter(|maximum| number > *maximum) {
                return not_allowed(format!("expected at most {maximum}, found `{value}`"));
            }
        }
        if !self.one_of.is_empty() && !self.one_of.contains(value) {
            let allowed: Vec<String> =
                self.one_of.iter().map(|value| format!("`{}`", excerpt(&shown(value)))).collect();
            return not_allowed(format!("expected one of {}, found `{}`", allowed.join(", "), excerpt(&shown(value))));
        }
        Ok(())
    }
}

fn with_article(kind: ConfigType) -> &'static str {
    match kind {
        ConfigType::String => "a string",
        ConfigType::Integer => "an integer",
        ConfigType::Number => "a number",
        ConfigType::Boolean => "a boolean",
        ConfigType::Object => "an object",
        ConfigType::Array => "an array",
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("boolean `{value}`"),
        Value::Number(value) => format!("number `{value}`"),
        Value::String(value) => format!("string `{}`", excerpt(value)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
