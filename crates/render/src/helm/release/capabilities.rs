//! `.Capabilities`: what the target cluster can do.

use std::sync::Arc;

use super::known_versions::KNOWN_VERSIONS;
use crate::helm::{
    value::{self, Value},
    values::Rules,
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
        let version = kube_version.trim_start_matches('v');
        without_suffix(version)?;
        let mut capabilities = Self::default();
        // The full version stays as it is written, with the suffix of the provider.
        capabilities.kube_version = format!("v{version}");
        capabilities.api_versions = capabilities.api_versions.iter().cloned().chain(further).collect();
        Some(capabilities)
    }

    /// The version that charts are checked against: providers put suffixes such as `-eks-1a2b` behind it, which would
    /// make it a pre-release that no ordinary range allows. Helm 3 takes it for one.
    pub(super) fn compared_version(&self) -> String {
        let version = self.kube_version.trim_start_matches('v');
        match (Rules::of(&self.helm_version), without_suffix(version)) {
            (Rules::Helm4, Some(numbers)) => format!("v{numbers}"),
            (Rules::Helm3, _) | (_, None) => self.kube_version.clone(),
        }
    }

    pub(super) fn value(&self) -> Value {
        let apis = self.api_versions.iter().map(String::as_str);
        let shown = self.compared_version();
        Value::object(value::Capabilities::new(&self.kube_version, &shown, apis, &self.helm_version))
    }
}

/// The numbers that a version begins with, at least two of them.
fn without_suffix(version: &str) -> Option<&str> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers = version.get(..end)?.trim_end_matches('.');
    let is_number = |part: &str| !part.is_empty() && part.len() <= 9 && (part == "0" || !part.starts_with('0'));
    (numbers.contains('.') && numbers.split('.').all(is_number)).then_some(numbers)
}
