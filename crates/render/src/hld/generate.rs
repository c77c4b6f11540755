//! From the components to the files.

use std::collections::BTreeMap;

use seaway_core::{
    diagnostic::{Diagnostic, codes, has_errors},
    yaml::on_deep_stack,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Home, Hook, Lock, Settings, Store,
    charts::{ChartRequest, KustomizationRequest, Renderers},
    component::Method,
    document::{self, Document},
    ground::At,
    kinds::Kind,
    name,
    output::{self, Output},
    setting::Setting,
    trouble::Trouble,
    walk::{ENVIRONMENTS_MAX, Mode, Visit, Walk, help_above},
};
use crate::{Tree, scope::Scopes};

/// Namespace of a release whose configuration names none.
const NAMESPACE: &str = "default";

/// What to render.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The repository.
    pub tree: &'a Tree,
    /// Folder of the root component in it; empty = its root.
    pub folder: &'a str,
    /// What `hld.yaml` says.
    pub settings: &'a Settings,
    /// Environments, the first wins. `common` is always added below them.
    pub environments: &'a [String],
    /// The lock.
    pub lock: &'a Lock,
    /// Fetched trees.
    pub store: &'a dyn Store,
}

/// What a run made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Generated {
    /// `generated/<environments>`: the only folder whose content is replaced.
    pub folder: String,
    /// Files by path below that folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The components, parents first.
    pub components: Vec<Summary>,
    /// Hooks that were found.
    pub hooks: Vec<Hook>,
    /// Warnings and remarks.
    pub remarks: Vec<Diagnostic>,
}

/// One component that was reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Names of the entries that lead to it; empty for the root.
    pub component: String,
    /// Its own name.
    pub name: String,
    /// `component`, `helm`, `static`, `kustomize`, `unknown`.
    pub kind: &'static str,
    /// Its folder.
    pub folder: String,
    /// Its folder in the output; empty for the root.
    pub output: String,
}

/// Renders one environment set.
///
/// # Errors
/// All findings; nothing is made then.
pub fn generate(request: &Request<'_>, renderers: &dyn Renderers) -> Result<Generated, Vec<Diagnostic>> {
    on_deep_stack(|| run(request, renderers)).map_err(no_thread)?
}

/// The finding for a thread that cannot be started.
pub(crate) fn no_thread(error: std::io::Error) -> Vec<Diagnostic> {
    let message = format!("the definitions cannot be read now: {error}");
    vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")]
}

fn run(request: &Request<'_>, renderers: &dyn Renderers) -> Result<Generated, Vec<Diagnostic>> {
    let mut trouble = Trouble::new(request.settings);
    check_environments(&mut trouble, request.environments);
    if has_errors(&trouble.findings) {
        return Err(trouble.findings);
    }
    let walk = Walk::run(request, &mut trouble, Mode::Render);
    let hooks = hooks_of(&mut trouble, &walk);
    let mut making = Making { trouble, walk: &walk, renderers, scopes: Scopes::default() };
    let made: Vec<Made> = walk.visits.iter().map(|visit| making.make(visit)).collect();
    let mut output = Output::default();
    for (visit, made) in walk.visits.iter().zip(made) {
        let text = making.finish(visit, made);
        output.add(&mut making.trouble, visit, text);
    }
    let findings = making.trouble.findings;
    if has_errors(&findings) {
        return Err(findings);
    }
    let components = walk.visits.iter().map(|visit| summary(&walk, visit)).collect();
    let folder = output::folder(request.environments);
    Ok(Generated { folder, files: output.files, components, hooks, remarks: findings })
}

fn check_environments(trouble: &mut Trouble<'_>, environments: &[String]) {
    for environment in environments {
        name::check_environment(trouble, environment);
    }
    if environments.len() > ENVIRONMENTS_MAX {
        let message = format!("{} environments, expected at most {ENVIRONMENTS_MAX}", environments.len());
        trouble.error(codes::HLD_TOO_LARGE, None, message, "name those of one set");
    }
}

fn summary(walk: &Walk<'_>, visit: &Visit) -> Summary {
    Summary {
        component: visit.entry.clone(),
        name: visit.component.name.text.to_string(),
        kind: visit.component.kind.word(),
        folder: walk.grounds.shown(&visit.at),
        output: visit.logical.clone(),
    }
}

