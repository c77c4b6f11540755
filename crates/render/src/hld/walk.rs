//! From the root down, breadth first: which components there are, where each lives, and its merged configuration.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use seaway_core::diagnostic::{Place, codes, excerpt};

use super::{
    access::Access,
    component::{Component, Field, Method},
    config::Config,
    file::{Files, Read},
    generate::Request,
    ground::{At, Grounds},
    kinds::Kind,
    name,
    source::Wanted,
    trouble::Trouble,
};
use crate::{
    kustomize,
    remote::{Absence, Source, View, missing_dependencies, without_credentials},
};

/// Most components of one run: ten thousand services with a chart each, and what groups them.
const COMPONENTS_MAX: usize = 25_000;
/// Deepest nesting of components. Fleets stay below 10.
const DEPTH_MAX: usize = 64;
/// Most environments of one set. Each reads a file of every component.
pub(super) const ENVIRONMENTS_MAX: usize = 64;
/// The environment that is always there, below all others.
const COMMON: &str = "common";

/// A component that was reached.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) component: Component,
    /// Names of the entries that lead here; empty for the root.
    pub(super) entry: String,
    /// Its folder.
    pub(super) at: At,
    /// Folder in the output; empty for the root.
    pub(super) logical: String,
    pub(super) config: Config,
    /// Folder of its chart, when it has one and it is here.
    pub(super) chart: Option<At>,
    /// Folders of the components above.
    above: Vec<At>,
}

/// Everything that one walk finds.
pub(super) struct Walk<'a> {
    request: &'a Request<'a>,
    pub(super) grounds: Grounds<'a>,
    files: Files,
    access: Access,
    pub(super) visits: Vec<Visit>,
    pub(super) wanted: Vec<Wanted>,
    known: BTreeSet<Source>,
    /// Environments that have a file somewhere.
    seen: BTreeSet<String>,
    /// Whether what is missing is only noted.
    is_survey: bool,
}

impl<'a> Walk<'a> {
    /// Walks. `is_survey` = what is missing is only noted.
    pub(super) fn run(request: &'a Request<'a>, trouble: &mut Trouble<'_>, is_survey: bool) -> Self {
        let mut walk = Self {
            request,
            grounds: Grounds::new(request.tree),
            files: Files::default(),
            access: Access::default(),
            visits: Vec::new(),
            wanted: Vec::new(),
            known: BTreeSet::new(),
            seen: BTreeSet::new(),
            is_survey,
        };
        let mut queue: VecDeque<Visit> = walk.root(trouble).into_iter().collect();
        while let Some(visit) = queue.pop_front() {
            if trouble.is_spent() {
                break;
            }
            if walk.visits.len() + queue.len() >= COMPONENTS_MAX {
                let message = format!("more than {COMPONENTS_MAX} components");
                trouble.error(codes::HLD_TOO_LARGE, Some(visit.component.place), message, "split the repository");
                break;
            }
            let visit = walk.visit(trouble, visit, &mut queue);
            walk.visits.push(visit);
        }
        walk.unknown_environments(trouble);
        walk
    }

    fn root(&mut self, trouble: &mut Trouble<'_>) -> Option<Visit> {
        let start = At { ground: 0, path: String::new() };
        let at = match self.grounds.join(&start, self.request.folder) {
            Ok(at) => at,
            Err(why) => {
                let message = format!("the folder `{}` {why}", excerpt(self.request.folder));
                trouble.error(codes::HLD_ESCAPE, None, message, "");
                return None;
            }
        };
        let mut component = self.own_file(trouble, &at, None)?;
        let mut config = self.load_config(trouble, &at, Config::default(), "");
        let mut root = at;
        if component.kind == Kind::Component && component.method() == Method::Git {
            // The root stands elsewhere: the walk goes on there, under this folder's configuration.
            self.access.read(&self.grounds, trouble, &root);
            let mount = self.fetch_component(trouble, &root, &component, "")?;
            let folder = self.join(trouble, &mount, &component.path)?;
            component = self.own_file(trouble, &folder, Some(&component.path.place))?;
            config = self.load_config(trouble, &folder, config, "");
            root = folder;
        }
        name::check(trouble, &component.name.text, component.name.place.clone());
        Some(Visit {
            component,
            entry: String::new(),
            at: root,
            logical: String::new(),
            config,
            chart: None,
            above: Vec::new(),
        })
    }

