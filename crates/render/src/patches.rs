//! Patches of a service: the last change to rendered objects before they are completed, whatever kind of source made them.
//!
//! They are those of a kustomization, with its engine: strategic merges by name or selector, and JSON patches. Objects that
//! name no namespace are seen in the service's, which they get afterwards. Placeholders stand in values, never in keys.

use std::{collections::BTreeSet, rc::Rc, sync::Arc};

use seaway_core::{
    declaration::{Patch, PatchChange, PatchTarget, Service},
    diagnostic::{Diagnostic, Place, codes, excerpt},
    yaml::{self, Yaml, on_deep_stack},
};
use serde_json::Value;

use crate::{
    TargetContext, Tree,
    generated::{Filler, collect},
    kustomize::post::{
        Budget, Context, Fault, Field, Folder, Form, Gvk, Key, Node, Outcome, Ready, RemoteSources, Resource, Schema,
        Selector, Set, Settings, Shape, Tag, WORK_MAX, decode_operations, from_json_exact, patch as read_patch,
        to_json,
    },
    template::Placeholder,
};

/// The patches of a service, read once.
#[derive(Debug)]
pub(crate) struct Patches {
    list: Vec<One>,
    /// Every placeholder in them.
    pub(crate) placeholders: BTreeSet<Placeholder>,
}

#[derive(Debug)]
struct One {
    form: Form,
    target: Option<Selector>,
    /// Where it is declared.
    at: Place,
    /// The file of the change, and what to add to its lines.
    file: String,
    line: u32,
}

/// An object that was patched, and the position of the one that it was.
pub(crate) struct Patched {
    pub(crate) from: usize,
    pub(crate) manifest: Value,
}

impl Patches {
    /// Reads the patches of a service; `None` = it has none. `beside` holds their files.
    ///
    /// # Errors
    /// A finding for each that cannot be read.
    pub(crate) fn prepare(service: &Service, beside: &Tree) -> Result<Option<Arc<Self>>, Vec<Diagnostic>> {
        if service.patches.is_empty() {
            return Ok(None);
        }
        on_deep_stack(|| Self::read(service, beside)).map_err(no_thread)?.map(|read| Some(Arc::new(read)))
    }

    fn read(service: &Service, beside: &Tree) -> Result<Self, Vec<Diagnostic>> {
        let (mut list, mut findings, mut placeholders) = (Vec::new(), Vec::new(), BTreeSet::new());
        let budget = Budget::new(WORK_MAX);
        for patch in &service.patches {
            match One::read(service, patch, beside, &budget) {
                Ok(one) => {
                    one.placeholders(&mut placeholders);
                    list.push(one);
                }
                Err(finding) => findings.push(finding),
            }
        }
        if findings.is_empty() { Ok(Self { list, placeholders }) } else { Err(findings) }
    }

    /// Applies all patches, in their order, to the objects of a target.
    ///
    /// # Errors
    /// The first fault, and placeholders without a value.
    pub(crate) fn apply(
        &self,
        service: &Service,
        target: &TargetContext,
        objects: &[(Value, &str)],
    ) -> Result<(Vec<Patched>, Vec<Diagnostic>), Vec<Diagnostic>> {
        on_deep_stack(|| self.run(service, target, objects)).map_err(no_thread)?
    }

    fn run(
        &self,
        service: &Service,
        target: &TargetContext,
        objects: &[(Value, &str)],
    ) -> Result<(Vec<Patched>, Vec<Diagnostic>), Vec<Diagnostic>> {
        let budget = Budget::new(WORK_MAX);
        let schema = Schema::built_in();
        let cx = Context { schema: &schema, scopes: &schema.scopes, budget: &budget };
        let mut set = Set::default();
        let mut lent = Vec::with_capacity(objects.len());
        for (index, (manifest, _)) in objects.iter().enumerate() {
            // The position goes along as the name of the file.
            let mut resource = Resource::new(from_json_exact(manifest), &Rc::from(index.to_string()));
            lent.push(resource.namespace().is_empty());
            if resource.namespace().is_empty() && resource.node.is_map() {
                resource.set_namespace(&service.namespace);
            }
            set.list.push(resource);
        }
        let mut warnings = Vec::new();
        for one in &self.list {
            let form = one.filled(service, target)?;
            let ready = one.ready(form, service);
            let done = ready.selected(&set, cx).and_then(|selected| {
                if selected == Some(0) {
                    warnings.push(one.of_nothing());
                }
                ready.run(&mut set, cx)
            });
            done.map_err(|fault| vec![one.finding(&fault, objects)])?;
            set.drop_gone();
        }
        let mut patched = Vec::with_capacity(set.list.len());
        for mut resource in set.list {
            let from: usize = resource.file.parse().unwrap_or_default();
            if lent.get(from) == Some(&true) && resource.namespace() == service.namespace {
                resource.set_namespace("");
            }
            let manifest = to_json(&resource.node).map_err(|fault| {
                let file = objects.get(from).map_or("", |(_, file)| file);
                vec![finding_in(&fault, file, 0)]
            })?;
            patched.push(Patched { from, manifest });
        }
        Ok((patched, warnings))
    }
}

