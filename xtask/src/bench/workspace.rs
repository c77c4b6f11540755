//! Workspaces to measure with: an environment over the testbed's clusters, and services made of manifests.
//!
//! Manifests are written as block YAML, one object to a file, as people have them: the same files serve `kubectl`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use seaway_testbed::Testbed;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Name of the environment.
pub(crate) const ENVIRONMENT: &str = "fleet";

/// A stage of the environment; each of its clusters is a region of its own, named after it.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// Positions in the testbed.
    pub(crate) clusters: std::ops::Range<usize>,
}

/// A workspace in a temporary folder.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// A workspace with an environment in which all clusters of a stage change at once.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn new(testbed: &Testbed, stages: &[Stage]) -> anyhow::Result<Self> {
        let workspace = Self { folder: tempfile::tempdir()? };
        let names = |stage: &Stage| stage.clusters.clone().map(|at| testbed.cluster(at).name().to_owned());
        let region = |stage: &Stage, cluster: String| {
            json!({"name": format!("region-{cluster}"), "stage": stage.name, "clusters": [
                {"name": cluster, "context": cluster, "kubeconfig": testbed.kubeconfig()},
            ]})
        };
        let regions = stages.iter().flat_map(|stage| names(stage).map(move |cluster| region(stage, cluster)));
        let environment = json!({
            "apiVersion": "seaway.dev/v1", "kind": "Environment", "metadata": {"name": ENVIRONMENT},
            "spec": {
                "stages": stages.iter()
                    .map(|stage| json!({"name": stage.name, "maxConcurrent": stage.clusters.len()}))
                    .collect::<Vec<_>>(),
                "regions": regions.collect::<Vec<_>>(),
            },
        });
        workspace.write(&format!("environments/{ENVIRONMENT}.yaml"), &yaml(&environment))?;
        Ok(workspace)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Declares a service; `regions` empty = it goes everywhere. Its namespace has its name.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn service(&self, name: &str, regions: &[String], objects: &[Value]) -> anyhow::Result<()> {
        let mut spec = json!({"source": {"manifests": {"path": "manifests"}}, "namespace": name});
        if !regions.is_empty() {
            spec["targets"] = json!({"regions": regions});
        }
        let service =
            json!({"apiVersion": "seaway.dev/v1", "kind": "Service", "metadata": {"name": name}, "spec": spec});
        self.write(&format!("services/{name}/seaway.yaml"), &yaml(&service))?;
        self.manifests(name, objects)
    }

    /// Replaces the manifests of a service.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn manifests(&self, service: &str, objects: &[Value]) -> anyhow::Result<()> {
        for (number, object) in objects.iter().enumerate() {
            self.write(&format!("services/{service}/manifests/{number:04}.yaml"), &yaml(object))?;
        }
        Ok(())
    }

    /// The folder with the manifests of a service.
    pub(crate) fn manifests_of(&self, service: &str) -> PathBuf {
        self.path().join("services").join(service).join("manifests")
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path().join(path);
        let parent = path.parent().context("a file has a folder")?;
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Block YAML; texts in quotes, so that none is ever read as something else.
fn yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(out, "{:indent$}{}:", "", plain_or_quoted(key));
                child(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(out, "{:indent$}-", "");
                child(item, indent, out);
            }
        }
        other => {
            let _ = writeln!(out, "{other}");
        }
    }
}

/// What follows a key or a dash.
fn child(value: &Value, indent: usize, out: &mut String) {
    let is_nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_nested {
        out.push('\n');
        block(value, indent + 2, out);
    } else {
        let _ = writeln!(out, " {value}");
    }
}

fn plain_or_quoted(key: &str) -> String {
    let is_plain = key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(|c| c.is_ascii_alphanumeric());
    if is_plain { key.to_owned() } else { Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_block_yaml() {
        let value = json!({"a": {"b-c": [1, {"d": "yes"}, [], {}], "e": null}, "f": "x: y\n"});
        assert_eq!(
            yaml(&value),
            "a:\n  \"b-c\":\n    - 1\n    -\n      d: \"yes\"\n    - []\n    - {}\n  e: null\nf: \"x: y\\n\"\n"
        );
    }
}
