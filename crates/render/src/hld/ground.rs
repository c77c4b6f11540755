//! The trees of one run and places in them.
//!
//! The repository is ground 0. A component from elsewhere is a ground of its own that lies at a folder of the ground
//! that names it (`components/<name>`, `helm_repos/<name>`), so that paths which pass through that folder go on in
//! it. No path leads out of its ground: a fetched repository never reaches into the one that fetched it.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{diagnostic::Place, digest::Digest};

use crate::Tree;

/// A folder or file in one of the trees.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct At {
    pub(super) ground: usize,
    /// Normalised; empty = the root.
    pub(super) path: String,
}

/// Every tree.
pub(super) struct Grounds<'a> {
    trees: Vec<Lies<'a>>,
    /// Which ground lies at a folder.
    mounts: BTreeMap<At, usize>,
}

enum Lies<'a> {
    Repository(&'a Tree),
    Fetched(Arc<Tree>),
}

impl<'a> Grounds<'a> {
    pub(super) fn new(repository: &'a Tree) -> Self {
        Self { trees: vec![Lies::Repository(repository)], mounts: BTreeMap::new() }
    }

    pub(super) fn tree(&self, ground: usize) -> &Tree {
        // Places are made by this type alone; ground 0 is always there.
        match self.trees.get(ground).unwrap_or(&self.trees[0]) {
            Lies::Repository(tree) => tree,
            Lies::Fetched(tree) => tree,
        }
    }

    /// The content address of a fetched tree; none for the repository.
    pub(super) fn digest(&self, ground: usize) -> Option<Digest> {
        match self.trees.get(ground) {
            Some(Lies::Fetched(tree)) => Some(tree.digest()),
            Some(Lies::Repository(_)) | None => None,
        }
    }

    /// Lays a tree at a folder. The place of its root.
    pub(super) fn mount(&mut self, at: At, tree: Arc<Tree>) -> At {
        let ground = *self.mounts.entry(at).or_insert_with(|| {
            self.trees.push(Lies::Fetched(tree));
            self.trees.len() - 1
        });
        At { ground, path: String::new() }
    }

    /// The place that a relative path leads to.
    ///
    /// # Errors
    /// Why there is none; to be read after the path.
    pub(super) fn join(&self, from: &At, path: &str) -> Result<At, &'static str> {
        if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
            return Err("is absolute");
        }
        if path.contains('\\') || path.chars().any(char::is_control) {
            return Err("has a backslash or control character in it");
        }
        let mut ground = from.ground;
        let mut parts: Vec<&str> = from.path.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(if ground == 0 { "leaves the repository" } else { "leaves the fetched tree" })?;
                }
                part => {
                    parts.push(part);
                    if let Some(inner) = self.mounts.get(&At { ground, path: parts.join("/") }) {
                        (ground, parts) = (*inner, Vec::new());
                    }
                }
            }
        }
        Ok(At { ground, path: parts.join("/") })
    }

    /// The place of a file or folder in a place that is known to be fine.
    pub(super) fn child(&self, folder: &At, name: &str) -> At {
        let path = if folder.path.is_empty() { name.to_owned() } else { format!("{}/{name}", folder.path) };
        At { ground: folder.ground, path }
    }

    pub(super) fn read(&self, at: &At) -> Option<&Arc<[u8]>> {
        self.tree(at.ground).get(&at.path)
    }

    /// Whether there is a file in the folder or below.
    pub(super) fn has_folder(&self, at: &At) -> bool {
        self.tree(at.ground).under(&at.path).next().is_some()
    }

    /// Every file in a folder and below, trees that lie in it included, each with its path relative to the folder.
    pub(super) fn files(&self, folder: &At) -> impl Iterator<Item = (String, &Arc<[u8]>)> {
        let own = self.tree(folder.ground).under(&folder.path).map(|(path, bytes)| (path.to_owned(), bytes));
        let prefix = if folder.path.is_empty() { String::new() } else { format!("{}/", folder.path) };
        let lying = self.mounts.iter().filter(|(at, _)| at.ground == folder.ground);
        let lying = lying.filter_map(move |(at, ground)| Some((at.path.strip_prefix(&prefix)?.to_owned(), *ground)));
        let inner = lying.flat_map(|(place, ground)| {
            self.tree(ground).under("").map(move |(path, bytes)| (format!("{place}/{path}"), bytes))
        });
        own.chain(inner)
    }

    /// The path for messages.
    pub(super) fn shown(&self, at: &At) -> String {
        match self.tree(at.ground).place_of(&at.path) {
            here if here.is_empty() => ".".to_owned(),
            path => path,
        }
    }

    /// The whole file as a place.
    pub(super) fn place(&self, at: &At) -> Place {
        Place { file: self.tree(at.ground).place_of(&at.path), line: 0, column: 0, offset: 0, len: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> Tree {
        Tree::of("", files.iter().map(|path| ((*path).to_owned(), b"".as_slice()))).unwrap()
    }

    #[test]
    fn paths_go_through_mounts_and_never_out() {
        let repository = tree(&["a/b"]);
        let mut grounds = Grounds::new(&repository);
        let root = At { ground: 0, path: String::new() };
        let inner = At { ground: 0, path: "a/components/x".into() };
        let x = grounds.mount(inner.clone(), Arc::new(tree(&["c/d"])));
        assert_eq!(grounds.mount(inner, Arc::new(tree(&["other"]))), x, "mounted once");
        let join = |from: &At, path: &str| grounds.join(from, path).map(|at| (at.ground, at.path));
        assert_eq!(join(&root, "./a/../a/components/x/c/../c/d"), Ok((1, "c/d".into())));
        assert_eq!(join(&x, "../a"), Err("leaves the fetched tree"));
        assert_eq!(join(&root, "a/components/x/../y"), Err("leaves the fetched tree"));
        for (path, why) in [
            ("..", "leaves the repository"),
            ("a/../../b", "leaves the repository"),
            ("/etc/passwd", "is absolute"),
            ("c:/x", "is absolute"),
            ("a\\b", "has a backslash or control character in it"),
        ] {
            assert_eq!(join(&root, path), Err(why), "{path}");
        }
    }
}
