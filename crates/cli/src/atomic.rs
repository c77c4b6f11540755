//! Files that are there whole or not at all: written to a temporary name beside the target, then renamed.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{error::Error, output::text::some_of};

/// Writes a file, replacing what is there.
///
/// # Errors
/// When the folder cannot be written; the old file is then untouched.
pub fn write(path: &Path, text: &[u8]) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: &dyn std::error::Error| {
        Error::new(format!("cannot write `{}`", path.display()))
            .because(error)
            .hint("check that the folder exists and that you may write there")
    };
    let mut file = tempfile::Builder::new().prefix(".seaway-").tempfile_in(folder).map_err(|error| failed(&error))?;
    file.write_all(text).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    set_ordinary_mode(file.path()).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// A temporary file is readable by its owner alone; what it becomes should be like any other file.
#[cfg(unix)]
fn set_ordinary_mode(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_mode(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Writes several new files, all or none.
///
/// Everything is written to a temporary folder in `root` first. Only then are the files moved to their places,
/// and what was moved is taken back when one cannot be.
///
/// # Errors
/// When one of the files exists already, or cannot be written.
pub fn write_new(root: &Path, files: &[(&str, String)]) -> Result<(), Error> {
    let exists = |name: &&str| root.join(name).symlink_metadata().is_ok();
    let taken: Vec<String> =
        files.iter().map(|(name, _)| *name).filter(exists).map(|name| format!("`{name}`")).collect();
    if !taken.is_empty() {
        let verb = if taken.len() == 1 { "exists" } else { "exist" };
        let what = format!("{} {verb} already in `{}`", some_of(&taken, 3), root.display());
        return Err(Error::refused(what).hint("nothing was written; choose an empty folder, or move the file away"));
    }
    let failed = |what: &Path, error: &std::io::Error| {
        Error::new(format!("cannot write `{}`", what.display())).because(error).hint("nothing was written")
    };
    fs::create_dir_all(root).map_err(|error| failed(root, &error))?;
    let staging = tempfile::Builder::new().prefix(".seaway-").tempdir_in(root).map_err(|error| failed(root, &error))?;
    for (name, text) in files {
        let path = staging.path().join(name);
        let folder = path.parent().unwrap_or(staging.path());
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).map_err(|error| failed(&path, &error))?;
    }
    let mut undo = Undo::default();
    for (name, _) in files {
        let path = root.join(name);
        undo.create_parents(&path).map_err(|error| failed(&path, &error))?;
        // Not `rename`, which would replace a file that has appeared since the check above.
        fs::hard_link(staging.path().join(name), &path)
            .or_else(|_| copy_new(&staging.path().join(name), &path))
            .map_err(|error| failed(&path, &error))?;
        undo.files.push(path);
    }
    undo.keep();
    Ok(())
}

/// For file systems without hard links.
fn copy_new(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(to)?;
    file.write_all(&fs::read(from)?)
}

/// Takes back what was made, unless it is kept.
#[derive(Default)]
struct Undo {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Undo {
    fn create_parents(&mut self, path: &Path) -> std::io::Result<()> {
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        Ok(())
    }

    fn keep(mut self) {
        self.folders.clear();
        self.files.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // What cannot be removed now cannot be said better than by the error that led here.
        for file in self.files.drain(..).rev() {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.drain(..).rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_or_none() {
        let root = tempfile::tempdir().unwrap();
        let files = [("a/b.yaml", "b".to_owned()), ("c.yaml", "c".to_owned())];
        fs::write(root.path().join("c.yaml"), "mine").unwrap();
        let error = write_new(root.path(), &files).unwrap_err();
        assert_eq!(error.exit, crate::exit::Exit::Refused);
        assert_eq!(names(root.path()), ["c.yaml"]);
        fs::remove_file(root.path().join("c.yaml")).unwrap();
        write_new(root.path(), &files).unwrap();
        assert_eq!(names(root.path()), ["a", "c.yaml"]);
        assert_eq!(fs::read_to_string(root.path().join("a/b.yaml")).unwrap(), "b");
    }

    #[test]
    fn what_was_moved_is_taken_back() {
        let root = tempfile::tempdir().unwrap();
        // `a` cannot be a file and a folder: the second file fails after the first is in place.
        let error = write_new(root.path(), &[("z/a", "1".to_owned()), ("z/a/b", "2".to_owned())]).unwrap_err();
        assert!(error.what.contains("cannot write"), "{error:?}");
        assert_eq!(names(root.path()), [""; 0]);
    }

    #[test]
    fn replaces_whole_files() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("plan.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(root.path()), ["plan.json"]);
        let missing = write(&root.path().join("no/plan.json"), b"x").unwrap_err();
        assert!(missing.hint.is_some());
    }
}
