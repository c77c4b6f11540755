//! Fetched trees by digest, in the cache of the user. What is read is checked against its digest.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use seaway_core::digest::Digest;
use seaway_render::{
    Tree,
    remote::{Absence, Lock, Store},
};

use crate::Error;

/// Variable that names the folder of the cache.
const VARIABLE: &str = "SEAWAY_CACHE";

/// Trees below a folder.
pub struct DiskStore {
    folder: PathBuf,
    /// What trees are called in findings.
    labels: Mutex<BTreeMap<Digest, String>>,
    known: Mutex<BTreeMap<Digest, Arc<Tree>>>,
}

/// The folder of the cache: `SEAWAY_CACHE`, else `seaway` in the user's cache folder.
///
/// # Errors
/// When nothing says where that is.
pub fn cache_folder() -> Result<PathBuf, Error> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(VARIABLE)
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("seaway")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/seaway")))
        .ok_or_else(|| Error::Read {
            path: format!("${VARIABLE}"),
            source: std::io::Error::other("nothing says where fetched sources are kept: set it to a folder"),
        })
}

impl DiskStore {
    /// The store below a folder.
    pub fn new(folder: &Path) -> Self {
        let folder = folder.join("trees");
        Self { folder, labels: Mutex::default(), known: Mutex::default() }
    }

    /// Names trees after what is locked.
    pub fn label(&self, lock: &Lock) {
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        labels.extend(lock.iter().map(|(source, locked)| (locked.digest.clone(), source.to_string())));
    }

    /// Keeps a tree.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn put(&self, tree: Tree) -> Result<(), Error> {
        let digest = tree.digest();
        let path = self.path(&digest);
        self.write(&path, &pack(&tree)).map_err(|source| Error::Write { path: path.display().to_string(), source })?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::new(tree));
        Ok(())
    }

    /// Whole or not at all, so that two processes may fetch the same.
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::Builder::new().prefix(".seaway-").tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.as_str().trim_start_matches("sha256:"))
    }
}

impl Store for DiskStore {
    fn tree(&self, digest: &Digest) -> Result<Arc<Tree>, Absence> {
        if let Some(tree) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest) {
            return Ok(Arc::clone(tree));
        }
        let bytes = fs::read(self.path(digest)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Absence::NotHere,
            _ => Absence::Damaged,
        })?;
        let label = self.labels.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        let tree = unpack(&bytes, &label.unwrap_or_else(|| digest.short().to_owned())).ok_or(Absence::Damaged)?;
        if tree.digest() != *digest {
            return Err(Absence::Damaged);
        }
        let tree = Arc::new(tree);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.clone(), Arc::clone(&tree));
        Ok(tree)
    }
}

/// For each file: length of the path, path, length of the content, content; lengths as eight bytes, low byte first.
fn pack(tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, bytes) in tree.files() {
        for part in [path.as_bytes(), bytes] {
            out.extend((part.len() as u64).to_le_bytes());
            out.extend(part);
        }
    }
    out
}

fn unpack(mut bytes: &[u8], label: &str) -> Option<Tree> {
    let mut tree = Tree::new(label);
    let mut next = || -> Option<Option<&[u8]>> {
        if bytes.is_empty() {
            return Some(None);
        }
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some(Some(part))
    };
    while let Some(path) = next()? {
        let content = next()??;
        tree.insert(std::str::from_utf8(path).ok()?, content).ok()?;
    }
    Some(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::of("x", [("a/b".to_owned(), b"1".as_slice()), ("c".to_owned(), b"")]).unwrap();
        let digest = tree.digest();
        DiskStore::new(folder.path()).put(tree).unwrap();
        let again = |()| DiskStore::new(folder.path()).tree(&digest);
        assert_eq!(again(()).unwrap().files().count(), 2);
        let path = DiskStore::new(folder.path()).path(&digest);
        let good = fs::read(&path).unwrap();
        for bad in [&good[..good.len() - 1], &[good.as_slice(), b"x"].concat(), &good[..8], &[0xff; 40]] {
            fs::write(&path, bad).unwrap();
            assert_eq!(again(()).err(), Some(Absence::Damaged));
        }
        let mut changed = good.clone();
        *changed.iter_mut().find(|byte| **byte == b'1').unwrap() = b'2';
        fs::write(&path, changed).unwrap();
        assert_eq!(again(()).err(), Some(Absence::Damaged));
        fs::remove_file(&path).unwrap();
        assert_eq!(again(()).err(), Some(Absence::NotHere));
    }
}
