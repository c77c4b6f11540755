//! From the root down, breadth first: which components there are, where each lives, and its merged configuration.

mod chart;
mod elsewhere;
mod unused;

use std::collections::{BTreeSet, VecDeque};

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
    reach::Part,
    source::Wanted,
    trouble::Trouble,
};
use crate::remote::{Source, without_credentials};

/// Most components of one run: ten thousand services with a chart each, and what groups them.
const COMPONENTS_MAX: usize = 25_000;
/// Deepest nesting of components. Fleets stay below 10.
const DEPTH_MAX: usize = 64;
/// Most environments of one set. Each reads a file of every component.
pub(super) const ENVIRONMENTS_MAX: usize = 64;
/// How far up paths may lead. Which of the three it is depends on who asks.
const HELP_ABOVE: &str = "paths go up as far as the Git work tree, the folder that `seaway hld --root` names, or a \
                          service's workspace; name another repository with `method: git`";
/// The environment that is always there, below all others.
const COMMON: &str = "common";

/// What a walk is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// What is missing is an error.
    Render,
    /// What is missing is only noted.
    Survey,
    /// Which parts of the repository any environment may look at: what is disabled counts, and nothing need be there.
    Reach,
}

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
    /// Parts of the repository that were looked at, when that is what the walk is for.
    pub(super) parts: BTreeSet<Part>,
    /// Environments that have a file somewhere.
    seen: BTreeSet<String>,
    mode: Mode,
}

impl<'a> Walk<'a> {
    /// Walks.
    pub(super) fn run(request: &'a Request<'a>, trouble: &mut Trouble<'_>, mode: Mode) -> Self {
        let mut walk = Self {
            request,
            grounds: Grounds::new(request.tree),
            files: Files::default(),
            access: Access::default(),
            visits: Vec::new(),
            wanted: Vec::new(),
            known: BTreeSet::new(),
            parts: BTreeSet::new(),
            seen: BTreeSet::new(),
            mode,
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
            Kind::Static => {
                if let Ok(folder) = self.grounds.join(&visit.at, &visit.component.path.text) {
                    self.ask(&folder, Part::Everything);
                }
            }
            Kind::Kustomize => {
                if visit.component.method() == Method::Git {
                    let mount = self.fetch_component(trouble, &visit.at, &visit.component, &visit.entry);
                    visit.chart = mount.and_then(|mount| self.join(trouble, &mount, &visit.component.path));
                }
                self.survey_kustomization(&visit);
            }
            Kind::Component | Kind::Unknown => {}
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
        if config.is_disabled() && self.mode != Mode::Reach {
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
        self.ask(at, Part::Component);
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

    /// Notes that a part of the repository is looked at.
    fn ask(&mut self, at: &At, part: impl FnOnce(String) -> Part) {
        if self.mode == Mode::Reach && at.ground == 0 {
            self.parts.insert(part(at.path.clone()));
        }
    }

    fn join(&self, trouble: &mut Trouble<'_>, from: &At, path: &Field) -> Option<At> {
        self.grounds
            .join(from, &path.text)
            .map_err(|why| {
                let message = format!("the path `{}` {why}", excerpt(&without_credentials(&path.text)));
                let help = help_above(from);
                trouble.error(codes::HLD_ESCAPE, Some(path.place.clone()), message, help);
            })
            .ok()
    }
}

/// What to do about a path that leads out of a tree.
pub(super) fn help_above(from: &At) -> &'static str {
    match from.ground {
        0 => HELP_ABOVE,
        _ => "a fetched component reads only its own repository; name another one with `method: git`",
    }
}
