//! The build: folders accumulate into each other, changes run at each, names are settled at the end.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

use seaway_core::diagnostic::{Diagnostic, Severity, codes};

use super::{
    budget::{Budget, LAYER_WORK, OBJECT_WORK, WORK_MAX},
    config::{self, Config},
    crds, defaults,
    fault::{Fault, Outcome},
    helm::ChartRenderer,
    json::to_json,
    kustomization::{COMPONENT, FILE_NAMES, Kustomization},
    load::{Folder, RemoteSources, is_remote},
    node::Node,
    objects,
    origin::{self, Origin},
    patch_files::legacy,
    read, references,
    resource::{Resource, blame},
    scalar::Words,
    schema::{self, Schema, Scopes},
    set::Set,
    sort,
    steps::Step,
    transform::{Context, hash},
    vars::{self, Vars},
};
use crate::Tree;

/// Everything of one build.
pub(crate) struct Build<'a> {
    pub(crate) charts: &'a dyn ChartRenderer,
    pub(crate) budget: Budget,
    schema: RefCell<(Arc<Schema>, Arc<Scopes>, bool)>,
    /// Objects of files that were read, since a base may be used more than once.
    read: RefCell<BTreeMap<Rc<str>, Rc<Vec<Node>>>>,
    defaults: Rc<Config>,
    pub(crate) warnings: RefCell<Vec<Diagnostic>>,
}

/// What a folder and those below it give.
#[derive(Default)]
pub(crate) struct Accumulator {
    pub(crate) set: Set,
    pub(crate) config: Rc<Config>,
    pub(crate) vars: Vars,
}

/// A folder with its kustomization.
pub(crate) struct Layer<'a> {
    pub(crate) folder: Folder<'a>,
    pub(crate) kustomization: Kustomization,
    /// Name of the kustomization's file in the folder.
    pub(crate) file_name: &'static str,
    /// The same in findings.
    pub(crate) here: Rc<str>,
    /// Where the folder is, when objects are to say where they come from.
    pub(crate) origin: Option<Origin>,
}

impl<'a> Build<'a> {
    pub(crate) fn new(charts: &'a dyn ChartRenderer) -> Self {
        let built_in = Schema::built_in();
        let scopes = Arc::new(built_in.scopes.clone());
        Self {
            charts,
            budget: Budget::new(WORK_MAX),
            schema: RefCell::new((built_in, scopes, false)),
            read: RefCell::default(),
            defaults: Rc::new(defaults::config()),
            warnings: RefCell::default(),
        }
    }

    /// The objects of the kustomization in a folder of a tree.
    pub(crate) fn run(&self, tree: &'a Tree, path: &str, remotes: &'a RemoteSources) -> Outcome<Vec<Resource>> {
        let folder = Folder::root(tree, path, remotes)?;
        let mut layer = self.layer(folder, None)?;
        let options = layer.kustomization.build_metadata.clone();
        if !options.is_empty() {
            layer.origin = Some(Origin::default());
        }
        self.use_schema(&layer, true)?;
        let mut done = self.accumulate(&layer, Accumulator::default())?;
        let scopes = self.scopes();
        hash::add_suffixes(&mut done.set, self.context(&self.schema(), &scopes))?;
        references::follow(&mut done.set, &done.config.name_references, &scopes, &self.budget)?;
        vars::fill(&mut done.set, &done.vars, &done.config.var_references, &self.budget)?;
        self.finish(done.set, &layer, &options)
    }

