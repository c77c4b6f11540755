//! Where a component's chart is, and the subcharts that it declares.

use std::sync::Arc;

use seaway_core::diagnostic::{codes, excerpt};

use super::{
    super::{component::Method, ground::At, name, reach::Part, trouble::Trouble},
    HELP_ABOVE, Visit, Walk,
    elsewhere::{Naming, git},
};
use crate::{
    Tree,
    remote::{Source, missing_dependencies, path_from},
};

impl Walk<'_> {
    /// The folder of a chart.
    pub(super) fn chart(&mut self, trouble: &mut Trouble<'_>, visit: &Visit) -> Option<At> {
        let component = &visit.component;
        let method = component.method();
        if !matches!(method, Method::Git | Method::Helm) {
            let at = self.join(trouble, &visit.at, &component.path)?;
            self.ask(&at, Part::Everything);
            self.subcharts(trouble, visit, &at, None);
            return Some(at);
        }
        if component.source.is_empty() || component.path.is_empty() {
            let missing = if component.source.is_empty() { "source" } else { "path" };
            let message = format!("a chart with `method: {}` needs `{missing}`", component.method.text);
            let help = match method {
                Method::Git => "`source` is the repository's URL, `path` the chart's folder in it",
                _ => "`source` is the chart repository's URL, `path` the chart's name",
            };
            trouble.error(codes::HLD_INCOMPLETE_CHART, Some(component.place.clone()), message, help);
            return None;
        }
        let folder = self.grounds.child(&visit.at, &format!("helm_repos/{}", component.name.text));
        if method == Method::Helm {
            let source = Source::Chart {
                repository: component.source.text.to_string(),
                name: component.path.text.to_string(),
                version: component.version.text.to_string(),
            };
            let at = self.fetch(trouble, source, Naming::own(component, &visit.entry), folder)?;
            self.ask(&at, Part::Everything);
            return Some(at);
        }
        // Only the chart's folder is needed, not the whole repository.
        let inside = self.join(trouble, &At { ground: folder.ground, path: String::new() }, &component.path)?;
        let source = git(component, &inside.path);
        let folder = self.join(trouble, &folder, &component.path)?;
        let at = self.fetch(trouble, source, Naming::own(component, &visit.entry), folder)?;
        self.ask(&at, Part::Everything);
        self.subcharts(trouble, visit, &at, Some(&inside.path));
        Some(at)
    }

    /// Lays the subcharts that a chart declares and does not bring along into its `charts/`. `path` is the chart's folder
    /// in the repository that its component names; `None` = it is where the component is.
    fn subcharts(&mut self, trouble: &mut Trouble<'_>, visit: &Visit, at: &At, path: Option<&str>) {
        for one in missing_dependencies(self.grounds.tree(at.ground), &at.path) {
            if !name::check(trouble, &one.name, visit.component.place.clone()) {
                continue;
            }
            let folder = self.grounds.child(at, &format!("charts/{}", one.name));
            let source = match one.repository.split_once("://") {
                Some(("http" | "https" | "oci", _)) => Source::Chart {
                    repository: one.repository.clone(),
                    name: one.name.clone(),
                    version: one.version.clone(),
                },
                Some(("file", relative)) => match (path, path.and_then(|path| path_from(path, relative))) {
                    (_, Some(path)) => git(&visit.component, &path),
                    (Some(_), None) => {
                        let message = format!("subchart `{}` is outside of its repository", excerpt(&one.name));
                        let help = "keep it in the repository of the chart";
                        self.refuse_subchart(trouble, visit, codes::HLD_ESCAPE, message, help);
                        continue;
                    }
                    (None, None) => {
                        self.subchart_beside(trouble, visit, at, (&one.name, relative), folder);
                        continue;
                    }
                },
                _ => {
                    let message = format!("subchart `{}` names a repository by an alias", excerpt(&one.name));
                    let help = "write the repository's URL into the chart, or commit the subchart in `charts/`";
                    self.refuse_subchart(trouble, visit, codes::HLD_BAD_SOURCE, message, help);
                    continue;
                }
            };
            let _ = self.fetch(trouble, source, Naming::further(&visit.component, &visit.entry), folder);
        }
    }

    /// Lays a subchart that is in the same tree as its chart.
    fn subchart_beside(
        &mut self,
        trouble: &mut Trouble<'_>,
        visit: &Visit,
        at: &At,
        (name, relative): (&str, &str),
        folder: At,
    ) {
        let beside = match self.grounds.join(at, relative) {
            Ok(beside) => beside,
            Err(why) => {
                let message = format!("the path `{}` of subchart `{}` {why}", excerpt(relative), excerpt(name));
                self.refuse_subchart(trouble, visit, codes::HLD_ESCAPE, message, HELP_ABOVE);
                return;
            }
        };
        self.ask(&beside, Part::Everything);
        let mut tree = Tree::new(self.grounds.shown(&beside));
        for (path, bytes) in self.grounds.files(&beside) {
            if !trouble.spend(1) {
                return;
            }
            if let Err(finding) = tree.insert(path, Arc::clone(bytes)) {
                trouble.add(finding);
                return;
            }
        }
        if tree.files().next().is_none() {
            let message = format!("subchart `{}` is not in `{}`", excerpt(name), self.grounds.shown(&beside));
            let help = "correct the path in the chart, or commit the subchart in `charts/`";
            self.refuse_subchart(trouble, visit, codes::HLD_CHART, message, help);
            return;
        }
        self.grounds.mount(folder, Arc::new(tree));
    }

    fn refuse_subchart(
        &self,
        trouble: &mut Trouble<'_>,
        visit: &Visit,
        code: &'static str,
        message: String,
        help: &str,
    ) {
        trouble.error(code, Some(visit.component.place.clone()), message, help);
    }
}
