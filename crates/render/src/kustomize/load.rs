//! Where files come from: the tree that was given, and copies of remote sources that the caller has locked.
//!
//! A kustomization may read files in its own folder and below, and build on folders anywhere in its tree. Nothing
//! leaves a tree, because paths are resolved here and a tree has no links.

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use seaway_core::diagnostic::codes;

use super::{
    budget::{LAYERS_MAX, too_large},
    fault::{Fault, Outcome, quoted},
};
use crate::{
    Tree,
    remote::{Missing, Source as Elsewhere},
};

/// Copies of remote folders and files, by the address that a kustomization names.
#[derive(Clone, Debug, Default)]
pub struct RemoteSources {
    folders: BTreeMap<String, (Arc<Tree>, String)>,
    files: BTreeMap<String, Arc<[u8]>>,
    charts: BTreeMap<Elsewhere, Arc<Tree>>,
    /// Why there is no copy, by address.
    missing: BTreeMap<String, Missing>,
}

impl RemoteSources {
    /// No remote sources: each that a kustomization names is refused.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the copy of a repository for an address such as `https://example.com/a/b//deploy?ref=v1`; `path` is
    /// the folder of the kustomization in it.
    pub fn add_folder(&mut self, address: impl Into<String>, tree: Arc<Tree>, path: impl Into<String>) {
        self.folders.insert(address.into(), (tree, path.into()));
    }

    /// Adds the copy of a file for its address.
    pub fn add_file(&mut self, address: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(address.into(), bytes.into());
    }

    /// Adds the copy of a chart.
    pub fn add_chart(&mut self, source: Elsewhere, tree: Arc<Tree>) {
        self.charts.insert(source, tree);
    }

    /// Adds why there is no copy for an address.
    pub fn add_missing(&mut self, address: impl Into<String>, missing: Missing) {
        self.missing.insert(address.into(), missing);
    }

    /// The copy of a chart.
    pub(crate) fn chart(&self, source: &Elsewhere) -> Outcome<&Tree> {
        self.charts.get(source).map(|tree| &**tree).ok_or_else(|| self.lacking(&source.to_string()))
    }

    fn lacking(&self, address: &str) -> Box<Fault> {
        let Some(missing) = self.missing.get(address) else { return not_locked(address) };
        let (code, message, help) = missing.words();
        Fault::new(code, message).help(help)
    }
}

impl<'a> Folder<'a> {
    /// Copies of what is elsewhere.
    pub(crate) fn remotes(&self) -> &'a RemoteSources {
        self.remotes
    }
}

/// A folder of a tree, and the folders that led to it.
#[derive(Clone)]
pub(crate) struct Folder<'a> {
    tree: Rc<Source<'a>>,
    path: Vec<String>,
    referrers: Vec<(Rc<Source<'a>>, Vec<String>)>,
    remotes: &'a RemoteSources,
}

/// A tree and what its files are called in findings.
pub(crate) struct Source<'a> {
    tree: &'a Tree,
    /// Address of a remote source.
    address: Option<String>,
}