    fn finish(&self, mut set: Set, layer: &Layer<'_>, options: &[String]) -> Outcome<Vec<Resource>> {
        set.drop_gone();
        for resource in &set.list {
            super::resource::check(&resource.node).map_err(|fault| resource.blame(fault))?;
        }
        set.list.retain(|resource| !resource.is_local());
        let scopes = self.scopes();
        // A patch may have given one object the name of another.
        set.check_unique(&scopes)?;
        let order = layer.kustomization.sort_options.clone().unwrap_or_else(sort::default_order);
        sort::sort(&mut set.list, &order, |resource| resource.id(&scopes));
        let has = |option: &str| options.iter().any(|one| one == option);
        for resource in &mut set.list {
            if has(origin::MANAGED_BY_OPTION) {
                let (key, value) = origin::MANAGED_BY;
                if let Some(metadata) = resource.node.entry("metadata", Node::map)
                    && let Some(labels) = metadata.entry("labels", Node::map)
                {
                    labels.set(key, Node::text(value));
                }
            }
            let mut annotations = resource.annotations();
            let mut is_changed = false;
            for (key, option) in
                [(origin::ORIGIN, origin::ORIGIN_OPTION), (origin::TRANSFORMATIONS, origin::TRANSFORMATIONS_OPTION)]
            {
                is_changed |= !has(option) && annotations.remove(key).is_some();
            }
            if is_changed {
                resource.set_texts("annotations", &annotations);
            }
            let keeps_all = has(origin::ORIGIN_OPTION) && has(origin::TRANSFORMATIONS_OPTION);
            resource.tidy_annotations(!keeps_all);
        }
        Ok(set.list)
    }