impl One {
    fn read(service: &Service, patch: &Patch, beside: &Tree, budget: &Budget) -> Result<Self, Diagnostic> {
        let at = patch.span.in_file(&service.file);
        let target = patch.target.as_ref().map(selector);
        let (file, line) = match &patch.change {
            PatchChange::File(path) => (path.clone(), 0),
            // The lines of a block begin below the key.
            PatchChange::Inline(node) => match &node.value {
                Yaml::Text(text) if text.contains('\n') => (service.file.clone(), node.span.line),
                Yaml::Text(_) => (service.file.clone(), node.span.line.saturating_sub(1)),
                Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::List(_) | Yaml::Map(_) => {
                    (service.file.clone(), 0)
                }
            },
        };
        let read = || match &patch.change {
            PatchChange::File(path) => text_form(path, "", target.clone(), beside, budget),
            PatchChange::Inline(node) => match &node.value {
                Yaml::Text(text) => text_form("", text, target.clone(), beside, budget),
                Yaml::List(_) => decode_operations(&node.to_json()).map(Form::Json),
                Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) | Yaml::Map(_) => Ok(Form::Strategic(vec![nodes(node)])),
            },
        };
        let one = Self { form: Form::Json(Vec::new()), target: target.clone(), at, file, line };
        let form = read().map_err(|fault| one.finding(&fault, &[]))?;
        if matches!(&form, Form::Json(operations) if operations.is_empty()) {
            return Err(one.finding(&Fault::step("the patch changes nothing"), &[]));
        }
        if one.target.is_none() && matches!(form, Form::Json(_)) {
            let fault = Fault::step("a JSON patch needs a `target`").help("say with `target` which objects it changes");
            return Err(one.finding(&fault, &[]));
        }
        Ok(Self { form, ..one })
    }

    fn placeholders(&self, found: &mut BTreeSet<Placeholder>) {
        match &self.form {
            Form::Strategic(patches) => patches.iter().for_each(|patch| collect_node(patch, found)),
            Form::Json(operations) => {
                operations.iter().filter_map(|one| one.value()).for_each(|value| collect(value, found));
            }
        }
    }

    /// The change with the values of a target.
    fn filled(&self, service: &Service, target: &TargetContext) -> Result<Form, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let mut filler = Filler { service, target, file: &self.file, findings: &mut findings };
        let mut form = self.form.clone();
        match &mut form {
            Form::Strategic(patches) => patches.iter_mut().for_each(|patch| fill(patch, &mut filler)),
            Form::Json(operations) => {
                operations.iter_mut().filter_map(|one| one.value_mut()).for_each(|value| filler.fill(value));
            }
        }
        if findings.is_empty() {
            return Ok(form);
        }
        for finding in &mut findings {
            finding.place = Some(self.at.clone());
            finding.hides_source = true;
        }
        Err(findings)
    }

    fn ready(&self, mut form: Form, service: &Service) -> Ready {
        // A patch that names its object by itself means the one in the service's namespace, like the object.
        if self.target.is_none()
            && let Form::Strategic(patches) = &mut form
        {
            for patch in patches {
                let mut named = Resource::new(std::mem::replace(patch, Node::null()), &Rc::from(""));
                if named.namespace().is_empty() && named.node.is_map() {
                    named.set_namespace(&service.namespace);
                }
                *patch = named.node;
            }
        }
        Ready {
            form,
            target: self.target.clone(),
            allows_name_change: false,
            allows_kind_change: false,
            file: Rc::from(""),
        }
    }

    fn of_nothing(&self) -> Diagnostic {
        let message = "the patch's `target` matches no object, so it changes nothing";
        let help = "correct `target`, or remove the patch; `seaway render` shows the objects";
        Diagnostic::warning(codes::PATCH_OF_NOTHING, message).at(self.at.clone()).help(help)
    }

    /// A fault at its place: in the change, in an object, or where the patch is declared.
    fn finding(&self, fault: &Fault, objects: &[(Value, &str)]) -> Diagnostic {
        let object = fault.place.as_ref().and_then(|(file, ..)| objects.get(file.parse::<usize>().ok()?));
        match (&fault.place, object) {
            (Some(_), Some((_, file))) => finding_in(fault, file, 0),
            (Some((_, line, _)), None) if *line > 0 => finding_in(fault, &self.file, self.line),
            _ => Diagnostic { place: Some(self.at.clone()), ..finding_in(fault, "", 0) },
        }
    }
}