impl Source<'_> {
    fn same(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl<'a> Folder<'a> {
    pub(crate) fn root(tree: &'a Tree, path: &str, remotes: &'a RemoteSources) -> Outcome<Self> {
        let path = resolve(&[], path).ok_or_else(|| outside(path))?;
        let folder = Self { tree: Rc::new(Source { tree, address: None }), path, referrers: Vec::new(), remotes };
        folder.check_exists("").map(|()| folder)
    }

    /// The name of a file in findings.
    pub(crate) fn name_of(&self, path: &str) -> Rc<str> {
        let full = join_text(&self.path.join("/"), path);
        match &self.tree.address {
            None => full.into(),
            Some(address) => format!("{address}: {full}").into(),
        }
    }

    /// The last part of the folder's path.
    pub(crate) fn base_name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    pub(crate) fn tree(&self) -> &'a Tree {
        self.tree.tree
    }

    /// The folder's path in its tree.
    pub(crate) fn path(&self) -> String {
        self.path.join("/")
    }

    /// A file of this folder, when there is one.
    pub(crate) fn find(&self, name: &str) -> Option<&'a [u8]> {
        self.tree.tree.get(&join_text(&self.path.join("/"), name)).map(|bytes| &**bytes)
    }

    /// Whether a path leads to a file, whether it may be read from here or not.
    pub(crate) fn is_file(&self, path: &str) -> bool {
        if is_file_address(path) {
            return self.remotes.files.contains_key(path);
        }
        resolve(&self.path, path).is_some_and(|path| self.tree.tree.get(&path.join("/")).is_some())
    }

    /// The bytes of a file in this folder or below.
    pub(crate) fn read(&self, path: &str) -> Outcome<&'a [u8]> {
        if is_file_address(path) {
            let found = self.remotes.files.get(path).map(|bytes| &**bytes);
            return found.ok_or_else(|| self.remotes.lacking(path));
        }
        let full = resolve(&self.path, path).ok_or_else(|| outside(path))?;
        let text = full.join("/");
        let Some(bytes) = self.tree.tree.get(&text) else {
            let what = if has_folder(self.tree.tree, &text) { "a folder" } else { "nothing" };
            let message = format!("expected a file at {}, found {what}", quoted(&self.name_of(path)));
            return Err(Fault::new(codes::KUSTOMIZE_PATH, message));
        };
        if !full.starts_with(&self.path) {
            let message = format!("the file {} is outside of the kustomization's own folder", quoted(path));
            let help = "move it into the folder, or build on the folder that holds it";
            return Err(Fault::new(codes::KUSTOMIZE_PATH, message).help(help));
        }
        Ok(bytes)
    }

    /// A file as text.
    pub(crate) fn text(&self, path: &str) -> Outcome<&'a str> {
        std::str::from_utf8(self.read(path)?)
            .map_err(|_| Fault::new(codes::NOT_TEXT, format!("expected UTF-8 text in {}", quoted(&self.name_of(path)))))
    }

    /// Another folder that this one builds on.
    pub(crate) fn open(&self, path: &str) -> Outcome<Folder<'a>> {
        if self.referrers.len() >= LAYERS_MAX {
            return Err(too_large(format!("more than {LAYERS_MAX} kustomizations build on each other")));
        }
        if path.is_empty() {
            return Err(Fault::new(codes::KUSTOMIZE_PATH, "expected a path, found nothing"));
        }
        let mut referrers = self.referrers.clone();
        referrers.push((Rc::clone(&self.tree), self.path.clone()));
        if is_remote(path) || is_file_address(path) {
            return self.open_remote(path, referrers);
        }
        if path.starts_with('/') {
            let message = format!("expected a relative path, found {}", quoted(path));
            return Err(Fault::new(codes::KUSTOMIZE_PATH, message));
        }
        let full = resolve(&self.path, path).ok_or_else(|| outside(path))?;
        let folder = Self { tree: Rc::clone(&self.tree), path: full, referrers, remotes: self.remotes };
        folder.check_exists(path)?;
        folder.check_circle(path)?;
        Ok(folder)
    }

    fn open_remote(&self, address: &str, referrers: Vec<(Rc<Source<'a>>, Vec<String>)>) -> Outcome<Folder<'a>> {
        let (tree, path) = self.remotes.folders.get(address).ok_or_else(|| self.remotes.lacking(address))?;
        let is_open =
            referrers.iter().any(|(source, _)| source.address.as_deref().is_some_and(|a| a.starts_with(address)));
        if is_open {
            return Err(circle(address));
        }
        let path = resolve(&[], path).ok_or_else(|| outside(path))?;
        let source = Rc::new(Source { tree, address: Some(address.to_owned()) });
        let folder = Self { tree: source, path, referrers, remotes: self.remotes };
        folder.check_exists(address).map(|()| folder)
    }

    fn check_exists(&self, path: &str) -> Outcome<()> {
        let full = self.path.join("/");
        if full.is_empty() || has_folder(self.tree.tree, &full) {
            return Ok(());
        }
        let what = if self.tree.tree.get(&full).is_some() { "a file" } else { "nothing" };
        let message = format!(
            "expected a file or folder at {}, found {what}",
            quoted(if path.is_empty() { &full } else { path })
        );
        Err(Fault::new(codes::KUSTOMIZE_PATH, message))
    }

    /// No folder builds on itself, on one that builds on it, or on one around them.
    fn check_circle(&self, path: &str) -> Outcome<()> {
        let is_around = |(source, referrer): &(Rc<Source<'a>>, Vec<String>)| {
            source.same(&self.tree) && referrer.starts_with(&self.path)
        };
        if self.referrers.iter().any(is_around) { Err(circle(path)) } else { Ok(()) }
    }
}

/// Whether there are files in a folder.
pub(crate) fn has_folder(tree: &Tree, path: &str) -> bool {
    tree.under(path).next().is_some()
}

fn circle(path: &str) -> Box<Fault> {
    let message = format!("{} is or holds a folder that builds on it", quoted(path));
    Fault::new(codes::KUSTOMIZE_PATH, message).help("kustomizations cannot build on each other in a circle")
}

fn outside(path: &str) -> Box<Fault> {
    let message = format!("the path {} leaves the source", quoted(path));
    Fault::new(codes::KUSTOMIZE_PATH, message).help("let the source begin at a folder that holds all of them")
}

fn not_locked(address: &str) -> Box<Fault> {
    let message = format!("the remote source {} has no locked copy", quoted(address));
    let help = "lock it, or copy it into the source; rendering reads no network";
    Fault::new(codes::KUSTOMIZE_REMOTE, message).help(help)
}

/// Puts a path behind a folder, without its `.` and `..`; `None` when it leaves the tree.
fn resolve(folder: &[String], path: &str) -> Option<Vec<String>> {
    if path.starts_with('/') {
        return None;
    }
    let mut full = folder.to_vec();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                full.pop()?;
            }
            part => full.push(part.to_owned()),
        }
    }
    Some(full)
}