    fn visit(&mut self, trouble: &mut Trouble<'_>, mut visit: Visit, queue: &mut VecDeque<Visit>) -> Visit {
        self.access.read(&self.grounds, trouble, &visit.at);
        match visit.component.kind {
            Kind::Helm => visit.chart = self.chart(trouble, &visit),
            Kind::Static if visit.component.method() == Method::Http => self.download(trouble, &visit),
            Kind::Kustomize => {
                if visit.component.method() == Method::Git {
                    let mount = self.fetch_component(trouble, &visit.at, &visit.component, &visit.entry);
                    visit.chart = mount.and_then(|mount| self.join(trouble, &mount, &visit.component.path));
                }
                self.survey_kustomization(&visit);
            }
            Kind::Component | Kind::Static | Kind::Unknown => {}
        }
        self.unused_config(trouble, &visit);
        if visit.above.len() >= DEPTH_MAX {
            let message = format!("components nest deeper than {DEPTH_MAX}");
            let place = Some(visit.component.place.clone());
            trouble.error(codes::HLD_TOO_LARGE, place, message, "look for a component that names one above itself");
            return visit;
        }
        for entry in visit.component.subcomponents.clone() {
            if let Some(child) = self.child(trouble, &visit, entry) {
                queue.push_back(child);
            }
        }
        visit
    }

    fn child(&mut self, trouble: &mut Trouble<'_>, parent: &Visit, entry: Component) -> Option<Visit> {
        let entry_name = entry.name.text.to_string();
        if !name::check(trouble, &entry_name, entry.name.place.clone()) {
            return None;
        }
        let path = match parent.entry.as_str() {
            "" => entry_name.clone(),
            above => format!("{above}/{entry_name}"),
        };
        let inherited = parent.config.subcomponents.get(&entry_name);
        if let Some(inherited) = inherited
            && !trouble.spend(inherited.size())
        {
            return None;
        }
        let config = inherited.cloned().unwrap_or_default();
        if config.is_disabled() {
            return None;
        }
        if !trouble.spend(parent.above.len() as u64) {
            return None;
        }
        let mut above = parent.above.clone();
        above.push(parent.at.clone());
        if entry.is_inline() {
            let (at, logical) = (parent.at.clone(), parent.logical.clone());
            return Some(Visit { component: entry, entry: path, at, logical, config, chart: None, above });
        }
        let base = match entry.method() {
            Method::Git => self.fetch_component(trouble, &parent.at, &entry, &path)?,
            Method::Helm | Method::Http | Method::Local => self.join(trouble, &parent.at, &entry.source)?,
        };
        let at = self.join(trouble, &base, &entry.path)?;
        if above.contains(&at) {
            let message =
                format!("component `{path}` is a component above itself: both are in `{}`", self.grounds.shown(&at));
            trouble.error(codes::HLD_CIRCLE, Some(entry.place), message, "point `source` or `path` at another folder");
            return None;
        }
        let component = self.own_file(trouble, &at, Some(&entry.place))?;
        if !name::check(trouble, &component.name.text, component.name.place.clone()) {
            return None;
        }
        let config = self.load_config(trouble, &at, config, &path);
        let logical = match parent.logical.as_str() {
            "" => entry_name,
            above => format!("{above}/{entry_name}"),
        };
        Some(Visit { component, entry: path, at, logical, config, chart: None, above })
    }

    /// The component in a folder. `from` is what names the folder.
    fn own_file(&mut self, trouble: &mut Trouble<'_>, at: &At, from: Option<&Place>) -> Option<Component> {
        match self.files.read(&self.grounds, trouble, at, "component") {
            Read::Found(parsed) => Component::read(&parsed, trouble),
            Read::Faulty => None,
            Read::Missing => {
                let message = format!("no component file in `{}`", self.grounds.shown(at));
                let help = "expected `component.yaml` or `component.json` there";
                trouble.error(codes::HLD_NO_COMPONENT, from.cloned(), message, help);
                None
            }
        }
    }

    /// Puts the files of a folder under what is known already.
    fn load_config(&mut self, trouble: &mut Trouble<'_>, at: &At, mut config: Config, name: &str) -> Config {
        let folder = match self.grounds.join(at, "config") {
            Ok(folder) => folder,
            Err(_) => return config,
        };
        let environments = self.request.environments.iter().map(String::as_str);
        for environment in environments.chain([COMMON]) {
            match self.files.read(&self.grounds, trouble, &folder, environment) {
                Read::Missing => {}
                // What is in a faulty file counts for whether there is one.
                Read::Faulty => drop(self.seen.insert(environment.to_owned())),
                Read::Found(parsed) => {
                    self.seen.insert(environment.to_owned());
                    if let Some(low) = Config::read(trouble, &parsed) {
                        config.merge(trouble, name, low);
                    }
                }
            }
        }
        config
    }

