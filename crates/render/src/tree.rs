//! The files of one source, in memory.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes, excerpt},
    digest::Digest,
};
use serde_json::json;

use crate::cores;

/// Most files of one source. Bundled operators come with a few hundred.
pub const TREE_FILES_MAX: usize = 20_000;
/// Most bytes of one source. Manifests of thousands of objects need about a tenth of it.
pub const TREE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Longest path of a file, in bytes: the limit of common file systems.
const PATH_BYTES_MAX: usize = 4096;
/// Most bytes of all paths: renderers make several copies of them. Paths are a hundred bytes long on the average.
const PATHS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Path → bytes, bounded. Paths are relative, with `/`, without `.` and `..`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree {
    root: String,
    seen_from: String,
    files: BTreeMap<String, Arc<[u8]>>,
    bytes: usize,
    path_bytes: usize,
}

impl Tree {
    /// An empty tree. `root` is the folder's path in the workspace; it stands before paths in findings and is
    /// no part of the digest.
    pub fn new(root: impl Into<String>) -> Self {
        cores::ask();
        Self { root: root.into(), seen_from: String::new(), files: BTreeMap::new(), bytes: 0, path_bytes: 0 }
    }

    /// The same with the paths in findings as they are from this folder of the tree: `../x` for what is beside it.
    #[must_use]
    pub fn seen_from(mut self, folder: impl Into<String>) -> Self {
        self.seen_from = folder.into();
        self
    }

    /// A tree of these files.
    ///
    /// # Errors
    /// One finding for each file that cannot be taken.
    pub fn of<B: Into<Arc<[u8]>>>(
        root: impl Into<String>,
        files: impl IntoIterator<Item = (String, B)>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut tree = Self::new(root);
        let findings: Vec<Diagnostic> =
            files.into_iter().filter_map(|(path, bytes)| tree.insert(path, bytes).err()).collect();
        if findings.is_empty() { Ok(tree) } else { Err(findings) }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When the path is not a plain relative one or is taken, or the tree would become too large.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<(), Diagnostic> {
        let (path, bytes) = (path.into(), bytes.into());
        let place = Place { file: self.place_of(&excerpt(&path)), line: 0, column: 0, offset: 0, len: 0 };
        if let Some(why) = refusal(&path) {
            let message = format!("the source has a file `{}`, whose path {why}", excerpt(&path));
            return Err(Diagnostic::error(codes::BAD_SOURCE_PATH, message).at(place));
        }
        if self.files.contains_key(&path) {
            let message = format!("the source has two files `{}`", excerpt(&path));
            return Err(Diagnostic::error(codes::BAD_SOURCE_PATH, message).at(place));
        }
        let total = self.bytes.saturating_add(bytes.len());
        if self.files.len() >= TREE_FILES_MAX || total > TREE_BYTES_MAX {
            let message =
                format!("the source is too large: expected at most {TREE_FILES_MAX} files and {TREE_BYTES_MAX} bytes");
            let help = "point the source at the folder that holds only what this service needs";
            return Err(Diagnostic::error(codes::SOURCE_TOO_LARGE, message).at(place).help(help));
        }
        let path_bytes = self.path_bytes + path.len();
        if path_bytes > PATHS_BYTES_MAX {
            let message = format!("the source is too large: expected paths of at most {PATHS_BYTES_MAX} bytes in all");
            let help = "point the source at the folder that holds only what this service needs";
            return Err(Diagnostic::error(codes::SOURCE_TOO_LARGE, message).at(place).help(help));
        }
        (self.bytes, self.path_bytes) = (total, path_bytes);
        self.files.insert(path, bytes);
        Ok(())
    }

    /// Content address over paths and bytes.
    pub fn digest(&self) -> Digest {
        let files: Vec<_> = self.files.iter().map(|(path, bytes)| json!([path, Digest::of(bytes)])).collect();
        Digest::of_json(&json!(files))
    }

    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), &**bytes))
    }

    /// A file's bytes.
    pub fn get(&self, path: &str) -> Option<&Arc<[u8]>> {
        self.files.get(path)
    }

    /// The files below a folder (empty = the whole tree), each with its path relative to it.
    pub fn under(&self, folder: &str) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = std::ops::Bound::Included(prefix.clone());
        self.files
            .range::<String, _>((from, std::ops::Bound::Unbounded))
            .map_while(move |(path, bytes)| Some((path.strip_prefix(prefix.as_str())?, bytes)))
    }

    /// The folder's path in the workspace.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A file's path in the workspace, or as it is from the folder of [`Tree::seen_from`]. Empty for that folder itself.
    pub fn place_of(&self, path: &str) -> String {
        let path = relative(&self.seen_from, path);
        match (self.root.as_str(), path.as_str()) {
            ("", _) => path,
            (root, "") => root.to_owned(),
            (root, path) => format!("{root}/{path}"),
        }
    }
}