fn finding_in(fault: &Fault, file: &str, lines: u32) -> Diagnostic {
    let mut finding = fault.diagnostic(|_| file.to_owned());
    finding.code = codes::PATCH;
    if let Some(place) = &mut finding.place {
        place.line = if place.line == 0 { 0 } else { place.line.saturating_add(lines) };
        // In a text inside of the declaration the indentation is not known.
        if lines > 0 {
            place.column = 0;
        }
    }
    finding
}

fn text_form(path: &str, text: &str, target: Option<Selector>, beside: &Tree, budget: &Budget) -> Outcome<Form> {
    let remotes = RemoteSources::none();
    let folder = Folder::root(beside, "", &remotes)?;
    if !path.is_empty() && beside.get(path).is_none() {
        return Err(Fault::step(format!("there is no file `{}`", excerpt(path))));
    }
    let settings = Settings { path: path.to_owned(), patch: text.to_owned(), target, ..Settings::default() };
    read_patch(&settings, &folder, &Rc::from(""), budget).map(|ready| ready.form)
}

fn selector(target: &PatchTarget) -> Selector {
    Selector {
        gvk: Gvk { group: target.group.clone(), version: target.version.clone(), kind: target.kind.clone() },
        name: target.name.clone(),
        namespace: target.namespace.clone(),
        annotations: target.annotation_selector.clone(),
        labels: target.label_selector.clone(),
    }
}

/// The nodes of the patch engine, with their places.
fn nodes(node: &yaml::Node) -> Node {
    let mut out = match &node.value {
        Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => from_json_exact(&node.to_json()),
        Yaml::Text(text) => {
            let mut out = Node::text(text.clone());
            if let Some(scalar) = out.as_scalar_mut() {
                scalar.is_quoted = node.is_quoted;
            }
            out
        }
        Yaml::List(items) => Shape::List(items.iter().map(nodes).collect()).into(),
        Yaml::Map(entries) => {
            let field = |entry: &yaml::Entry| Field { key: Key::text(&entry.key.text), value: nodes(&entry.value) };
            Shape::Map(entries.iter().map(field).collect()).into()
        }
    };
    (out.line, out.column) = (node.span.line, node.span.column);
    out
}

fn collect_node(node: &Node, found: &mut BTreeSet<Placeholder>) {
    match &node.shape {
        Shape::Scalar(scalar) => collect(&Value::String(scalar.text.clone()), found),
        Shape::List(items) => items.iter().for_each(|item| collect_node(item, found)),
        Shape::Map(fields) => fields.iter().for_each(|field| collect_node(&field.value, found)),
    }
}

/// Puts values in. A plain scalar that is nothing but a placeholder becomes its value; one in quotes stays text.
fn fill(node: &mut Node, filler: &mut Filler<'_>) {
    match &mut node.shape {
        Shape::List(items) => items.iter_mut().for_each(|item| fill(item, filler)),
        Shape::Map(fields) => fields.iter_mut().for_each(|field| fill(&mut field.value, filler)),
        Shape::Scalar(scalar) if scalar.text.contains("${") => {
            let is_text = scalar.is_quoted;
            let mut value = Value::String(scalar.text.clone());
            filler.fill(&mut value);
            let mut new = match value {
                Value::String(text) => Node::text(text),
                Value::Array(_) | Value::Object(_) | Value::Null => from_json_exact(&value),
                other if is_text => Node::scalar(other.to_string(), Tag::Text),
                other => from_json_exact(&other),
            };
            (new.line, new.column) = (node.line, node.column);
            *node = new;
        }
        Shape::Scalar(_) => {}
    }
}

fn no_thread(error: std::io::Error) -> Vec<Diagnostic> {
    let message = format!("the patches cannot be applied now: {error}");
    vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")]
}

#[cfg(test)]
mod tests;
