//! `.Capabilities`: what the target cluster can do.

use std::sync::Arc;

use super::known_versions::KNOWN_VERSIONS;
use crate::helm::{
    value::{self, Value},
    version::Version,
};

/// The Helm that charts are told they run in.
const HELM_VERSION: &str = "v4.1.4";
/// The cluster's version when none is given: that of `helm template`.
const KUBE_VERSION: &str = "v1.35.0";

/// What the target cluster can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// `v1.35.0`
    pub kube_version: String,
    /// `apps/v1`, `apps/v1/Deployment`
    pub api_versions: Arc<[String]>,
    /// The version of Helm that charts see; with one of Helm 3, values cover each other by its rules.
    pub helm_version: String,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            kube_version: KUBE_VERSION.to_owned(),
            api_versions: KNOWN_VERSIONS.iter().map(|version| (*version).to_owned()).collect(),
            helm_version: HELM_VERSION.to_owned(),
        }
    }
}

impl Capabilities {
    /// The default ones on another version of Kubernetes, with further API versions. `None` when it is no version.
    pub fn of(kube_version: &str, further: impl IntoIterator<Item = String>) -> Option<Self> {
        let version = Version::parse(kube_version)?;
        let mut capabilities = Self::default();
        // The full version stays as it is written, with the suffix of the provider.
        capabilities.kube_version = format!("v{version}");
        capabilities.api_versions = capabilities.api_versions.iter().cloned().chain(further).collect();
        Some(capabilities)
    }

    pub(super) fn value(&self) -> Value {
        let apis = self.api_versions.iter().map(String::as_str);
        Value::object(value::Capabilities::new(&self.kube_version, apis, &self.helm_version))
    }
}
