//! Crates and their dependencies, as `cargo metadata` knows them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand};

/// How a crate uses another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Normal,
    Build,
    Dev,
}

/// All crates that any target of any platform uses. A crate is known by name and version.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Names of the crates of this workspace, with their folders from the root.
    pub(crate) members: BTreeMap<String, String>,
    /// Name and version → what it uses.
    pub(crate) uses: BTreeMap<Crate, BTreeSet<(Crate, Use)>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Graph {
    /// What a crate needs to run, with all that this needs; not the crate itself. Uses that are left out are named by
    /// the names of both crates.
    pub(crate) fn reached_from(&self, name: &str, left_out: &[(&str, &str)]) -> BTreeSet<Crate> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Crate> = self.uses.keys().filter(|c| c.name == name).collect();
        while let Some(from) = next.pop() {
            let uses = self.uses.get(from).into_iter().flatten();
            for (to, _) in uses.filter(|(_, how)| *how == Use::Normal) {
                let is_left_out = left_out.contains(&(from.name.as_str(), to.name.as_str()));
                if !is_left_out && reached.insert(to.clone()) {
                    next.push(to);
                }
            }
        }
        reached
    }

    /// Uses between crates of this workspace.
    pub(crate) fn inner_uses(&self) -> impl Iterator<Item = (&str, &str, Use)> {
        self.uses.iter().filter(|(from, _)| self.members.contains_key(&from.name)).flat_map(|(from, uses)| {
            uses.iter()
                .filter(|(to, _)| self.members.contains_key(&to.name))
                .map(|(to, how)| (from.name.as_str(), to.name.as_str(), *how))
        })
    }

    #[cfg(test)]
    pub(crate) fn sample(members: &[&str], uses: &[(&str, &str, Use)]) -> Self {
        let known = |name: &str| match name.split_once('@') {
            Some((name, version)) => Crate { name: name.to_owned(), version: version.to_owned() },
            None => Crate { name: name.to_owned(), version: "1.0.0".to_owned() },
        };
        let mut graph = Self {
            members: members.iter().map(|name| ((*name).to_owned(), format!("crates/{name}"))).collect(),
            uses: members.iter().map(|name| (known(name), BTreeSet::new())).collect(),
        };
        for (from, to, how) in uses {
            graph.uses.entry(known(from)).or_default().insert((known(to), *how));
            graph.uses.entry(known(to)).or_default();
        }
        graph
    }
}

/// Reads the workspace with the versions of its lock file.
pub(crate) fn read(root: &Path) -> anyhow::Result<Graph> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cannot read the crates of this workspace")?;
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, Crate { name: package.name.to_string(), version: package.version.to_string() }))
        .collect();
    let members = metadata
        .workspace_packages()
        .into_iter()
        .filter_map(|package| {
            let folder = package.manifest_path.parent()?.strip_prefix(&metadata.workspace_root).ok()?;
            Some((package.name.to_string(), folder.to_string()))
        })
        .collect();
    let resolve = metadata.resolve.as_ref().context("cargo metadata holds no resolved dependencies")?;
    let mut uses: BTreeMap<Crate, BTreeSet<(Crate, Use)>> = BTreeMap::new();
    for node in &resolve.nodes {
        let from = names.get(&node.id).context("a resolved crate has no package")?;
        let of_crate = uses.entry(from.clone()).or_default();
        for dep in &node.deps {
            let to = names.get(&dep.pkg).context("a dependency has no package")?;
            for kind in &dep.dep_kinds {
                of_crate.insert((to.clone(), use_of(kind.kind)));
            }
        }
    }
    Ok(Graph { members, uses })
}

/// A kind of dependency that we do not know counts as normal: that is checked hardest.
fn use_of(kind: DependencyKind) -> Use {
    match kind {
        DependencyKind::Development => Use::Dev,
        DependencyKind::Build => Use::Build,
        _ => Use::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_reached() {
        let graph = Graph::sample(
            &["a"],
            &[
                ("a", "b", Use::Normal),
                ("b", "c", Use::Normal),
                ("c", "b", Use::Normal),
                ("b", "maker", Use::Build),
                ("a", "tester", Use::Dev),
            ],
        );
        let names: Vec<String> = graph.reached_from("a", &[]).into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["b", "c"]);
    }
}