    fn join(&self, trouble: &mut Trouble<'_>, from: &At, path: &Field) -> Option<At> {
        self.grounds
            .join(from, &path.text)
            .map_err(|why| {
                let message = format!("the path `{}` {why}", excerpt(&without_credentials(&path.text)));
                let help = "a component reads only its own repository; name another one with `method: git`";
                trouble.error(codes::HLD_ESCAPE, Some(path.place.clone()), message, help);
            })
            .ok()
    }

    fn fetch_component(
        &mut self,
        trouble: &mut Trouble<'_>,
        from: &At,
        component: &Component,
        entry: &str,
    ) -> Option<At> {
        let source = git(component, "");
        let folder = self.grounds.child(from, &format!("components/{}", component.name.text));
        self.fetch(trouble, source, component, entry, folder)
    }

    /// Notes what a kustomization names elsewhere. Whether it may, and what is missing, is said when it is built.
    fn survey_kustomization(&mut self, visit: &Visit) {
        if !self.is_survey {
            return;
        }
        let component = &visit.component;
        let at = match component.method() {
            Method::Git => visit.chart.clone(),
            Method::Helm | Method::Http | Method::Local => self.grounds.join(&visit.at, &component.path.text).ok(),
        };
        let Some(at) = at else { return };
        let view = View { lock: self.request.lock, store: self.request.store };
        let named = kustomize::remotes(self.grounds.tree(at.ground), &[at.path], view).named;
        for source in named {
            let locked = self.request.lock.get(&source).map(|locked| locked.digest.clone());
            let is_here = locked.as_ref().is_some_and(|digest| self.request.store.tree(digest).is_ok());
            self.want(&source, component, &visit.entry, locked.as_ref(), is_here);
        }
    }

    fn download(&mut self, trouble: &mut Trouble<'_>, visit: &Visit) {
        let component = &visit.component;
        let url = &component.source;
        if !(url.text.ends_with(".yaml") || url.text.ends_with(".yml")) {
            let message =
                format!("expected a URL of a `.yaml` or `.yml` file, found `{}`", without_credentials(&url.text));
            trouble.error(codes::HLD_BAD_SOURCE, Some(url.place.clone()), message, "");
            return;
        }
        let folder = self.grounds.child(&visit.at, &format!("components/{}", component.name.text));
        let source = Source::File { url: url.text.to_string() };
        let _ = self.fetch(trouble, source, component, &visit.entry, folder);
    }

    /// The folder of a chart.
    fn chart(&mut self, trouble: &mut Trouble<'_>, visit: &Visit) -> Option<At> {
        let component = &visit.component;
        let method = component.method();
        if !matches!(method, Method::Git | Method::Helm) {
            return self.join(trouble, &visit.at, &component.path);
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
            return self.fetch(trouble, source, component, &visit.entry, folder);
        }
        // Only the chart's folder is needed, not the whole repository.
        let inside = self.join(trouble, &At { ground: folder.ground, path: String::new() }, &component.path)?;
        let source = git(component, &inside.path);
        let folder = self.join(trouble, &folder, &component.path)?;
        let at = self.fetch(trouble, source, component, &visit.entry, folder)?;
        self.subcharts(trouble, visit, &at, &inside.path);
        Some(at)
    }

    /// Lays the subcharts that a chart from Git declares into its `charts/`. `path` is the chart's folder in its
    /// repository.
    fn subcharts(&mut self, trouble: &mut Trouble<'_>, visit: &Visit, at: &At, path: &str) {
        let component = &visit.component;
        for one in missing_dependencies(self.grounds.tree(at.ground), &at.path) {
            let place = Some(component.place.clone());
            let source = match one.repository.split_once("://") {
                Some(("http" | "https" | "oci", _)) => Source::Chart {
                    repository: one.repository.clone(),
                    name: one.name.clone(),
                    version: one.version.clone(),
                },
                Some(("file", relative)) => match normal(path, relative) {
                    Some(path) => git(component, &path),
                    None => {
                        let message = format!("subchart `{}` is outside of its repository", excerpt(&one.name));
                        trouble.error(codes::HLD_ESCAPE, place, message, "keep it in the repository of the chart");
                        continue;
                    }
                },
                _ => {
                    let message = format!("subchart `{}` names a repository by an alias", excerpt(&one.name));
                    let help = "write the repository's URL into the chart, or commit the subchart in `charts/`";
                    trouble.error(codes::HLD_BAD_SOURCE, place, message, help);
                    continue;
                }
            };
            if !name::check(trouble, &one.name, component.place.clone()) {
                continue;
            }
            let folder = self.grounds.child(at, &format!("charts/{}", one.name));
            let _ = self.fetch(trouble, source, component, &visit.entry, folder);
        }
    }

