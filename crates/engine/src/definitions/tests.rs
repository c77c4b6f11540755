use std::os::unix::fs::symlink;

use super::*;

fn lay(root: &Path, files: &[&str]) {
    for path in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
}

fn names(tree: &Tree) -> Vec<String> {
    tree.files().map(|(path, _)| path.to_owned()).collect()
}

fn none(_: &Tree) -> Result<BTreeSet<Part>, Error> {
    Ok(BTreeSet::new())
}

fn message(error: Error) -> String {
    match error {
        Error::Findings(found) => found[0].message.clone(),
        other => other.to_string(),
    }
}

#[test]
fn links_inside_of_the_top_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    lay(root, &["a/x", "generated/prod/x", ".git/x", "b/generated/x", "outside/x"]);
    symlink("a", root.join("link")).unwrap();
    symlink("a/x", root.join("file")).unwrap();
    let all = ["a/x", "b/generated/x", "file", "link/x", "outside/x"];
    assert_eq!(names(&read_whole(root).unwrap()), all);
    for target in ["/etc/passwd", "..", "../..", "gone", ".", "../.git"] {
        symlink(target, root.join("a/bad")).unwrap();
        let error = message(read_whole(root).unwrap_err());
        assert!(error.contains("symbolic link"), "{target}: {error:?}");
        fs::remove_file(root.join("a/bad")).unwrap();
    }
    // What is beside the definitions is inside of a top that holds both.
    symlink("../outside", root.join("a/beside")).unwrap();
    assert_eq!(names(&read(root, "a", &mut none).unwrap()), ["a/beside/x", "a/x"]);
    assert!(message(read_whole(&root.join("a")).unwrap_err()).contains("leads out"));
}

#[test]
fn only_what_is_named_is_read_above_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    lay(root, &["defs/a/component.yaml", "defs/a/m/x", "shared/c/component.yaml", "shared/c/config/prod.yaml"]);
    lay(root, &["shared/c/m/x", "shared/c/large", "other/x", ".git/config"]);
    let mut rounds = 0;
    let mut parts = |tree: &Tree| {
        rounds += 1;
        let text = str::to_owned;
        let mut all: BTreeSet<Part> = [Part::Component(text("shared/c")), Part::Everything(text("defs/a/m"))].into();
        all.extend([Part::Everything(text(".git")), Part::Everything(text("not/there"))]);
        if tree.get("shared/c/component.yaml").is_some() {
            all.insert(Part::Everything(text("shared/c/m")));
        }
        Ok(all)
    };
    let read = read(root, "defs/a", &mut parts).unwrap();
    let expected =
        ["defs/a/component.yaml", "defs/a/m/x", "shared/c/component.yaml", "shared/c/config/prod.yaml", "shared/c/m/x"];
    assert_eq!(names(&read), expected);
    assert_eq!(rounds, 3);
}

#[test]
fn a_folder_that_cannot_be_read_whole_is_read_as_far_as_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    lay(root, &["component.yaml", "config/common.yaml", "m/x", "hld.lock"]);
    let large = fs::File::create(root.join("large.bin")).unwrap();
    // A hole: it takes no room on the disk.
    large.set_len(TREE_BYTES_MAX as u64 + 1).unwrap();
    let mut parts = |_: &Tree| Ok([Part::Component(String::new()), Part::Everything("m".to_owned())].into());
    let expected = ["component.yaml", "config/common.yaml", "hld.lock", "m/x"];
    assert_eq!(names(&read(root, "", &mut parts).unwrap()), expected);
    let mut all = |_: &Tree| Ok([Part::Everything(String::new())].into());
    assert!(message(read(root, "", &mut all).unwrap_err()).contains("more than"));
    // The same for a link that nobody names.
    fs::remove_file(root.join("large.bin")).unwrap();
    symlink("/etc", root.join("out")).unwrap();
    assert_eq!(names(&read(root, "", &mut parts).unwrap()), expected);
    assert!(message(read(root, "", &mut all).unwrap_err()).contains("leads out"));
}
