//! `.Capabilities`: what the target cluster can do.

use std::{any::Any, sync::Arc};

use serde_json::json;

use super::known_versions::KNOWN_VERSIONS;
use crate::helm::{
    fault::Fault,
    value::{Object, Value},
    version::Version,
};

/// The Helm that charts are told they run in.
const HELM: [(&str, &str, &str); 5] = [
    ("Version", "version", "v4.1.4"),
    ("GitCommit", "git_commit", "05fa37973dc9e42b76e1d2883494c87174b6074f"),
    ("GitTreeState", "git_tree_state", "clean"),
    ("GoVersion", "go_version", "go1.25.9"),
    ("KubeClientVersion", "kube_client_version", "v1.35"),
];
/// The cluster's version when none is given: that of `helm template`.
const KUBE_VERSION: &str = "v1.35.0";

/// What the target cluster can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// `v1.35.0`
    pub kube_version: String,
    /// `apps/v1`, `apps/v1/Deployment`
    pub api_versions: Arc<[String]>,
    /// The version of Helm that charts see.
    pub helm_version: String,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            kube_version: KUBE_VERSION.to_owned(),
            api_versions: KNOWN_VERSIONS.iter().map(|version| (*version).to_owned()).collect(),
            helm_version: HELM.first().map_or("", |(_, _, version)| version).to_owned(),
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
        Value::object(Whole(self.clone()))
    }

    fn kube(&self) -> Kube {
        let (major, minor) = Version::parse(&self.kube_version).map_or((0, 0), |v| (v.major, v.minor));
        Kube { version: self.kube_version.clone(), major: major.to_string(), minor: minor.to_string() }
    }

    fn helm(&self) -> Helm {
        Helm { version: self.helm_version.clone() }
    }
}

#[derive(Debug)]
struct Whole(Capabilities);

impl Object for Whole {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "KubeVersion" => Value::object(self.0.kube()),
            "APIVersions" => Value::object(ApiVersions(Arc::clone(&self.0.api_versions))),
            "HelmVersion" => Value::object(self.0.helm()),
            _ => return None,
        })
    }

    fn print(&self) -> String {
        let apis = self.0.api_versions.join(" ");
        format!("&{{{} [{apis}] {}}}", self.0.kube().print(), self.0.helm().print())
    }

    fn data(&self) -> serde_json::Value {
        json!({"KubeVersion": self.0.kube().data(), "APIVersions": &*self.0.api_versions, "HelmVersion": self.0.helm().data()})
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Kube {
    version: String,
    major: String,
    minor: String,
}

impl Object for Kube {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(Value::text(match name {
            "Version" => self.version.as_str(),
            "Major" => &self.major,
            "Minor" => &self.minor,
            _ => return None,
        }))
    }

    fn method(&self, name: &str, _arguments: &[Value]) -> Option<Result<Value, Fault>> {
        // Methods of the pointer: templates reach the field through one, so both can be called.
        matches!(name, "GitVersion" | "String").then(|| Ok(Value::text(self.version.as_str())))
    }

    fn print(&self) -> String {
        self.version.clone()
    }

    fn data(&self) -> serde_json::Value {
        json!({"Version": self.version, "Major": self.major, "Minor": self.minor})
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct ApiVersions(Arc<[String]>);

impl Object for ApiVersions {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn kind_name(&self) -> &'static str {
        "slice"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        if name != "Has" {
            return None;
        }
        Some(match arguments {
            [Value::Str(version)] => Ok(Value::Bool(self.0.iter().any(|known| known.as_bytes() == version.as_bytes()))),
            [_] => Err(Fault::failed("wrong type for value; expected string")),
            _ => Err(Fault::failed(format!("wrong number of args for Has: want 1 got {}", arguments.len()))),
        })
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.0.iter().map(|version| Value::text(version.as_str())).collect())
    }

    fn print(&self) -> String {
        format!("[{}]", self.0.join(" "))
    }

    fn data(&self) -> serde_json::Value {
        json!(&*self.0)
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Debug)]
struct Helm {
    version: String,
}

impl Helm {
    fn fields(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        HELM.iter().map(|(name, json, value)| (*name, *json, if *name == "Version" { &self.version } else { *value }))
    }
}

impl Object for Helm {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields().find(|(field, _, _)| *field == name).map(|(_, _, value)| Value::text(value))
    }

    fn print(&self) -> String {
        format!("{{{}}}", self.fields().map(|(_, _, value)| value).collect::<Vec<_>>().join(" "))
    }

    fn data(&self) -> serde_json::Value {
        self.fields().map(|(_, json, value)| (json.to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