/// The same as text, which keeps leading `..`.
pub(crate) fn join_text(folder: &str, path: &str) -> String {
    let mut full: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if full.last().is_some_and(|last| *last != "..") => {
                full.pop();
            }
            part => full.push(part),
        }
    }
    full.join("/")
}

fn is_file_address(path: &str) -> bool {
    starts_with(path, "https://") || starts_with(path, "http://")
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a text is the address of a repository: a scheme, `user@host:path` or GitHub's short form.
pub(crate) fn is_remote(path: &str) -> bool {
    let path = if starts_with(path, "git::") { &path[5..] } else { path };
    let scheme = ["ssh://", "https://", "http://", "file://"].into_iter().find(|scheme| starts_with(path, scheme));
    let rest = scheme.map_or(path, |scheme| &path[scheme.len()..]);
    let user_len = rest.find('@').filter(|at| {
        let name = &rest[..*at];
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    let host = user_len.map_or(rest, |at| &rest[at + 1..]);
    let is_github = starts_with(host, "github.com/") || starts_with(host, "github.com:");
    if scheme.is_none() && user_len.is_none() && !is_github {
        return false;
    }
    // Something must be left for the repository.
    let host = host.split('?').next().unwrap_or_default();
    let repository = match host.find(['/', ':']) {
        Some(at) => &host[at + 1..],
        None => "",
    };
    repository.contains('/') || repository.contains(".git") || host.contains("_git/") || scheme == Some("file://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for address in [
            "https://github.com/a/b",
            "https://example.com/a/b//c?ref=v1",
            "git@github.com:a/b.git",
            "github.com/a/b/c?ref=main",
            "ssh://git@example.com/a/b",
            "git::https://example.com/a/b.git",
        ] {
            assert!(is_remote(address), "{address}");
        }
        for path in ["../base", "base", "github.com", "a@b", "./github.com/a", "deploy.yaml", "https://example.com"] {
            assert!(!is_remote(path), "{path}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        let folder = ["a".to_owned(), "b".to_owned()];
        assert_eq!(resolve(&folder, "../c/./d/").unwrap(), ["a", "c", "d"]);
        assert_eq!(resolve(&folder, "../.."), Some(Vec::new()));
        assert_eq!(resolve(&folder, "../../.."), None);
        assert_eq!(resolve(&folder, "/etc"), None);
        assert_eq!(join_text("a/b", "../c"), "a/c");
        assert_eq!(join_text("", "../c"), "../c");
    }
}