    fn schema(&self) -> std::cell::Ref<'_, Schema> {
        std::cell::Ref::map(self.schema.borrow(), |(schema, _, _)| &**schema)
    }

    pub(crate) fn scopes(&self) -> Arc<Scopes> {
        Arc::clone(&self.schema.borrow().1)
    }

    fn context<'b>(&'b self, schema: &'b Schema, scopes: &'b Scopes) -> Context<'b> {
        Context { schema, scopes, budget: &self.budget }
    }

    /// Reads the kustomization of a folder.
    fn layer(&self, folder: Folder<'a>, origin: Option<Origin>) -> Outcome<Layer<'a>> {
        let found: Vec<&'static str> = FILE_NAMES.into_iter().filter(|name| folder.find(name).is_some()).collect();
        let file_name = match found.as_slice() {
            [name] => *name,
            [] => {
                let message = format!("the folder `{}` has no kustomization", excerpt(&folder.path()));
                let fault = Fault::new(codes::KUSTOMIZE_PATH, message);
                return Err(fault.help(format!("expected one of `{}`", FILE_NAMES.join("`, `"))));
            }
            _ => {
                let message = format!("the folder `{}` has several kustomizations", excerpt(&folder.path()));
                return Err(Fault::new(codes::KUSTOMIZE_PATH, message).help("keep one of them"));
            }
        };
        let here = folder.name_of(file_name);
        let kustomization = self.kustomization(&folder, file_name).map_err(|fault| in_file(fault, &here))?;
        for message in &kustomization.deprecated {
            let mut remark = Diagnostic::error(codes::KUSTOMIZE_DEPRECATED, *message);
            remark.severity = Severity::Remark;
            remark.place =
                Some(seaway_core::diagnostic::Place { file: here.to_string(), line: 0, column: 0, offset: 0, len: 0 });
            self.warnings.borrow_mut().push(remark);
        }
        Ok(Layer { folder, kustomization, file_name, here, origin })
    }

    fn kustomization(&self, folder: &Folder<'_>, file_name: &str) -> Outcome<Kustomization> {
        let text = folder.text(file_name)?;
        let node = read::document(text, Words::Legacy, &self.budget)?.unwrap_or_else(Node::null);
        Kustomization::read(&legacy(node))
    }

    /// A kustomization may bring its own schema; the first one counts for the whole build.
    fn use_schema(&self, layer: &Layer<'_>, is_root: bool) -> Outcome<()> {
        let settings = &layer.kustomization.open_api;
        let path = settings.get("path");
        let text = path.map(|path| layer.folder.text(path)).transpose()?;
        if self.schema.borrow().2 && !is_root {
            return Ok(());
        }
        let version = settings.get("version").filter(|version| !version.is_empty());
        let at = |fault| in_file(fault, &layer.here);
        match (text, settings.contains_key("version")) {
            (Some(_), true) => Err(at(Fault::field("`openapi` has `version` or `path`, not both"))),
            (Some(text), false) => {
                let own = self.own_schema(text, is_root).map_err(|fault| match path {
                    Some(path) => blame(fault, &layer.folder.name_of(path), &Node::null()),
                    None => fault,
                })?;
                let scopes = Schema::built_in().scopes.with(&own.scopes);
                *self.schema.borrow_mut() = (Arc::new(own), Arc::new(scopes), true);
                Ok(())
            }
            (None, _) => match version {
                Some(version) => {
                    schema::check_version(version).map_err(at)?;
                    self.schema.borrow_mut().2 = true;
                    Ok(())
                }
                None => Ok(()),
            },
        }
    }

    /// The schema of the tree's own root stands alone; one of a base comes when the built-in one is in use already.
    fn own_schema(&self, text: &str, is_root: bool) -> Outcome<Schema> {
        let node = read::document(text, Words::Legacy, &self.budget)?.unwrap_or_else(Node::null);
        let document = to_json(&legacy(node))?;
        if is_root { Schema::of(&document) } else { Schema::beside_built_in(document) }
    }

    /// Everything of a layer, laid over what is there.
    pub(crate) fn accumulate(&self, layer: &Layer<'a>, into: Accumulator) -> Outcome<Accumulator> {
        let kustomization = &layer.kustomization;
        let mut done = self.resources(layer, into, &kustomization.resources)?;
        let own = self.config(layer).map_err(|fault| in_file(fault, &layer.here))?;
        done.config = config::merged(&done.config, &own, &self.defaults)?;
        self.generate(layer, &mut done)?;
        for path in &kustomization.components {
            let folder = layer.folder.open(path).map_err(|fault| in_file(fault, &layer.here))?;
            done = self.base(layer, folder, path, done, true)?;
        }
        for step in self.transformers(layer, &done)? {
            self.transform(&step, &mut done.set).map_err(|fault| in_file(fault, &layer.here))?;
        }
        for step in self.external(layer, &kustomization.validators)? {
            self.validate(&step, &mut done.set).map_err(|fault| in_file(fault, &layer.here))?;
        }
        let scopes = self.scopes();
        vars::declare(&mut done.vars, &mut done.set, &kustomization.vars, &scopes)
            .map_err(|fault| in_file(fault, &layer.here))?;
        Ok(done)
    }

    pub(crate) fn transform(&self, step: &Step, set: &mut Set) -> Outcome<()> {
        self.budget.spend(set.list.len() as u64 * OBJECT_WORK)?;
        let scopes = self.scopes();
        let schema = Arc::clone(&self.schema.borrow().0);
        step.transformer.run(set, self.context(&schema, &scopes))?;
        if let Some(text) = &step.origin {
            for resource in &mut set.list {
                origin::add_transformation(resource, text);
            }
        }
        Ok(())
    }

    /// A validator changes nothing, except for a label that says that it was there.
    fn validate(&self, step: &Step, set: &mut Set) -> Outcome<()> {
        const VALIDATED_BY: &str = "validated-by";
        let before = set.clone();
        self.budget.spend(before.list.iter().map(|one| one.node.weight()).sum())?;
        let scopes = self.scopes();
        let schema = Arc::clone(&self.schema.borrow().0);
        step.transformer.run(set, self.context(&schema, &scopes))?;
        let mut after = set.clone();
        for resource in &mut after.list {
            let mut labels = resource.labels();
            if labels.remove(VALIDATED_BY).is_some() {
                resource.set_texts("labels", &labels);
            }
        }
        let is_same =
            before.list.len() == after.list.len() && before.list.iter().zip(&after.list).all(|(a, b)| a.node == b.node);
        if is_same { Ok(()) } else { Err(Fault::step("a validator changed objects, which validators must not")) }
    }

    /// Files of objects, and folders that are built on.
    pub(crate) fn resources(&self, layer: &Layer<'a>, mut into: Accumulator, paths: &[String]) -> Outcome<Accumulator> {
        for path in paths {
            let at = |fault| in_file(fault, &layer.here);
            if layer.folder.is_file(path) {
                let resources = self.file(layer, path).map_err(at)?;
                let scopes = self.scopes();
                into.set.append_all(resources, &scopes).map_err(at)?;
            } else {
                let folder = layer.folder.open(path).map_err(at)?;
                into = self.base(layer, folder, path, into, false)?;
            }
        }
        Ok(into)
    }

    fn file(&self, layer: &Layer<'a>, path: &str) -> Outcome<Vec<Resource>> {
        let name = if is_remote(path) { Rc::from(path) } else { layer.folder.name_of(path) };
        let text = layer.folder.text(path)?;
        let known = self.read.borrow().get(&name).cloned();
        let nodes = match known {
            Some(nodes) => nodes,
            None => {
                let nodes = objects::of_text(text, &self.budget).map_err(|fault| blame(fault, &name, &Node::null()))?;
                let nodes = Rc::new(nodes);
                self.read.borrow_mut().insert(Rc::clone(&name), Rc::clone(&nodes));
                nodes
            }
        };
        self.budget.spend(nodes.iter().map(Node::weight).sum())?;
        let mut resources: Vec<Resource> = nodes.iter().map(|node| Resource::new(node.clone(), &name)).collect();
        if let Some(origin) = &layer.origin {
            let text = origin.join(path).text();
            for resource in &mut resources {
                origin::set_origin(resource, &text);
            }
        }
        Ok(resources)
    }

    fn base(
        &self,
        layer: &Layer<'a>,
        folder: Folder<'a>,
        path: &str,
        mut into: Accumulator,
        is_component: bool,
    ) -> Outcome<Accumulator> {
        self.budget.spend(LAYER_WORK)?;
        let origin = layer.origin.as_ref().map(|origin| match is_remote(path) {
            true => Origin { path: folder.path(), repository: path.to_owned(), ..Origin::default() },
            false => origin.join(path),
        });
        let base = self.layer(folder, origin).map_err(|fault| in_file(fault, &layer.here))?;
        self.use_schema(&base, false)?;
        let is_kind = base.kustomization.kind == COMPONENT;
        if is_kind != is_component {
            let (wanted, found) =
                if is_component { (COMPONENT, "Kustomization") } else { ("Kustomization", COMPONENT) };
            let message = format!("expected the kind `{wanted}`, found `{found}`");
            let help = if is_component { "list it in `resources`" } else { "list it in `components`" };
            return Err(Fault::field(message).help(help).at(&base.here, 0, 0));
        }
        if is_component {
            return self.accumulate(&base, into);
        }
        let below = self.accumulate(&base, Accumulator::default())?;
        let scopes = self.scopes();
        let at = |fault| in_file(fault, &layer.here);
        into.set.append_all(below.set.list, &scopes).map_err(at)?;
        into.config = config::merged(&into.config, &below.config, &self.defaults).map_err(at)?;
        vars::merge(&mut into.vars, below.vars.into_values()).map_err(at)?;
        Ok(into)
    }

    /// The built-in field paths with those of the kustomization's files.
    fn config(&self, layer: &Layer<'_>) -> Outcome<Rc<Config>> {
        let mut own = Config::default();
        for path in &layer.kustomization.configurations {
            let name = layer.folder.name_of(path);
            let node = read::document(layer.folder.text(path)?, Words::Legacy, &self.budget)
                .and_then(|node| Config::read(&legacy(node.unwrap_or_else(Node::null))))
                .map_err(|fault| blame(fault, &name, &Node::null()))?;
            own = own.merge(&node)?;
        }
        let mut all = Rc::clone(&self.defaults);
        if own != Config::default() {
            all = Rc::new(Config::clone(&all).merge(&own)?);
        }
        for path in &layer.kustomization.crds {
            let name = layer.folder.name_of(path);
            let text = layer.folder.text(path)?;
            let read = || {
                let node = read::document(text, Words::Legacy, &self.budget)?;
                let node = node.ok_or_else(|| Fault::field("expected definitions, found nothing"))?;
                crds::config(&to_json(&legacy(node))?, &self.budget)
            };
            let more = read().map_err(|fault| blame(fault, &name, &Node::null()))?;
            all = Rc::new(Config::clone(&all).merge(&more)?);
        }
        Ok(all)
    }
}

/// A fault without a file is one of this file.
pub(crate) fn in_file(fault: Box<Fault>, file: &Rc<str>) -> Box<Fault> {
    blame(fault, file, &Node::null())
}

fn excerpt(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { seaway_core::diagnostic::excerpt(path) }
}
