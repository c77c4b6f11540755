//! The cache folder that all testbeds of a user share, and the locks in it.

use std::{
    env,
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Where built programs and run folders live: `$SEAWAY_CACHE`, else `seaway` in the user's cache folder.
///
/// # Errors
/// When none of `SEAWAY_CACHE`, `XDG_CACHE_HOME` and `HOME` is set.
pub fn cache_dir() -> anyhow::Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = if let Some(folder) = set("SEAWAY_CACHE") {
        folder
    } else if let Some(caches) = set("XDG_CACHE_HOME") {
        caches.join("seaway")
    } else if let Some(home) = set("HOME") {
        home.join(".cache/seaway")
    } else {
        bail!("no cache folder: set `SEAWAY_CACHE` to a folder, or set `HOME`");
    };
    std::path::absolute(&folder).with_context(|| format!("cannot use `{}`", folder.display()))
}

/// An exclusive lock between processes and threads; dropping it, or the end of the process, frees it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock on `path`; `on_wait` is called once if somebody else holds it.
    pub(crate) fn acquire(path: &Path, on_wait: impl FnOnce()) -> anyhow::Result<Self> {
        create_dir(path.parent().context("a lock file has a folder")?)?;
        let context = || format!("cannot lock {}", path.display());
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).with_context(context)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                on_wait();
                file.lock().with_context(context)?;
            }
            Err(TryLockError::Error(e)) => return Err(e).with_context(context),
        }
        Ok(Self { _file: file })
    }
}

/// Creates a folder and those above it.
pub(crate) fn create_dir(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create folder {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::{sync::mpsc, thread};

    use super::*;

    #[test]
    fn a_second_holder_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/lock");
        let first = Lock::acquire(&path, || panic!("nobody holds it")).unwrap();
        let (waits, waiting) = mpsc::channel();
        let (has, having) = mpsc::channel();
        let second = thread::spawn(move || {
            let lock = Lock::acquire(&path, || waits.send(()).unwrap()).unwrap();
            has.send(()).unwrap();
            drop(lock);
        });
        waiting.recv().unwrap();
        assert!(having.try_recv().is_err(), "the lock was taken twice");
        drop(first);
        having.recv().unwrap();
        second.join().unwrap();
    }
}
