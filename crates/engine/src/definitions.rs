//! Reading high-level definitions from disk: the folder of the uppermost component, and whatever its components name beside
//! or above it, as far up as a top that nothing leads out of.
//!
//! ```text
//!  top/ ─┬─ defs/ ──────── read whole (or, when that cannot be, as far as components name it)
//!        ├─ shared/chart ─ read when a component names `../shared/chart`
//!        └─ everything else is not looked at
//! ```
//!
//! Symbolic links are followed inside of the top alone. Sizes and counts are those of a [`Tree`], over all that is read.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use seaway_core::diagnostic::{Diagnostic, codes};
use seaway_render::{
    TREE_BYTES_MAX, Tree,
    hld::{LOCK_FILE, Part, SETTINGS_FILE},
};

use crate::Error;

/// Folders that are no part of definitions, anywhere.
const SKIPPED: [&str; 2] = [".git", ".seaway"];
/// The folder of the output, in the folder of the uppermost component.
const GENERATED: &str = "generated";
/// Most folders that one path may lead through: a circle of links has no end.
const DEPTH_MAX: usize = 64;
/// Most rounds: each finds what the parts of the one before name.
const ROUNDS_MAX: usize = 64;

/// Why something cannot be read.
enum Fault {
    Disk(String, io::Error),
    TooLarge(Diagnostic),
    Other(Diagnostic),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Disk(path, source) => Self::Read { path, source },
            Fault::TooLarge(finding) | Fault::Other(finding) => Self::Findings(vec![finding]),
        }
    }
}

/// Reads the definitions in a folder below a top: `folder` is a path without `.` and `..`. `parts` says which parts of the
/// top they look at, as far as the tree that it is given tells.
///
/// # Errors
/// When the folder cannot be read, a link leads out of the top, or what is read is too large; and whatever `parts` says.
pub fn read(
    top: &Path,
    folder: &str,
    parts: &mut dyn FnMut(&Tree) -> Result<BTreeSet<Part>, Error>,
) -> Result<Tree, Error> {
    let mut reading = Reading::new(top, folder)?;
    let is_whole = match reading.folder(folder) {
        Ok(()) => true,
        // What is in the way may be nothing that a component names; where it is, it is refused below.
        Err(Fault::TooLarge(_) | Fault::Other(_)) => {
            reading = Reading::new(top, folder)?;
            reading.component(folder)?;
            false
        }
        Err(fault) => return Err(fault.into()),
    };
    if is_whole && folder.is_empty() {
        return Ok(reading.tree);
    }
    let mut asked = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let new: Vec<Part> = parts(&reading.tree)?.into_iter().filter(|part| !asked.contains(part)).collect();
        if new.is_empty() {
            return Ok(reading.tree);
        }
        for part in &new {
            match part {
                Part::Component(path) | Part::Everything(path) if is_whole && is_in(folder, path) => {}
                Part::Component(path) => reading.component(path)?,
                Part::Everything(path) => reading.part(path)?,
            }
        }
        asked.extend(new);
    }
    let message = format!("components name further folders in more than {ROUNDS_MAX} rounds");
    Err(Fault::TooLarge(Diagnostic::error(codes::HLD_TOO_LARGE, message)).into())
}

/// Reads what a folder says of its component: the component file, `config`, settings and lock.
///
/// # Errors
/// As [`read`].
pub fn read_component(folder: &Path) -> Result<Tree, Error> {
    let mut reading = Reading::new(folder, "")?;
    reading.component("")?;
    Ok(reading.tree)
}

/// Reads a folder whole.
///
/// # Errors
/// As [`read`].
pub fn read_whole(folder: &Path) -> Result<Tree, Error> {
    let mut reading = Reading::new(folder, "")?;
    reading.folder("")?;
    Ok(reading.tree)
}