/// The hooks of all components, parents first, for a caller that runs them before it renders.
///
/// # Errors
/// All findings, when the components cannot be read.
pub fn hooks(request: &Request<'_>) -> Result<Vec<Hook>, Vec<Diagnostic>> {
    let find = || {
        let mut trouble = Trouble::new(request.settings);
        check_environments(&mut trouble, request.environments);
        if has_errors(&trouble.findings) {
            return Err(trouble.findings);
        }
        let walk = Walk::run(request, &mut trouble, Mode::Render);
        let hooks = hooks_of(&mut trouble, &walk);
        if has_errors(&trouble.findings) { Err(trouble.findings) } else { Ok(hooks) }
    };
    on_deep_stack(find).map_err(no_thread)?
}

/// Hooks are never run here; that they exist, and that nobody runs them, is said.
fn hooks_of(trouble: &mut Trouble<'_>, walk: &Walk<'_>) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for visit in &walk.visits {
        for (event, commands) in visit.component.hooks.iter().filter(|(_, commands)| !commands.is_empty()) {
            let trusted = &trouble.settings.trusted_hooks;
            let hook = Hook {
                component: visit.entry.clone(),
                event: *event,
                commands: commands.clone(),
                folder: walk.grounds.shown(&visit.at),
                is_remote: visit.at.ground != 0,
                is_trusted: trusted.contains(&visit.entry),
                home: Home { tree: walk.grounds.digest(visit.at.ground), path: visit.at.path.clone() },
            };
            if trouble.settings.are_hooks_run && hook.may_run() {
                hooks.push(hook);
                continue;
            }
            let whose = if hook.is_remote { "a hook of a fetched component" } else { "a hook" };
            let old = if trouble.is_strict() { "; hooks are deprecated" } else { "" };
            let who = if visit.entry.is_empty() { "the root".to_owned() } else { format!("`{}`", visit.entry) };
            let message = format!("{whose} is not run: `{event}` of {who}{old}");
            let help = if trouble.settings.are_hooks_run {
                "list the component in `trustedHooks` of `hld.yaml` when you trust it"
            } else {
                "do its work before rendering and commit the result, or ask for it with `--run-hooks`"
            };
            trouble.warning(codes::HLD_HOOK, Some(visit.component.place.clone()), message, help);
            hooks.push(hook);
        }
    }
    hooks
}

/// What a component made before namespaces are put in, which needs the definitions of all.
enum Made {
    Text(String),
    Objects(Vec<Document>),
}

struct Making<'a> {
    trouble: Trouble<'a>,
    walk: &'a Walk<'a>,
    renderers: &'a dyn Renderers,
    scopes: Scopes,
}

