//! Paths in declarations: relative to the folder of their file, never out of the workspace.

/// The path relative to the workspace, without `.` and `..`; empty for the workspace itself.
///
/// # Errors
/// Why the path is refused, to be read after the path.
pub(super) fn resolve(file: &str, path: &str) -> Result<String, &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return Err("is an absolute path");
    }
    if path.starts_with('~') {
        return Err("starts with `~`, which only a shell resolves");
    }
    if path.contains('\\') {
        return Err("contains a backslash");
    }
    if path.chars().any(char::is_control) {
        return Err("contains a control character");
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or("leaves the workspace")?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Whether a file lies in a folder, both relative to the workspace.
pub(super) fn is_inside(file: &str, folder: &str) -> bool {
    folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_against_the_folder_of_the_file() {
        for (file, path, expected) in [
            ("seaway.yaml", "manifests", Ok("manifests")),
            ("services/web/seaway.yaml", "manifests", Ok("services/web/manifests")),
            ("services/web/seaway.yaml", "./../shared//m/", Ok("services/shared/m")),
            ("web/seaway.yaml", "..", Ok("")),
            ("web/seaway.yaml", "../..", Err("leaves the workspace")),
            ("seaway.yaml", "../x", Err("leaves the workspace")),
            ("seaway.yaml", "/etc", Err("is an absolute path")),
            ("seaway.yaml", "c:/x", Err("is an absolute path")),
            ("seaway.yaml", "a\\b", Err("contains a backslash")),
            ("seaway.yaml", "", Err("is empty")),
        ] {
            assert_eq!(resolve(file, path).as_deref(), expected.as_ref().map(|text: &&str| *text), "{file} {path}");
        }
    }

    #[test]
    fn inside() {
        assert!(is_inside("web/manifests/a.yaml", "web/manifests"));
        assert!(!is_inside("web/manifests-old/a.yaml", "web/manifests"));
        assert!(is_inside("a.yaml", ""));
    }
}
