//! `.Capabilities`: what the target cluster is and serves, as templates see it.

use std::any::Any;
use std::rc::Rc;

use super::{Object, Str, Value};
use crate::helm::fault::{Answer, Fault};

/// `.Capabilities`
#[derive(Clone, Debug)]
pub struct Capabilities {
    kube_version: KubeVersion,
    api_versions: ApiVersions,
    helm_version: HelmVersion,
}

/// `.Capabilities.KubeVersion`
#[derive(Clone, Debug)]
struct KubeVersion {
    /// With the suffix of the provider.
    version: String,
    /// What it prints as.
    shown: String,
    major: String,
    minor: String,
}

/// `.Capabilities.APIVersions`
#[derive(Clone, Debug)]
struct ApiVersions(Rc<[Str]>);

/// `.Capabilities.HelmVersion`
#[derive(Clone, Debug)]
struct HelmVersion {
    version: String,
}

impl Capabilities {
    /// Capabilities of a cluster.
    ///
    /// `version` is the cluster's, with its leading `v`, `shown` what it prints as; `api_versions` are groups with version and, for
    /// `Has "apps/v1/Deployment"`, kinds; `helm_version` is the Helm whose behaviour is followed.
    #[must_use]
    pub fn new<'a>(
        version: &str,
        shown: &str,
        api_versions: impl IntoIterator<Item = &'a str>,
        helm_version: &str,
    ) -> Self {
        let mut numbers = version.trim_start_matches('v').split(['.', '+', '-']);
        let mut number = || numbers.next().unwrap_or_default().to_owned();
        Self {
            kube_version: KubeVersion {
                version: version.to_owned(),
                shown: shown.to_owned(),
                major: number(),
                minor: number(),
            },
            api_versions: ApiVersions(api_versions.into_iter().map(Str::from).collect()),
            helm_version: HelmVersion { version: helm_version.to_owned() },
        }
    }
}

impl Object for Capabilities {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(Value::object(self.kube_version.clone())),
            "APIVersions" => Some(Value::object(self.api_versions.clone())),
            "HelmVersion" => Some(Value::object(self.helm_version.clone())),
            _ => None,
        }
    }

    fn print(&self) -> String {
        let apis = self.api_versions.print();
        format!("&{{{} {apis} {}}}", self.kube_version.print(), self.helm_version.print())
    }

    fn data(&self) -> serde_json::Value {
        serde_json::json!({
            "KubeVersion": self.kube_version.data(),
            "APIVersions": self.api_versions.data(),
            "HelmVersion": self.helm_version.data(),
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Version" => Some(self.version.as_str().into()),
            "Major" => Some(self.major.as_str().into()),
            "Minor" => Some(self.minor.as_str().into()),
            _ => None,
        }
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Answer<Value>> {
        match name {
            "GitVersion" if arguments.is_empty() => Some(Ok(self.version.as_str().into())),
            "String" if arguments.is_empty() => Some(Ok(self.shown.as_str().into())),
            "GitVersion" | "String" => Some(Err(wrong_count(name, 0, arguments.len()))),
            _ => None,
        }
    }

    fn print(&self) -> String {
        self.shown.clone()
    }

    fn data(&self) -> serde_json::Value {
        serde_json::json!({"Version": self.version, "Major": self.major, "Minor": self.minor})
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for ApiVersions {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn kind_name(&self) -> &'static str {
        "slice"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Answer<Value>> {
        match (name, arguments) {
            ("Has", [Value::Str(wanted)]) => Some(Ok(self.0.contains(wanted).into())),
            ("Has", [other]) => {
                let found = other.type_name();
                Some(Err(Fault::Failed(format!("wrong type for value; expected string; got {found}"))))
            }
            ("Has", other) => Some(Err(wrong_count(name, 1, other.len()))),
            _ => None,
        }
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().cloned().map(Value::Str).collect())
    }

    fn print(&self) -> String {
        let texts: Vec<_> = self.0.iter().map(Str::text).collect();
        format!("[{}]", texts.join(" "))
    }

    fn data(&self) -> serde_json::Value {
        self.0.iter().map(|api| api.text().into_owned()).collect()
    }

    fn weight(&self, _: &str) -> usize {
        1 + self.0.len() / 16
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for HelmVersion {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Version" => Some(self.version.as_str().into()),
            "GitCommit" | "GitTreeState" | "GoVersion" | "KubeClientVersion" => Some("".into()),
            _ => None,
        }
    }

    fn print(&self) -> String {
        format!("{{{}    }}", self.version)
    }

    fn data(&self) -> serde_json::Value {
        serde_json::json!({"version": self.version})
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(super) fn wrong_count(name: &str, wanted: usize, found: usize) -> Fault {
    Fault::Failed(format!("wrong number of args for {name}: want {wanted} got {found}"))
}

impl From<Capabilities> for Value {
    fn from(capabilities: Capabilities) -> Self {
        Self::object(capabilities)
    }
}
