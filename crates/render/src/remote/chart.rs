//! A chart with the subcharts that it declares and does not bring along.

use std::{borrow::Cow, sync::Arc};

use seaway_core::diagnostic::{Diagnostic, Place, codes, excerpt};

use super::{Missing, Source, View, dependency::missing};
use crate::Tree;

/// Deepest nesting of subcharts that are fetched. Charts in repositories bring theirs along; two is much.
const DEPTH_MAX: usize = 8;

/// What came together.
pub(crate) struct Whole<'a> {
    /// The tree; the chart is where it was.
    pub(crate) tree: Cow<'a, Tree>,
    /// What was laid into it.
    pub(crate) laid: Vec<Source>,
    /// What could not be had.
    pub(crate) missing: Vec<Missing>,
    /// Subcharts that name nothing that can be fetched, and limits.
    pub(crate) findings: Vec<Diagnostic>,
}

/// Lays subcharts into the `charts` folder of the chart in `folder` of a tree. `from` is the source of the tree.
pub(crate) fn whole<'a>(tree: &'a Tree, folder: &str, from: Option<&Source>, view: View<'_>) -> Whole<'a> {
    let mut whole = Whole { tree: Cow::Borrowed(tree), laid: Vec::new(), missing: Vec::new(), findings: Vec::new() };
    lay(&mut whole, folder, from, view, 0);
    whole
}

fn lay(whole: &mut Whole<'_>, folder: &str, from: Option<&Source>, view: View<'_>, depth: usize) {
    if depth > DEPTH_MAX {
        let message = format!("subcharts nest deeper than {DEPTH_MAX}");
        whole.findings.push(finding(whole, folder, message, "look for a chart that is a subchart of itself"));
        return;
    }
    for one in missing(&whole.tree, folder) {
        let source = match one.repository.split_once("://") {
            Some(("http" | "https" | "oci", _)) => Source::Chart {
                repository: one.repository.clone(),
                name: one.name.clone(),
                version: one.version.clone(),
            },
            Some(("file", path)) => match beside(from, path) {
                Some(source) => source,
                // In the workspace a subchart beside its chart is for `helm dependency build`, whose output is committed.
                None => {
                    let message = format!("subchart `{}` is not in `charts`", excerpt(&one.name));
                    let help = "commit the subchart in the `charts` folder of its chart";
                    whole.findings.push(finding(whole, folder, message, help));
                    continue;
                }
            },
            _ => {
                let message = format!("subchart `{}` names a repository by an alias", excerpt(&one.name));
                let help = "write the repository's URL into the chart, or commit the subchart in `charts`";
                whole.findings.push(finding(whole, folder, message, help));
                continue;
            }
        };
        match view.get(&source) {
            Ok(subchart) => {
                let inner = join(folder, &format!("charts/{}", one.name));
                if let Err(finding) = insert(whole.tree.to_mut(), &inner, &subchart) {
                    whole.findings.push(finding);
                    continue;
                }
                whole.laid.push(source.clone());
                lay(whole, &inner, Some(&source), view, depth + 1);
            }
            Err(missing) => whole.missing.push(missing),
        }
    }
}

fn insert(tree: &mut Tree, folder: &str, subchart: &Tree) -> Result<(), Diagnostic> {
    for (path, bytes) in subchart.under("") {
        tree.insert(format!("{folder}/{path}"), Arc::clone(bytes))?;
    }
    Ok(())
}

/// A folder of the repository that a chart is from.
fn beside(from: Option<&Source>, relative: &str) -> Option<Source> {
    let Some(Source::Git { url, branch, version, path }) = from else { return None };
    let path = path_from(path, relative)?;
    Some(Source::Git { url: url.clone(), branch: branch.clone(), version: version.clone(), path })
}

/// A path without `.` and `..`, from a folder of a tree; `None` = it leads out of the tree.
pub(crate) fn path_from(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

fn finding(whole: &Whole<'_>, folder: &str, message: String, help: &str) -> Diagnostic {
    let file = whole.tree.place_of(&join(folder, "Chart.yaml"));
    let place = Place { file, line: 0, column: 0, offset: 0, len: 0 };
    Diagnostic::error(codes::HELM_CHART, message).at(place).help(help)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seaway_core::digest::Digest;

    use super::*;
    use crate::remote::{Lock, Locked, Why};

    fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::of("", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap()
    }

    #[test]
    fn subcharts_of_subcharts() {
        let chart = |name: &str, needs: &str| {
            format!(
                "name: {name}\nversion: 1.0.0\ndependencies:\n- {{name: {needs}, version: ^1, repository: 'https://r'}}\n"
            )
        };
        let own = tree(&[("web/Chart.yaml", &chart("web", "db"))]);
        let sub = tree(&[("Chart.yaml", &chart("db", "disk"))]);
        let source =
            |name: &str| Source::Chart { repository: "https://r".into(), name: name.into(), version: "^1".into() };
        let mut lock = Lock::default();
        let mut store: BTreeMap<Digest, Arc<Tree>> = BTreeMap::new();
        let first = whole(&own, "web", None, View { lock: &lock, store: &store });
        assert_eq!(first.missing, [Missing { source: source("db"), why: Why::NotLocked }]);
        let digest = sub.digest();
        store.insert(digest.clone(), Arc::new(sub));
        lock.insert(source("db"), Locked { resolved: "1.0.0".into(), digest });
        let second = whole(&own, "web", None, View { lock: &lock, store: &store });
        assert!(second.tree.get("web/charts/db/Chart.yaml").is_some());
        assert_eq!(second.missing, [Missing { source: source("disk"), why: Why::NotLocked }]);
        assert_eq!(second.laid, [source("db")]);
    }

    #[test]
    fn what_cannot_be_fetched_is_said() {
        let chart = "name: web\nversion: 1.0.0\ndependencies:\n- {name: a, repository: '@stable'}\n- {name: b, repository: 'file://../b'}\n";
        let own = tree(&[("Chart.yaml", chart)]);
        assert_eq!(whole(&own, "", None, View::nothing()).findings.len(), 2);
        let git = Source::Git { url: "u".into(), branch: "".into(), version: "v".into(), path: "charts/web".into() };
        let found = whole(&own, "", Some(&git), View::nothing());
        let expected = Source::Git { url: "u".into(), branch: "".into(), version: "v".into(), path: "charts/b".into() };
        assert_eq!(found.missing, [Missing { source: expected, why: Why::NotLocked }]);
    }
}
