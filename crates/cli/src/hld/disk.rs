//! Reading a folder into memory. Symbolic links are followed inside the folder alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use seaway_core::diagnostic::Diagnostic;
use seaway_render::{TREE_BYTES_MAX, Tree};

use crate::error::Error;

/// Folders that are no part of the definitions, anywhere.
const SKIPPED: [&str; 2] = [".git", ".seaway"];
/// The folder of the output, at the top.
const GENERATED: &str = "generated";
/// Most folders that one path may lead through: a circle of links has no end.
const DEPTH_MAX: usize = 64;

/// Why a folder cannot be read.
enum Fault {
    Disk(PathBuf, io::Error),
    Tree(Diagnostic),
    Link(PathBuf, &'static str),
}

/// Reads a folder.
///
/// # Errors
/// When it cannot be read, a link leads out of it, or it is too large.
pub fn read(folder: &Path) -> Result<Tree, Error> {
    let mut reading = Reading { tree: Tree::new(""), bytes: 0, root: PathBuf::new() };
    let done = match folder.canonicalize() {
        Ok(root) => {
            reading.root.clone_from(&root);
            reading.folder(&root, "", 0)
        }
        Err(error) => Err(Fault::Disk(folder.to_owned(), error)),
    };
    let hint = "run the command in the folder that holds the definitions and nothing else";
    done.map_err(|fault| match fault {
        Fault::Disk(path, error) => Error::new(format!("cannot read `{}`", path.display())).because(&error),
        Fault::Tree(finding) => Error::new(finding.message).hint(finding.help.unwrap_or_else(|| hint.to_owned())),
        Fault::Link(path, why) => Error::new(format!("symbolic link `{}` {why}", path.display()))
            .hint("only links inside the folder are followed; replace it by what it leads to"),
    })?;
    Ok(reading.tree)
}

struct Reading {
    tree: Tree,
    bytes: u64,
    root: PathBuf,
}

impl Reading {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Fault> {
        let failed = |error| Fault::Disk(folder.to_owned(), error);
        if depth > DEPTH_MAX {
            return Err(Fault::Link(folder.to_owned(), "leads in a circle, or the folders are too deep"));
        }
        let mut names: Vec<_> = fs::read_dir(folder).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else { continue };
            if SKIPPED.contains(&name.as_str()) || (prefix.is_empty() && name == GENERATED) {
                continue;
            }
            let shown = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let kind = entry.file_type().map_err(|error| Fault::Disk(path.clone(), error))?;
            let real = if kind.is_symlink() { self.target(&path)? } else { path };
            let metadata = fs::metadata(&real).map_err(|error| Fault::Disk(real.clone(), error))?;
            if metadata.is_dir() {
                self.folder(&real, &shown, depth + 1)?;
            } else if metadata.is_file() {
                self.file(&real, shown, metadata.len())?;
            }
        }
        Ok(())
    }

    fn target(&self, link: &Path) -> Result<PathBuf, Fault> {
        let target = link.canonicalize().map_err(|_| Fault::Link(link.to_owned(), "leads nowhere"))?;
        if !target.starts_with(&self.root) {
            return Err(Fault::Link(link.to_owned(), "leads out of the folder"));
        }
        Ok(target)
    }

    fn file(&mut self, path: &Path, shown: String, bytes: u64) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(bytes);
        // Said before it is read: the tree says the same afterwards.
        if self.bytes > TREE_BYTES_MAX as u64 {
            let error = io::Error::other(format!("the folder has more than {TREE_BYTES_MAX} bytes"));
            return Err(Fault::Disk(path.to_owned(), error));
        }
        let content = fs::read(path).map_err(|error| Fault::Disk(path.to_owned(), error))?;
        self.tree.insert(shown, content).map_err(Fault::Tree)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_inside_alone() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a", "generated/prod", ".git", "b/generated"] {
            fs::create_dir_all(root.join(name)).unwrap();
            fs::write(root.join(name).join("x"), "x").unwrap();
        }
        symlink("a", root.join("link")).unwrap();
        symlink("a/x", root.join("file")).unwrap();
        let names = |tree: Tree| tree.files().map(|(path, _)| path.to_owned()).collect::<Vec<_>>();
        assert_eq!(names(read(root).unwrap()), ["a/x", "b/generated/x", "file", "link/x"]);
        for target in ["/etc/passwd", "..", "gone", "."] {
            symlink(target, root.join("a/bad")).unwrap();
            let error = read(root).unwrap_err();
            assert!(error.what.contains("symbolic link"), "{target}: {error:?}");
            fs::remove_file(root.join("a/bad")).unwrap();
        }
    }
}
