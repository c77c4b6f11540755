//! Names of placeholders.

use std::fmt;

/// What a placeholder stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Placeholder {
    Config(String),
    ClusterLabel(String),
    EnvironmentName,
    StageName,
    RegionName,
    ClusterName,
    ServiceName,
    ServiceNamespace,
}

const CONFIG: &str = "config.";
const CLUSTER_LABEL: &str = "cluster.labels.";

impl Placeholder {
    /// Those without a key of their own.
    const FIXED: [Self; 6] = [
        Self::EnvironmentName,
        Self::StageName,
        Self::RegionName,
        Self::ClusterName,
        Self::ServiceName,
        Self::ServiceNamespace,
    ];

    /// The placeholder of that name; whether a configuration key or label exists is another question.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if let Some(key) = name.strip_prefix(CONFIG).filter(|key| !key.is_empty()) {
            return Some(Self::Config(key.to_owned()));
        }
        if let Some(key) = name.strip_prefix(CLUSTER_LABEL).filter(|key| !key.is_empty()) {
            return Some(Self::ClusterLabel(key.to_owned()));
        }
        Self::FIXED.into_iter().find(|one| one.to_string() == name)
    }

    /// Whether the name at least starts like that of a placeholder.
    pub(crate) fn is_in_known_group(name: &str) -> bool {
        ["config.", "environment.", "stage.", "region.", "cluster.", "service."].iter().any(|one| name.starts_with(one))
    }

    /// Names to offer for a name that does not exist.
    pub(crate) fn candidates<'a>(config_keys: impl Iterator<Item = &'a String>) -> Vec<String> {
        let fixed = Self::FIXED.into_iter().map(|one| one.to_string());
        fixed.chain(config_keys.map(|key| format!("{CONFIG}{key}"))).collect()
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(key) => write!(f, "{CONFIG}{key}"),
            Self::ClusterLabel(key) => write!(f, "{CLUSTER_LABEL}{key}"),
            Self::EnvironmentName => f.write_str("environment.name"),
            Self::StageName => f.write_str("stage.name"),
            Self::RegionName => f.write_str("region.name"),
            Self::ClusterName => f.write_str("cluster.name"),
            Self::ServiceName => f.write_str("service.name"),
            Self::ServiceNamespace => f.write_str("service.namespace"),
        }
    }
}