impl Making<'_> {
    fn make(&mut self, visit: &Visit) -> Made {
        if self.trouble.is_spent() {
            return Made::Text(String::new());
        }
        match visit.component.kind {
            Kind::Component | Kind::Unknown => Made::Text(String::new()),
            Kind::Static => Made::Text(self.files(visit).unwrap_or_default()),
            Kind::Helm => self.chart(visit),
            Kind::Kustomize => self.kustomization(visit),
        }
    }

    fn finish(&mut self, visit: &Visit, made: Made) -> String {
        let documents = match made {
            Made::Text(text) => return text,
            Made::Objects(documents) => documents,
        };
        match visit.config.namespace.as_ref().filter(|namespace| namespace.is_injected) {
            Some(namespace) => {
                let place = &visit.component.place;
                document::with_namespace(&mut self.trouble, &self.scopes, documents, &namespace.name, place)
            }
            None => document::plain(&documents),
        }
    }

    /// The files of a folder, one after another.
    fn files(&mut self, visit: &Visit) -> Option<String> {
        let component = &visit.component;
        let folder = match component.method() {
            Method::Http => self.walk.grounds.join(&visit.at, &format!("components/{}", component.name.text)),
            _ => self.walk.grounds.join(&visit.at, &component.path.text),
        };
        let place = Some(component.path.place.clone());
        let folder = match folder {
            Ok(folder) => folder,
            Err(why) => {
                let message = format!("the path `{}` {why}", seaway_core::diagnostic::excerpt(&component.path.text));
                self.trouble.error(codes::HLD_ESCAPE, place, message, help_above(&visit.at));
                return None;
            }
        };
        if !self.walk.grounds.has_folder(&folder) {
            // Missing downloads have been said.
            if component.method() != Method::Http {
                let message = format!("no folder `{}`", self.walk.grounds.shown(&folder));
                self.trouble.error(codes::HLD_STATIC, place, message, "`path` names the folder with the manifests");
            }
            return None;
        }
        let tree = self.walk.grounds.tree(folder.ground);
        let mut text = String::new();
        for (name, bytes) in tree.under(&folder.path) {
            let file = self.walk.grounds.place(&self.walk.grounds.child(&folder, name));
            if !self.trouble.spend(bytes.len() as u64 / 64) {
                return None;
            }
            if let Some((inner, _)) = name.split_once('/') {
                let message =
                    format!("expected only files in `{}`, found folder `{inner}`", self.walk.grounds.shown(&folder));
                let help = "give the folder a component of its own";
                self.trouble.error(codes::HLD_STATIC, place, message, help);
                return None;
            }
            let Ok(content) = std::str::from_utf8(bytes) else {
                self.trouble.error(codes::NOT_TEXT, Some(file), "expected UTF-8 text", "");
                return None;
            };
            if content.contains(crate::scope::DEFINITION) {
                self.learn(content);
            }
            text += &format!("---\n{content}\n");
        }
        Some(text)
    }

    fn chart(&mut self, visit: &Visit) -> Made {
        let component = &visit.component;
        let Some(at) = &visit.chart else { return Made::Text(String::new()) };
        let Some(chart) = self.subtree(visit, at, "Chart.yaml") else { return Made::Text(String::new()) };
        for (_, bytes) in chart.under("crds") {
            self.learn(&String::from_utf8_lossy(bytes));
        }
        let values = values(&visit.config.values);
        let namespace = visit.config.namespace.as_ref().map_or(NAMESPACE, |namespace| &*namespace.name);
        let release = visit.config.release.as_ref().map_or(&*component.name.text, |release| &*release.value);
        let request = ChartRequest { release, namespace, chart: &chart, values: &values, place: &component.place };
        let rendered = self.renderers.chart(&request);
        self.take(visit, rendered)
    }

    fn kustomization(&mut self, visit: &Visit) -> Made {
        let component = &visit.component;
        let at = match component.method() {
            // Missing ones have been said.
            Method::Git => visit.chart.clone().ok_or(None),
            _ => self.walk.grounds.join(&visit.at, &component.path.text).map_err(Some),
        };
        let at = match at {
            Ok(at) => at,
            Err(why) => {
                if let Some(why) = why {
                    let message =
                        format!("the path `{}` {why}", seaway_core::diagnostic::excerpt(&component.path.text));
                    let place = Some(component.path.place.clone());
                    self.trouble.error(codes::HLD_ESCAPE, place, message, help_above(&visit.at));
                }
                return Made::Text(String::new());
            }
        };
        let tree = self.walk.grounds.tree(at.ground);
        let request = KustomizationRequest { tree, folder: &at.path, place: &component.place };
        let rendered = self.renderers.kustomization(&request);
        self.take(visit, rendered)
    }

    fn take(&mut self, visit: &Visit, rendered: Result<String, Vec<Diagnostic>>) -> Made {
        let text = match rendered {
            Ok(text) => text,
            Err(findings) => {
                let who = &visit.entry;
                let message = format!("component `{who}` cannot be rendered");
                self.trouble.error(
                    codes::HLD_CHART,
                    Some(visit.component.place.clone()),
                    message,
                    "see the findings after this one",
                );
                findings.into_iter().for_each(|finding| self.trouble.add(finding));
                return Made::Text(String::new());
            }
        };
        let documents = document::objects(&mut self.trouble, &text, &visit.component.place);
        documents.iter().for_each(|document| self.scopes.learn(&document.value));
        Made::Objects(documents)
    }

    /// Learns the kinds that a file of definitions defines. What cannot be read teaches nothing.
    fn learn(&mut self, text: &str) {
        if self.trouble.spend(text.len() as u64 / 16)
            && let Ok(values) = crate::yaml::read_all(text, &mut crate::yaml::Limits::default())
        {
            values.iter().for_each(|value| self.scopes.learn(value));
        }
    }

    /// A folder as a tree of its own.
    fn subtree(&mut self, visit: &Visit, at: &At, needed: &str) -> Option<Tree> {
        let mut chart = Tree::new(self.walk.grounds.shown(at));
        for (path, bytes) in self.walk.grounds.files(at) {
            if !self.trouble.spend(1) {
                return None;
            }
            if let Err(finding) = chart.insert(path, std::sync::Arc::clone(bytes)) {
                self.trouble.add(finding);
                return None;
            }
        }
        if chart.get(needed).is_none() {
            let message = format!("no chart in `{}`: expected `{needed}` there", self.walk.grounds.shown(at));
            let place = visit.component.path.place.clone();
            self.trouble.error(codes::HLD_CHART, Some(place), message, "`path` names the chart's folder");
            return None;
        }
        Some(chart)
    }
}

fn values(settings: &BTreeMap<String, Setting>) -> Value {
    let map: Map<String, Value> = settings.iter().map(|(key, setting)| (key.clone(), setting.to_json())).collect();
    Value::Object(map)
}