fn is_in(folder: &str, path: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

struct Reading {
    /// Without links.
    top: PathBuf,
    tree: Tree,
    bytes: u64,
    /// The folder of the output, which is not read.
    output: String,
}

impl Reading {
    fn new(top: &Path, folder: &str) -> Result<Self, Fault> {
        let top = top.canonicalize().map_err(|error| Fault::Disk(top.display().to_string(), error))?;
        Ok(Self { top, tree: Tree::new(""), bytes: 0, output: join(folder, GENERATED) })
    }

    fn disk(&self, path: &Path, error: io::Error) -> Fault {
        Fault::Disk(path.strip_prefix(&self.top).unwrap_or(path).display().to_string(), error)
    }

    /// What a folder says of its component; nothing of it need be there.
    fn component(&mut self, folder: &str) -> Result<(), Fault> {
        for name in ["component.yaml", "component.json", "access.yaml", SETTINGS_FILE, LOCK_FILE, "config"] {
            self.part(&join(folder, name))?;
        }
        Ok(())
    }

    /// A folder that must be there.
    fn folder(&mut self, path: &str) -> Result<(), Fault> {
        let real = self.top.join(path);
        fs::read_dir(&real).map_err(|error| self.disk(&real, error))?;
        self.part(path)
    }

    /// A folder with all below it, or a file. What is not there is for whoever renders.
    fn part(&mut self, path: &str) -> Result<(), Fault> {
        if path.split('/').any(|part| SKIPPED.contains(&part)) {
            return Ok(());
        }
        let link = self.top.join(path);
        match link.canonicalize() {
            Ok(real) => self.entry(&link, &real, path, 0),
            Err(_) if link.is_symlink() => Err(refused(path, "leads nowhere")),
            Err(_) => Ok(()),
        }
    }

    /// `real` is where `link`, which may be one, leads to.
    fn entry(&mut self, link: &Path, real: &Path, shown: &str, depth: usize) -> Result<(), Fault> {
        let Ok(inside) = real.strip_prefix(&self.top) else {
            return Err(refused(shown, "leads out of the repository"));
        };
        if inside.iter().any(|part| SKIPPED.iter().any(|skipped| part == *skipped)) {
            return Err(refused(shown, "leads to what is no part of the definitions"));
        }
        if depth > DEPTH_MAX {
            return Err(refused(shown, "leads in a circle, or the folders are too deep"));
        }
        let metadata = fs::metadata(real).map_err(|error| self.disk(link, error))?;
        if metadata.is_dir() {
            self.entries(real, shown, depth)
        } else if metadata.is_file() {
            self.file(real, shown, metadata.len())
        } else {
            Ok(())
        }
    }

    fn entries(&mut self, folder: &Path, shown: &str, depth: usize) -> Result<(), Fault> {
        let failed = |error| self.disk(folder, error);
        let mut names: Vec<_> = fs::read_dir(folder).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
        names.sort_by_key(fs::DirEntry::file_name);
        for entry in names {
            let path = entry.path();
            let Ok(name) = entry.file_name().into_string() else { continue };
            let shown = join(shown, &name);
            if SKIPPED.contains(&name.as_str()) || shown == self.output {
                continue;
            }
            let kind = entry.file_type().map_err(|error| self.disk(&path, error))?;
            let real = match kind.is_symlink() {
                true => path.canonicalize().map_err(|_| refused(&shown, "leads nowhere"))?,
                false => path.clone(),
            };
            self.entry(&path, &real, &shown, depth + 1)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, shown: &str, bytes: u64) -> Result<(), Fault> {
        if self.tree.get(shown).is_some() {
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(bytes);
        // Said before it is read: the tree says the same afterwards.
        if self.bytes > TREE_BYTES_MAX as u64 {
            let message = format!("the definitions have more than {TREE_BYTES_MAX} bytes");
            let help = "give the definitions a folder of their own, with nothing large in it";
            return Err(Fault::TooLarge(Diagnostic::error(codes::SOURCE_TOO_LARGE, message).help(help)));
        }
        let content = fs::read(path).map_err(|error| self.disk(path, error))?;
        self.tree.insert(shown, content).map_err(|finding| match finding.code {
            codes::SOURCE_TOO_LARGE => Fault::TooLarge(finding),
            _ => Fault::Other(finding),
        })
    }
}

fn refused(path: &str, why: &str) -> Fault {
    let message = format!("symbolic link `{}` {why}", seaway_core::diagnostic::excerpt(path));
    let help = "links are followed inside of the Git work tree, the folder that `seaway hld --root` names, or a service's \
                workspace; replace it by what it leads to";
    Fault::Other(Diagnostic::error(codes::BAD_SOURCE_PATH, message).help(help))
}

#[cfg(test)]
mod tests;
