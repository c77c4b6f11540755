//! Which folders are built, and their trees.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use seaway_render::Tree;

use super::CASES;

/// Names of a kustomization's file.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One folder that is built.
pub(super) struct Subject {
    pub(super) tree: PathBuf,
    /// Path in the tree.
    pub(super) folder: String,
}

/// Every folder of these trees; all cases when none is given.
pub(super) fn subjects(trees: &[PathBuf]) -> anyhow::Result<Vec<Subject>> {
    let mut found = Vec::new();
    let all = [PathBuf::from(CASES)];
    for tree in if trees.is_empty() { &all } else { trees } {
        let is_case = tree.starts_with(CASES) || tree.canonicalize()?.ends_with(CASES);
        if is_case {
            cases(tree, &mut found)?;
        } else {
            folders(tree, tree, &mut found)?;
        }
    }
    ensure!(!found.is_empty(), "no kustomization is there");
    Ok(found)
}

/// A case is a folder with a kustomization, or with a folder `overlay` that has one.
fn cases(folder: &Path, found: &mut Vec<Subject>) -> anyhow::Result<()> {
    let has = |folder: &Path| FILE_NAMES.iter().any(|name| folder.join(name).exists());
    if folder.join("overlay").is_dir() || has(folder) {
        let folder_name = if has(folder) { "" } else { "overlay" };
        found.push(Subject { tree: folder.to_owned(), folder: folder_name.to_owned() });
        return Ok(());
    }
    for path in sorted(folder)? {
        if path.is_dir() {
            cases(&path, found)?;
        }
    }
    Ok(())
}

fn folders(tree: &Path, folder: &Path, found: &mut Vec<Subject>) -> anyhow::Result<()> {
    if FILE_NAMES.iter().any(|name| folder.join(name).is_file()) {
        let path = folder.strip_prefix(tree)?.to_string_lossy().into_owned();
        found.push(Subject { tree: tree.to_owned(), folder: path });
    }
    for path in sorted(folder)? {
        if path.is_dir() && !path.is_symlink() {
            folders(tree, &path, found)?;
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// The files of a tree.
pub(super) fn read_tree(root: &Path) -> anyhow::Result<Tree> {
    let mut tree = Tree::new("");
    read_folder(root, root, &mut tree)?;
    Ok(tree)
}

fn read_folder(root: &Path, folder: &Path, tree: &mut Tree) -> anyhow::Result<()> {
    for path in sorted(folder)? {
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        if path.is_symlink() || name == ".git" {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, tree)?;
        } else if let Err(finding) = tree.insert(name, fs::read(&path)?) {
            eprintln!("left out: {}", finding.message);
        }
    }
    Ok(())
}