/// A path of the tree as it is from one of its folders.
fn relative(folder: &str, path: &str) -> String {
    if folder.is_empty() {
        return path.to_owned();
    }
    let parts = |text| str::split(text, '/').filter(|part| !part.is_empty());
    let shared = parts(folder).zip(parts(path)).take_while(|(a, b)| a == b).count();
    let up = parts(folder).skip(shared).map(|_| "..");
    up.chain(parts(path).skip(shared)).collect::<Vec<_>>().join("/")
}

fn refusal(path: &str) -> Option<&'static str> {
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return Some("is empty or too long");
    }
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return Some("is absolute");
    }
    if path.contains('\\') || path.chars().any(char::is_control) {
        return Some("contains a backslash or control character");
    }
    path.split('/').any(|part| matches!(part, "" | "." | "..")).then_some("has an empty, `.` or `..` part")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_paths_that_could_lead_elsewhere() {
        let mut tree = Tree::new("web");
        for bad in ["", "/a", "c:/a", "a\\b", "a/../b", "..", "./a", "a//b", "a/", "a\nb"] {
            assert!(tree.insert(bad, b"x".as_slice()).is_err(), "{bad:?}");
        }
        tree.insert("a/b.yaml", b"x".as_slice()).unwrap();
        let twice = tree.insert("a/b.yaml", b"y".as_slice()).unwrap_err();
        assert_eq!(twice.place.unwrap().file, "web/a/b.yaml");
        assert_eq!(tree.files().collect::<Vec<_>>(), [("a/b.yaml", b"x".as_slice())]);
    }

    #[test]
    fn the_digest_is_over_paths_and_bytes_alone() {
        let tree = |root: &str, files: &[(&str, &str)]| {
            Tree::of(root, files.iter().map(|(p, b)| ((*p).to_owned(), b.as_bytes()))).unwrap().digest()
        };
        let base = tree("x", &[("a", "1"), ("b", "2")]);
        assert_eq!(tree("elsewhere", &[("b", "2"), ("a", "1")]), base);
        assert_ne!(tree("x", &[("a", "1"), ("b", "3")]), base);
        assert_ne!(tree("x", &[("a", "1"), ("c", "2")]), base);
        assert_ne!(tree("x", &[("a", "1")]), base);
    }

    #[test]
    fn folders() {
        let files = ["a", "a/b", "a/c/d", "a-b", "b"].map(|path| (path.to_owned(), b"".as_slice()));
        let tree = Tree::of("", files).unwrap();
        let under = |folder: &str| tree.under(folder).map(|(path, _)| path.to_owned()).collect::<Vec<_>>();
        assert_eq!(under("a"), ["b", "c/d"]);
        assert_eq!(under("").len(), 5);
        assert_eq!(under("c"), [""; 0]);
        assert!(tree.get("a/b").is_some() && tree.get("a/c").is_none());
    }

    #[test]
    fn places_are_named_as_they_are_seen() {
        let tree = Tree::new("").seen_from("a/b");
        for (path, shown) in [
            ("a/b/x", "x"),
            ("a/b", ""),
            ("a", ".."),
            ("a/c/x", "../c/x"),
            ("a/bc", "../bc"),
            ("x", "../../x"),
            ("", "../.."),
        ] {
            assert_eq!(tree.place_of(path), shown, "{path}");
        }
        assert_eq!(Tree::new("w").place_of("x"), "w/x");
        assert_eq!(Tree::new("w").place_of(""), "w");
    }

    #[test]
    fn is_bounded() {
        let mut tree = Tree::new("");
        for n in 0..TREE_FILES_MAX {
            tree.insert(n.to_string(), b"".as_slice()).unwrap();
        }
        assert_eq!(tree.insert("one-more", b"".as_slice()).unwrap_err().code, codes::SOURCE_TOO_LARGE);
        let mut tree = Tree::new("");
        let long = |n: usize| format!("{n:04}{}", "x".repeat(4000));
        let refused = (0..TREE_FILES_MAX).find(|n| tree.insert(long(*n), b"".as_slice()).is_err());
        assert!(refused.is_some_and(|files| files > 1000));
    }
}
