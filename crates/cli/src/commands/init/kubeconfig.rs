//! An environment from the contexts of a kubeconfig.
//!
//! Only names are read; credentials stay where they are.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use seaway_core::ids::{NAME_LEN_MAX, is_dns_label};
use serde::Deserialize;

use crate::error::Error;

/// Name of the environment.
pub const ENVIRONMENT: &str = "fleet";
/// Largest kubeconfig, in bytes. One with embedded certificates for a thousand clusters is below this.
const FILE_BYTES_MAX: u64 = 16 << 20;

#[derive(Deserialize)]
struct Kubeconfig {
    #[serde(default)]
    contexts: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The names of a kubeconfig's contexts, in the order of the file.
///
/// # Errors
/// When it cannot be read, or has none.
pub fn contexts(path: &Path) -> Result<Vec<String>, Error> {
    let shown = path.display();
    let failed = |error: &dyn std::error::Error| {
        Error::new(format!("cannot read kubeconfig `{shown}`"))
            .because(error)
            .hint("name a file that `kubectl` can use")
    };
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > FILE_BYTES_MAX {
        return Err(Error::new(format!("kubeconfig `{shown}` has {size} bytes"))
            .cause(format!("expected at most {FILE_BYTES_MAX}")));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    let read: Result<Kubeconfig, _> = serde_saphyr::from_str(&text);
    let read = read.map_err(|error| {
        // The library's own text shows lines of the file, which hold credentials.
        let place = error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column()));
        Error::new(format!("`{shown}` is not a kubeconfig{}", place.unwrap_or_default()))
            .cause("expected YAML with a list `contexts`, each with a `name`")
            .hint("`kubectl config view --kubeconfig FILE` shows what kubectl reads")
    })?;
    if read.contexts.is_empty() {
        return Err(Error::new(format!("kubeconfig `{shown}` has no contexts"))
            .hint("`kubectl config get-contexts` lists the contexts of your own"));
    }
    Ok(read.contexts.into_iter().map(|context| context.name).collect())
}

/// The environment: each context a region with one cluster, all in one stage. `root` is the new workspace.
///
/// # Errors
/// As [`contexts`].
pub fn environment(path: &Path, root: &Path) -> Result<String, Error> {
    let contexts = contexts(path)?;
    let reference = reference(path, root);
    let mut out = format!(
        "# yaml-language-server: $schema=../.seaway/schema/environment.json
apiVersion: seaway.dev/v1
kind: Environment
metadata:
  name: {ENVIRONMENT}
spec:
  # A kubeconfig does not say which clusters may change first, so all are in one stage. Order them: write the
  # stages in the order in which they shall open, each with its bake, and name a region's stage in the region.
  #   stages:
  #     - {{name: canary, bake: PT1H}}
  #     - {{name: broad, maxConcurrent: 25%, gates: [{{approval: {{count: 1}}}}]}}
  stages:
    - name: all
      maxConcurrent: 1
  regions:
"
    );
    let mut taken = BTreeSet::new();
    for context in &contexts {
        let name = free_name(context, &mut taken);
        out += &format!("    - name: {name}\n      stage: all\n      clusters:\n        - name: {name}\n");
        if let Some(reference) = &reference {
            out += &format!("          kubeconfig: {}\n", quoted(reference));
        }
        out += &format!("          context: {}\n", quoted(context));
    }
    Ok(out)
}

/// The file as the environment names it; `None` = the user's own kubeconfig.
fn reference(path: &Path, root: &Path) -> Option<String> {
    let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let file = whole(path);
    let own = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".kube/config"));
    if std::env::var_os("KUBECONFIG").is_none() && own.is_some_and(|own| whole(&own) == file) {
        return None;
    }
    // Inside the workspace the path can travel with it; the environment is in a folder of its own.
    match file.strip_prefix(whole(root)) {
        Ok(inside) => Some(format!("../{}", inside.display())),
        Err(_) => Some(file.display().to_string()),
    }
}

/// A DNS label that resembles the context's name and is not taken.
fn free_name(context: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        context.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    // Long names are mostly paths of a cloud, which tell clusters apart at their end.
    let skipped = plain.len().saturating_sub(NAME_LEN_MAX - 5);
    let base = plain.get(skipped..).unwrap_or_default().trim_matches('-');
    let base = if is_dns_label(base) { base } else { "cluster" };
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    let free = std::iter::once(base.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let name = free.unwrap_or_else(|| base.to_owned());
    taken.insert(name.clone());
    name
}

/// A double-quoted YAML scalar: JSON's form is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_labels_and_free() {
        let mut taken = BTreeSet::new();
        let names: Vec<String> = [
            "c1",
            "C1",
            "arn:aws:eks:eu-west-1:123456789012:cluster/a-very-long-name-of-a-cluster-in-production",
            "日本",
            "--",
        ]
        .iter()
        .map(|context| free_name(context, &mut taken))
        .collect();
        assert_eq!(names[..2], ["c1", "c1-2"]);
        assert!(names[2].ends_with("cluster-in-production"), "{names:?}");
        assert_eq!(names[3..], ["cluster", "cluster-2"]);
        assert!(names.iter().all(|name| is_dns_label(name)));
    }

    #[test]
    fn credentials_never_reach_a_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "contexts:\n- {name: c1}\nusers:\n- user: {token: very-secret\n").unwrap();
        let error = contexts(&path).unwrap_err();
        assert!(!format!("{error:?}").contains("very-secret"), "{error:?}");
        assert!(error.what.contains("is not a kubeconfig"), "{error:?}");
    }
}