    /// The root of a tree from elsewhere, which lies at `folder`.
    fn fetch(
        &mut self,
        trouble: &mut Trouble<'_>,
        source: Source,
        component: &Component,
        entry: &str,
        folder: At,
    ) -> Option<At> {
        let place = component.source.place.clone();
        if source.url().is_empty() {
            let message = format!("a component with `method: {}` needs `source`", component.method.text);
            trouble.error(codes::HLD_BAD_SOURCE, Some(component.place.clone()), message, "");
            return None;
        }
        let locked = self.request.lock.get(&source).map(|locked| locked.digest.clone());
        let tree = locked.as_ref().map(|digest| self.request.store.tree(digest));
        let is_damaged = matches!(tree, Some(Err(Absence::Damaged)));
        let tree = tree.and_then(Result::ok);
        self.want(&source, component, entry, locked.as_ref(), tree.is_some());
        if let (Some(stated), Some(locked)) = (&component.digest, &locked)
            && stated != locked
        {
            let message =
                format!("`{source}` is locked to {}, the component states {}", locked.short(), stated.short());
            trouble.error(codes::HLD_NOT_LOCKED, Some(place), message, "lock it again, or correct `digest`");
            return None;
        }
        if let Some(tree) = tree {
            return Some(self.grounds.mount(folder, tree));
        }
        if locked.is_none() && self.grounds.has_folder(&folder) {
            let message = format!("`{source}` is taken from `{}` and not locked", self.grounds.shown(&folder));
            let help = "run `seaway hld lock`, so that the same commit renders the same tomorrow";
            trouble.trap(codes::HLD_NOT_LOCKED, Some(place), message, help);
            return Some(folder);
        }
        if !self.is_survey {
            let (code, message, help) = match locked {
                Some(_) if is_damaged => (
                    codes::SOURCE_DAMAGED,
                    format!("the kept copy of `{source}` is not what was locked"),
                    "run `seaway hld install`, which fetches it again",
                ),
                Some(_) => (codes::HLD_NOT_FETCHED, format!("`{source}` is not here"), "run `seaway hld install`"),
                None => (codes::HLD_NOT_LOCKED, format!("`{source}` is not locked"), "run `seaway hld lock`"),
            };
            trouble.error(code, Some(place), message, help);
        }
        None
    }

    fn want(
        &mut self,
        source: &Source,
        component: &Component,
        entry: &str,
        locked: Option<&seaway_core::digest::Digest>,
        is_here: bool,
    ) {
        if !self.known.insert(source.clone()) {
            return;
        }
        self.wanted.push(Wanted {
            token_variable: match source {
                Source::Git { .. } | Source::File { .. } => self.access.variable(source.url()).map(str::to_owned),
                Source::Chart { .. } => None,
            },
            asked_variable: match source {
                Source::Git { .. } | Source::File { .. } => self.access.asked(source.url()).map(str::to_owned),
                Source::Chart { .. } => None,
            },
            source: source.clone(),
            component: entry.to_owned(),
            place: component.source.place.clone(),
            stated: component.digest.clone(),
            locked: locked.cloned(),
            is_here,
        });
    }

    fn unused_config(&self, trouble: &mut Trouble<'_>, visit: &Visit) {
        let names: BTreeSet<&str> = visit.component.subcomponents.iter().map(|entry| &*entry.name.text).collect();
        for (key, config) in &visit.config.subcomponents {
            if names.contains(key.as_str()) {
                continue;
            }
            let help = match seaway_core::diagnostic::nearest(key, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or add the component".to_owned(),
            };
            let who = if visit.entry.is_empty() { "the root".to_owned() } else { format!("`{}`", visit.entry) };
            let message = format!("configuration for `{}`, which is no subcomponent of {who}", excerpt(key));
            trouble.trap(codes::HLD_UNUSED, config.mentioned.clone(), message, &help);
        }
    }

    fn unknown_environments(&self, trouble: &mut Trouble<'_>) {
        for environment in self.request.environments {
            if !self.seen.contains(environment) && environment != COMMON {
                let message = format!("no component has a file `config/{}.yaml`", excerpt(environment));
                trouble.trap(codes::HLD_UNUSED, None, message, "check the environment's name");
            }
        }
    }
}

/// A relative path without `.` and `..`, inside a repository.
fn normal(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn git(component: &Component, path: &str) -> Source {
    let text = |field: &Field| -> String { Arc::clone(&field.text).to_string() };
    Source::Git {
        url: text(&component.source),
        branch: text(&component.branch),
        version: text(&component.version),
        path: path.to_owned(),
    }
}
