//! What kustomizations name elsewhere: found before anything is built, so that it can be locked and fetched.
//!
//! The survey follows folders as the build does, and passes over what it cannot read: the build says what is wrong.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    address::{self, Address},
    budget::{Budget, WORK_MAX},
    kustomization::{FILE_NAMES, Kustomization},
    load::{RemoteSources, has_folder, is_remote, join_text},
    patch_files::legacy,
    read,
    scalar::Words,
};
use crate::{
    Tree,
    remote::{Source, View, whole},
};

/// Most folders of one survey. A build of more is refused by its own limits.
const FOLDERS_MAX: usize = 10_000;

/// What a survey found.
#[derive(Debug, Default)]
pub struct Survey {
    /// The copies that are here, and why others are not, for a build.
    pub remotes: RemoteSources,
    /// Everything that is named, ordered.
    pub named: BTreeSet<Source>,
    /// Folders and files of the own tree that are named outside of the folder that names them, whether they are there or
    /// not.
    pub own: BTreeSet<String>,
}

/// Surveys the kustomizations in these folders of a tree and all that they build on.
pub fn remotes(tree: &Tree, folders: &[String], view: View<'_>) -> Survey {
    let mut walk = Walk { view, survey: Survey::default(), seen: BTreeSet::new(), budget: Budget::new(WORK_MAX) };
    let mut waiting: Vec<Place<'_>> = Vec::new();
    for folder in folders {
        waiting.push(Place { ground: Ground::Own(tree), address: String::new(), path: join_text("", folder) });
    }
    while let Some(place) = waiting.pop() {
        let is_new = walk.seen.insert((place.address.clone(), place.path.clone()));
        if is_new && walk.seen.len() <= FOLDERS_MAX {
            walk.folder(&place, &mut waiting);
        }
    }
    walk.survey
}

#[derive(Clone)]
enum Ground<'a> {
    Own(&'a Tree),
    Fetched(Arc<Tree>),
}

impl Ground<'_> {
    fn tree(&self) -> &Tree {
        match self {
            Self::Own(tree) => tree,
            Self::Fetched(tree) => tree,
        }
    }
}

struct Place<'a> {
    ground: Ground<'a>,
    /// Of the tree; empty = the own one.
    address: String,
    path: String,
}

struct Walk<'a> {
    view: View<'a>,
    survey: Survey,
    seen: BTreeSet<(String, String)>,
    budget: Budget,
}

