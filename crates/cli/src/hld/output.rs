//! The folder of one environment set: replaced whole, or left as it is.

use std::{fs, io, path::Path};

use seaway_render::hld::Generated;

use crate::error::Error;

/// Replaces the content of the set's folder. Other folders are not touched.
///
/// # Errors
/// When it cannot be written; what was there before is there still.
pub fn replace(root: &Path, generated: &Generated) -> Result<(), Error> {
    let target = root.join(&generated.folder);
    write(root, &target, generated).map_err(|error| {
        Error::new(format!("cannot write `{}`", target.display()))
            .because(&error)
            .hint("what was there before is there still")
    })
}

fn write(root: &Path, target: &Path, generated: &Generated) -> io::Result<()> {
    refuse_links(root, &generated.folder)?;
    let parent = target.parent().unwrap_or(root);
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(".seaway-").tempdir_in(parent)?;
    let (new, old) = (staging.path().join("new"), staging.path().join("old"));
    fs::create_dir(&new)?;
    for (path, bytes) in &generated.files {
        let path = new.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&new))?;
        fs::write(path, bytes)?;
    }
    let is_there = target.symlink_metadata().is_ok();
    if is_there {
        fs::rename(target, &old)?;
    }
    if let Err(error) = fs::rename(&new, target) {
        if is_there {
            // Nothing better can be done when this fails too.
            let _ = fs::rename(&old, target);
        }
        return Err(error);
    }
    Ok(())
}

/// A link would lead the output elsewhere.
fn refuse_links(root: &Path, folder: &str) -> io::Result<()> {
    let mut path = root.to_path_buf();
    for part in folder.split('/') {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|found| found.file_type().is_symlink()) {
            return Err(io::Error::other(format!("`{}` is a symbolic link", path.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(folder: &str, files: &[(&str, &str)]) -> Generated {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Generated { folder: folder.to_owned(), files, ..Generated::default() }
    }

    #[test]
    fn only_its_folder_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        replace(root.path(), &generated("generated/prod", &[("a.yaml", "1"), ("b/c.yaml", "2")])).unwrap();
        replace(root.path(), &generated("generated/test", &[("a.yaml", "3")])).unwrap();
        replace(root.path(), &generated("generated/prod", &[("a.yaml", "4")])).unwrap();
        let read = |path: &str| fs::read_to_string(root.path().join("generated").join(path)).unwrap();
        assert_eq!((read("prod/a.yaml").as_str(), read("test/a.yaml").as_str()), ("4", "3"));
        assert!(!root.path().join("generated/prod/b").exists());
        let left = fs::read_dir(root.path().join("generated")).unwrap().count();
        assert_eq!(left, 2, "nothing else is left behind");
    }

    #[test]
    fn links_lead_nowhere() {
        let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("precious"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("generated")).unwrap();
        assert!(replace(root.path(), &generated("generated/prod", &[("a", "1")])).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }
}
