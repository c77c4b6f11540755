//! Reading the files of a commit, without a work tree.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt as _,
    process::{Child, ChildStdout, Stdio},
};

use crate::{
    Cache, Error,
    listing::{Entry, Kind},
    runner::{end, tell},
};

/// Path → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Most links that one path may lead through.
const LINKS_MAX: usize = 16;
/// Longest target of a link, in bytes.
const TARGET_BYTES_MAX: u64 = 4096;

impl Cache {
    /// The files of a commit below a folder (empty = all), each with its path relative to the folder.
    ///
    /// Symbolic links inside the commit are followed, whole folders included; submodules are left out.
    ///
    /// # Errors
    /// When the commit is not here, a link leads out of it or nowhere, or there is more than the limits allow.
    pub fn read(&self, commit: &str, folder: &str) -> Result<Files, Error> {
        if !self.has(commit) {
            return Err(Error::NotFound { url: self.path.display().to_string(), what: format!("commit `{commit}`") });
        }
        let entries = self.entries(commit)?;
        let mut reading =
            Reading { cache: self, entries: &entries, blobs: Blobs::start(self)?, files: Files::new(), bytes: 0 };
        let folder = folder.trim_matches('/');
        let found = reading.folder(folder, "", 0);
        reading.blobs.stop();
        found?;
        Ok(reading.files)
    }
}

struct Reading<'a> {
    cache: &'a Cache,
    entries: &'a BTreeMap<String, Entry>,
    blobs: Blobs,
    files: Files,
    bytes: u64,
}

impl Reading<'_> {
    /// Takes all below a folder of the commit. `as_path` is where it stands in the result.
    fn folder(&mut self, folder: &str, as_path: &str, links: usize) -> Result<(), Error> {
        // A part of the folder's own path may be a link.
        let folder = self.real(folder, links)?;
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let entries = self.entries;
        let below = entries.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        for (path, entry) in below {
            let inner = &path[prefix.len()..];
            let shown = if as_path.is_empty() { inner.to_owned() } else { format!("{as_path}/{inner}") };
            match entry.kind {
                Kind::File => self.take(&shown, entry)?,
                Kind::Link => self.link(path, &shown, entry, links)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, shown: &str, entry: &Entry) -> Result<(), Error> {
        let limits = &self.cache.git.limits;
        self.bytes = self.bytes.saturating_add(entry.bytes);
        if self.bytes > limits.tree_bytes {
            return Err(Error::TooLarge { what: "the tree".to_owned(), limit: limits.tree_bytes, unit: "bytes" });
        }
        if self.files.len() >= limits.tree_files {
            return Err(Error::TooLarge {
                what: "the tree".to_owned(),
                limit: limits.tree_files as u64,
                unit: "files",
            });
        }
        let bytes = self.blobs.read(entry)?;
        self.files.insert(shown.to_owned(), bytes);
        Ok(())
    }

    fn link(&mut self, path: &str, shown: &str, entry: &Entry, links: usize) -> Result<(), Error> {
        let bad = |why| Error::Link { path: path.to_owned(), why };
        if links >= LINKS_MAX {
            return Err(bad("leads through too many others"));
        }
        let target = self.target(path, entry)?;
        let entries = self.entries;
        match entries.get(&target) {
            Some(file) if file.kind == Kind::File => self.take(shown, file),
            Some(link) => self.link(&target, shown, link, links + 1),
            None => {
                let inside = format!("{target}/");
                let is_above = path.starts_with(&inside) || target.is_empty();
                if is_above {
                    return Err(bad("leads to a folder above itself"));
                }
                if entries.range(inside.clone()..).next().is_none_or(|(path, _)| !path.starts_with(&inside)) {
                    let real = self.real(&target, links + 1)?;
                    if real == target {
                        return Err(bad("leads nowhere"));
                    }
                    return match entries.get(&real) {
                        Some(file) if file.kind == Kind::File => self.take(shown, file),
                        Some(_) | None => self.folder(&real, shown, links + 1),
                    };
                }
                self.folder(&target, shown, links + 1)
            }
        }
    }

    /// Where a link leads, as a path of the commit.
    fn target(&mut self, path: &str, entry: &Entry) -> Result<String, Error> {
        let bad = |why| Error::Link { path: path.to_owned(), why };
        if entry.bytes > TARGET_BYTES_MAX {
            return Err(bad("has a target that is too long"));
        }
        let target = String::from_utf8(self.blobs.read(entry)?).map_err(|_| bad("has a target that is not UTF-8"))?;
        if target.starts_with('/') {
            return Err(bad("leads out of the repository: its target is absolute"));
        }
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop().ok_or_else(|| bad("leads out of the repository"))?),
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }

    /// The path with the links among its folders resolved.
    fn real(&mut self, path: &str, links: usize) -> Result<String, Error> {
        let entries = self.entries;
        let mut current = path.to_owned();
        let mut count = links;
        'again: loop {
            let ends = current.match_indices('/').map(|(at, _)| at).chain([current.len()]);
            for end in ends.collect::<Vec<_>>() {
                let (head, rest) = current.split_at(end);
                let Some(link) = entries.get(head).filter(|entry| entry.kind == Kind::Link) else { continue };
                count += 1;
                if count > LINKS_MAX {
                    return Err(Error::Link { path: head.to_owned(), why: "leads through too many others" });
                }
                let (head, rest) = (head.to_owned(), rest.to_owned());
                current = format!("{}{rest}", self.target(&head, link)?).trim_matches('/').to_owned();
                continue 'again;
            }
            return Ok(current);
        }
    }
}

/// A process that gives objects by name.
struct Blobs {
    child: Child,
    answers: Option<BufReader<ChildStdout>>,
}

impl Blobs {
    fn start(cache: &Cache) -> Result<Self, Error> {
        let mut command = cache.git.command(Some(&cache.path), None);
        command.args(["cat-file", "--batch"].map(OsStr::new));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut child = command.spawn().map_err(Error::NoGit)?;
        let answers = child.stdout.take().map(BufReader::new);
        Ok(Self { child, answers })
    }

    /// The bytes of an object whose size is known and was checked.
    fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::Answer("cat-file");
        tell(&mut self.child, &format!("{}\n", entry.object)).map_err(failed)?;
        let answers = self.answers.as_mut().ok_or(Error::Answer("cat-file"))?;
        let mut head = String::new();
        answers.by_ref().take(256).read_line(&mut head).map_err(failed)?;
        if head.trim_end() != format!("{} blob {}", entry.object, entry.bytes) {
            return Err(Error::Answer("cat-file"));
        }
        let length = usize::try_from(entry.bytes).map_err(|_| Error::Answer("cat-file"))?;
        let mut bytes = vec![0; length];
        answers.read_exact(&mut bytes).map_err(failed)?;
        let mut end = [0];
        answers.read_exact(&mut end).map_err(failed)?;
        Ok(bytes)
    }

    fn stop(&mut self) {
        // It ends when nobody asks any more; ending it now is the same.
        end(&mut self.child);
    }
}