impl Walk<'_> {
    fn folder<'t>(&mut self, place: &Place<'t>, waiting: &mut Vec<Place<'t>>) {
        let tree = place.ground.tree();
        let text = FILE_NAMES.iter().find_map(|name| tree.get(&join_text(&place.path, name)));
        let Some(text) = text.and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
        let Ok(Some(node)) = read::document(text, Words::Legacy, &self.budget) else { return };
        let Ok(kustomization) = Kustomization::read(&legacy(node)) else { return };
        let patches = kustomization.patches.iter().chain(&kustomization.patches_json6902).map(|patch| &patch.path);
        let entries = [
            &kustomization.resources,
            &kustomization.components,
            &kustomization.crds,
            &kustomization.configurations,
            &kustomization.generators,
            &kustomization.transformers,
            &kustomization.validators,
            &kustomization.patches_strategic_merge,
        ];
        for entry in entries.into_iter().flatten().chain(patches).chain(kustomization.open_api.get("path")) {
            self.entry(place, entry, waiting);
        }
        for chart in &kustomization.charts {
            match chart.elsewhere(tree, &place.path) {
                Some(source) => {
                    // It may be in the tree all the same, in a part that nobody has read yet.
                    if let Some(path) = chart.path(&place.path) {
                        self.own(place, &path);
                    }
                    self.chart(source);
                }
                None => {
                    let Some(path) = chart.path(&place.path) else { continue };
                    self.own(place, &path);
                    self.subcharts(tree, &path, None);
                }
            }
        }
    }

    fn entry<'t>(&mut self, place: &Place<'t>, entry: &str, waiting: &mut Vec<Place<'t>>) {
        // A patch may stand there instead of its path.
        if entry.is_empty() || entry.contains('\n') {
            return;
        }
        let is_http = ["https://", "http://"].iter().any(|scheme| entry.starts_with(scheme));
        if is_http || is_remote(entry) {
            match address::parse(entry) {
                Some(Address::File(source)) => self.file(entry, source),
                Some(Address::Folder(source, path)) => {
                    if let Some(tree) = self.tree(entry, source) {
                        self.survey.remotes.add_folder(entry, Arc::clone(&tree), path.clone());
                        waiting.push(Place { ground: Ground::Fetched(tree), address: entry.to_owned(), path });
                    }
                }
                None => {}
            }
            return;
        }
        let path = join_text(&place.path, entry);
        if entry.starts_with('/') || path.starts_with("..") {
            return;
        }
        self.own(place, &path);
        if has_folder(place.ground.tree(), &path) {
            waiting.push(Place { ground: place.ground.clone(), address: place.address.clone(), path });
        }
    }

    /// Notes what is outside of the folder that names it.
    fn own(&mut self, place: &Place<'_>, path: &str) {
        let is_below =
            place.path.is_empty() || path.strip_prefix(&place.path).is_some_and(|rest| rest.starts_with('/'));
        if place.address.is_empty() && !is_below && self.survey.own.len() < FOLDERS_MAX {
            self.survey.own.insert(path.to_owned());
        }
    }

    fn file(&mut self, address: &str, source: Source) {
        if let Some(tree) = self.tree(address, source)
            && let Some((_, bytes)) = tree.under("").next()
        {
            self.survey.remotes.add_file(address, Arc::clone(bytes));
        }
    }

    fn chart(&mut self, source: Source) {
        let name = source.to_string();
        if let Some(tree) = self.tree(&name, source.clone()) {
            self.subcharts(&tree, "", Some(&source));
            self.survey.remotes.add_chart(source, tree);
        }
    }

    fn subcharts(&mut self, tree: &Tree, folder: &str, from: Option<&Source>) {
        let whole = whole(tree, folder, from, self.view);
        self.survey.named.extend(whole.laid);
        self.survey.named.extend(whole.missing.into_iter().map(|missing| missing.source));
    }

    fn tree(&mut self, address: &str, source: Source) -> Option<Arc<Tree>> {
        self.survey.named.insert(source.clone());
        match self.view.get(&source) {
            Ok(tree) => Some(tree),
            Err(missing) => {
                self.survey.remotes.add_missing(address, missing);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        kustomize::{NoCharts, build},
        remote::{Lock, Locked},
    };

    fn tree(files: &[(&str, &str)]) -> Tree {
        Tree::of("", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap()
    }

    #[test]
    fn bases_of_bases_are_found_one_after_the_other() {
        let own = tree(&[
            ("prod/kustomization.yaml", "resources: [../base]\n"),
            ("base/kustomization.yaml", "resources: ['https://git.example/a/b//deploy/web?ref=v1']\n"),
            ("other/kustomization.yaml", "resources: ['https://git.example/not/named']\n"),
        ]);
        let fetched = tree(&[
            ("deploy/web/kustomization.yaml", "resources: [../common, 'https://files.example/a.yaml']\n"),
            ("deploy/common/kustomization.yaml", "resources: [a.yaml]\n"),
            ("deploy/common/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        ]);
        let file = tree(&[("manifest.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")]);
        let (mut lock, mut store) = (Lock::default(), BTreeMap::new());
        let folders = ["prod".to_owned()];
        let mut names = Vec::new();
        for tree in [fetched, file] {
            let survey = remotes(&own, &folders, View { lock: &lock, store: &store });
            let next = survey.named.into_iter().find(|source| lock.get(source).is_none()).unwrap();
            names.push(next.to_string());
            let error = build(&own, "prod", &survey.remotes, &NoCharts).unwrap_err().remove(0);
            assert!(error.message.contains("is not locked"), "{error:?}");
            let digest = tree.digest();
            lock.insert(next, Locked { resolved: String::new(), digest: digest.clone() });
            store.insert(digest, Arc::new(tree));
        }
        assert_eq!(names, ["https://git.example/a/b at v1", "https://files.example/a.yaml"]);
        let survey = remotes(&own, &folders, View { lock: &lock, store: &store });
        assert_eq!(survey.named.len(), 2, "what no overlay builds on is not asked for");
        assert_eq!(survey.own, ["base".to_owned()].into());
        let built = build(&own, "prod", &survey.remotes, &NoCharts).unwrap();
        assert_eq!(built.objects.len(), 2);
    }
}
