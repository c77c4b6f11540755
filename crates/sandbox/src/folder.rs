//! The private folder: what is in it is all that a program is given.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use seaway_core::digest::Digest;
use tempfile::TempDir;

use crate::Error;

/// Largest program: the ones that are named here are single binaries of some fifty megabytes.
const PROGRAM_BYTES_MAX: u64 = 512 << 20;

/// A private folder, removed when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty one, which nobody else may read.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn new() -> Result<Self, Error> {
        let failed = |source| Error::Folder { what: "making it".to_owned(), source };
        let folder = tempfile::Builder::new().prefix("seaway-").tempdir().map_err(failed)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).map_err(failed)?;
        let sandbox = Self { folder };
        for name in ["files", "home", "tmp", "bin"] {
            fs::create_dir(sandbox.folder.path().join(name)).map_err(failed)?;
        }
        Ok(sandbox)
    }

    /// Where the files are.
    pub fn files(&self) -> PathBuf {
        self.part("files")
    }

    pub(crate) fn part(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a file. One that starts with `#!` may be run.
    ///
    /// # Errors
    /// When the path leads out, or the file is there already or cannot be written.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if !path.split('/').all(is_plain) {
            return Err(Error::BadPath(path.to_owned()));
        }
        let target = self.files().join(path);
        let failed = |source| Error::Folder { what: format!("writing `{path}`"), source };
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // New files alone: nothing that a program left behind is followed or replaced.
        let mode = if bytes.starts_with(b"#!") { 0o700 } else { 0o600 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&target).map_err(failed)?;
        file.write_all(bytes).map_err(failed)
    }

    /// Copies a program in when it is the one that the digest names. Its path, to be run: what was checked is what runs.
    ///
    /// # Errors
    /// When it cannot be read, or is another.
    pub fn provide(&self, program: &Path, expected: &Digest) -> Result<PathBuf, Error> {
        let failed = |source| Error::NoProgram { path: program.to_owned(), source };
        let file = File::open(program).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no file")));
        }
        let mut bytes = Vec::new();
        file.take(PROGRAM_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > PROGRAM_BYTES_MAX {
            return Err(Error::LargeProgram { path: program.to_owned(), limit: PROGRAM_BYTES_MAX });
        }
        let found = Digest::of(&bytes);
        if found != *expected {
            return Err(Error::OtherProgram { path: program.to_owned(), expected: expected.clone(), found });
        }
        let name = program.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let copy = self.part("bin").join(name);
        let not_written = |source| Error::Folder { what: "copying the program".to_owned(), source };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&copy).map_err(not_written)?;
        file.write_all(&bytes).map_err(not_written)?;
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_inside_and_are_new() {
        let sandbox = Sandbox::new().unwrap();
        sandbox.put("a/b.yaml", b"x").unwrap();
        assert_eq!(fs::read(sandbox.files().join("a/b.yaml")).unwrap(), b"x");
        for path in ["", "/etc/x", "../x", "a/../../x", "a//b", "./x", "a\\b"] {
            assert!(matches!(sandbox.put(path, b""), Err(Error::BadPath(_))), "{path}");
        }
        assert!(matches!(sandbox.put("a/b.yaml", b"y"), Err(Error::Folder { .. })));
        let folder = sandbox.path().to_owned();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        drop(sandbox);
        assert!(!folder.exists());
    }

    #[test]
    fn only_the_named_program_is_taken() {
        let sandbox = Sandbox::new().unwrap();
        let (right, wrong) = (Digest::of(&fs::read("/bin/sh").unwrap()), Digest::of(b"other"));
        let error = sandbox.provide(Path::new("/bin/sh"), &wrong).unwrap_err();
        assert!(error.to_string().contains(&format!("expected {wrong}, found {right}")), "{error}");
        let copy = sandbox.provide(Path::new("/bin/sh"), &right).unwrap();
        assert!(copy.starts_with(sandbox.path()) && copy.is_file());
        assert!(matches!(sandbox.provide(Path::new("/nonexistent"), &right), Err(Error::NoProgram { .. })));
        assert!(matches!(sandbox.provide(Path::new("/tmp"), &right), Err(Error::NoProgram { .. })));
    }
}
