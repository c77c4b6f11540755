//! The workspace on disk: finding its root, reading its declarations and the source trees of its services.
//!
//! What is read is hostile until checked: no symbolic link is followed, and sizes and counts are bounded.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use seaway_core::{
    declaration::{SourceFile, Workspace, load},
    diagnostic::Diagnostic,
};

use crate::Error;

/// Folder of Seaway's own state inside a workspace.
pub const STATE_FOLDER: &str = ".seaway";
/// Declaration files with any other name are found by this text.
const MARK: &str = "seaway.dev/";
/// File that holds declarations wherever it is.
const DECLARATION_FILE: &str = "seaway.yaml";
/// Folder whose YAML files are all declarations.
const ENVIRONMENTS_FOLDER: &str = "environments";
/// Folders that never hold declarations and are large.
const SKIPPED_FOLDERS: [&str; 3] = ["node_modules", "target", "vendor"];
/// Folder of a repository's own data.
const GIT_FOLDER: &str = ".git";
/// Most files that are looked at; more is not a workspace but a whole disk.
const FILES_MAX: usize = 200_000;
/// Largest YAML file that is looked at, in bytes. Generated manifests may be larger; declarations are not.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Most files of one service's source.
const TREE_FILES_MAX: usize = 20_000;
/// Most bytes of one service's source.
const TREE_BYTES_MAX: u64 = 256 << 20;

/// The declarations of a workspace with everything that was found about them.
pub struct Loaded {
    /// The model; usable only when no finding is an error.
    pub workspace: Workspace,
    /// The files, for source excerpts.
    pub sources: Vec<SourceFile>,
    /// Findings, by file and place.
    pub findings: Vec<Diagnostic>,
}

impl Loaded {
    /// The model, when no finding is an error.
    ///
    /// # Errors
    /// The findings.
    pub fn usable(self) -> Result<Workspace, Error> {
        if seaway_core::diagnostic::has_errors(&self.findings) {
            Err(Error::Findings(self.findings))
        } else {
            Ok(self.workspace)
        }
    }
}

/// The nearest folder from `start` upwards that is a workspace: one that holds `.seaway` or `environments`, else
/// the outermost one that holds `seaway.yaml`, which the folder of a single service has too. `None` = there is none.
pub fn find_root(start: &Path) -> Option<PathBuf> {
    let has = |folder: &&Path, mark: &str| folder.join(mark).exists();
    let root = start.ancestors().find(|folder| has(folder, STATE_FOLDER) || has(folder, ENVIRONMENTS_FOLDER));
    let outermost = || start.ancestors().filter(|folder| has(folder, DECLARATION_FILE)).last();
    root.or_else(outermost).map(Path::to_path_buf)
}

/// Reads and checks all declarations below a root.
///
/// # Errors
/// Only when the disk cannot be read; what is wrong with the declarations is in the findings.
pub fn read(root: &Path) -> Result<Loaded, Error> {
    let mut sources = Vec::new();
    let mut seen = 0;
    walk(root, "", Reach::Manifests, Links::PassOver, &mut |path, full, size| {
        seen += 1;
        if seen > FILES_MAX {
            let why = format!("it has more than {FILES_MAX} files: is this the workspace's root?");
            return Err(io::Error::other(why));
        }
        if !(path.ends_with(".yaml") || path.ends_with(".yml")) {
            return Ok(());
        }
        let is_declared = path.ends_with(DECLARATION_FILE) || path.starts_with("environments/");
        if size > FILE_BYTES_MAX && !is_declared {
            return Ok(());
        }
        // A file that is not text is a finding of the loader when it must be a declaration, and none of ours if not.
        let bytes = fs::read(full)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if is_declared || text.contains(MARK) {
            sources.push(SourceFile { path: path.to_owned(), text });
        }
        Ok(())
    })
    .map_err(|source| Error::Read { path: root.display().to_string(), source })?;
    let (workspace, findings) = load(&sources);
    Ok(Loaded { workspace, sources, findings })
}

/// What is read of a source folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Without hidden files, and without folders such as `vendor` that never hold manifests.
    Manifests,
    /// Everything but Git's own folder: charts read `.helmignore`, and may have any folder.
    Everything,
}

/// Files of one source, bounded together.
pub struct TreeReader<'a> {
    root: &'a Path,
    files: BTreeMap<String, Vec<u8>>,
    bytes: u64,
}

impl<'a> TreeReader<'a> {
    /// Nothing read yet. Paths are relative to this folder.
    pub fn new(root: &'a Path) -> Self {
        Self { root, files: BTreeMap::new(), bytes: 0 }
    }

    /// Reads a folder, or a file. `prefix` comes before the paths of a folder's files; `wanted` chooses among them.
    ///
    /// # Errors
    /// When it does not exist, holds symbolic links, or is too large.
    pub fn read(&mut self, path: &str, prefix: &str, reach: Reach, wanted: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let fail = |source| Error::Read { path: path.to_owned(), source };
        refuse_links(self.root, path).map_err(fail)?;
        let start = self.root.join(path);
        let meta = fs::metadata(&start).map_err(fail)?;
        if meta.is_file() {
            return self.take(path, &start, meta.len()).map_err(fail);
        }
        walk(&start, prefix, reach, Links::Refuse, &mut |path, full, size| {
            if wanted(path) { self.take(path, full, size) } else { Ok(()) }
        })
        .map_err(fail)
    }

    fn take(&mut self, path: &str, full: &Path, size: u64) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(size);
        if self.files.len() >= TREE_FILES_MAX || self.bytes > TREE_BYTES_MAX {
            let why = format!("it has more than {TREE_FILES_MAX} files or {} MiB", TREE_BYTES_MAX >> 20);
            return Err(io::Error::other(why));
        }
        self.files.insert(path.to_owned(), fs::read(full)?);
        Ok(())
    }

    /// What was read: path → bytes.
    pub fn files(self) -> BTreeMap<String, Vec<u8>> {
        self.files
    }
}

/// No part of the path below the root may be a symbolic link: it could lead out of the workspace.
fn refuse_links(root: &Path, folder: &str) -> io::Result<()> {
    let mut path = root.to_path_buf();
    for part in folder.split('/') {
        path.push(part);
        if fs::symlink_metadata(&path)?.file_type().is_symlink() {
            return Err(io::Error::other(format!("`{}` is a symbolic link, which is not followed", path.display())));
        }
    }
    Ok(())
}

/// What a symbolic link means.
#[derive(Clone, Copy)]
enum Links {
    /// Not part of the workspace.
    PassOver,
    /// An error: leaving it out would change what is rendered.
    Refuse,
}

/// Visits every file in order of name; no symbolic link is followed.
fn walk(
    folder: &Path,
    prefix: &str,
    reach: Reach,
    links: Links,
    visit: &mut dyn FnMut(&str, &Path, u64) -> io::Result<()>,
) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_passed_over = match reach {
            Reach::Manifests => name.starts_with('.') || SKIPPED_FOLDERS.contains(&name.as_str()),
            Reach::Everything => name == GIT_FOLDER || name == STATE_FOLDER,
        };
        if is_passed_over {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), reach, links, visit)?;
        } else if kind.is_symlink() && matches!(links, Links::Refuse) {
            return Err(io::Error::other(format!("`{path}` is a symbolic link, which is not followed")));
        } else if kind.is_file() {
            visit(&path, &entry.path(), entry.metadata()?.len())?;
        }
    }
    Ok(())
}
