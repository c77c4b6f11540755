//! Patches: strategic merges and JSON patches, by name or by selector.

use std::rc::Rc;

use serde_json::Value;

use super::Context;
use crate::kustomize::{
    fault::{Fault, Outcome, quoted},
    ident::ResId,
    json::{from_json, to_json},
    json_patch::{self, Operation},
    merge::{Directive, Merger, map_directive},
    node::{Node, Tag},
    resource::{Memory, Resource, blame},
    select::Matcher,
    set::Set,
    settings::Selector,
};

/// Stands for the annotations that Kustomize keeps on an object while it builds.
const MARK: &str = "internal.config.kubernetes.io/previousNames";

/// A patch that was read.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) form: Form,
    pub(crate) target: Option<Selector>,
    pub(crate) allows_name_change: bool,
    pub(crate) allows_kind_change: bool,
    /// The file of the patch, or of the kustomization that it stands in.
    pub(crate) file: Rc<str>,
}

/// What a patch is.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Parts of objects.
    Strategic(Vec<Node>),
    /// Operations.
    Json(Vec<Operation>),
}

impl Ready {
    /// An entry of `patches`.
    pub(crate) fn run(&self, set: &mut Set, cx: Context<'_>) -> Outcome<()> {
        let done = match (&self.form, &self.target) {
            (Form::Strategic(patches), None) => patches.iter().try_for_each(|patch| {
                let index = only(set, patch, cx)?;
                set.list.get_mut(index).map_or(Ok(()), |target| self.merge(target, patch, cx))
            }),
            (Form::Strategic(patches), Some(target)) => self.merge_selected(set, patches, target, cx),
            (Form::Json(_), None) => {
                Err(Fault::step("a JSON patch needs a `target`").help("say with `target` which objects it changes"))
            }
            (Form::Json(operations), Some(target)) => select(set, target, cx)?.into_iter().try_for_each(|index| {
                let Some(resource) = set.list.get_mut(index) else { return Ok(()) };
                resource.remember_id(cx.scopes);
                change(resource, operations, cx)
            }),
        };
        done.map_err(|fault| blame(fault, &self.file, &Node::null()))
    }

    /// How many objects its target selects; `None` = it has no target and names its objects itself.
    pub(crate) fn selected(&self, set: &Set, cx: Context<'_>) -> Outcome<Option<usize>> {
        self.target.as_ref().map(|target| select(set, target, cx).map(|selected| selected.len())).transpose()
    }

    /// An entry of `patchesStrategicMerge`.
    pub(crate) fn run_by_name(&self, set: &mut Set, cx: Context<'_>) -> Outcome<()> {
        let Form::Strategic(patches) = &self.form else { return Ok(()) };
        let done = patches.iter().try_for_each(|patch| {
            let index = only(set, patch, cx)?;
            if let Some(target) = set.list.get_mut(index) {
                let patch = normalized(patch, target);
                self.merge(target, &patch, cx)?;
            }
            set.drop_gone();
            set.check_unique(cx.scopes)
        });
        done.map_err(|fault| blame(fault, &self.file, &Node::null()))
    }

    /// An entry of `patchesJson6902`, which does not note what the object was called.
    pub(crate) fn run_by_selector(&self, set: &mut Set, cx: Context<'_>) -> Outcome<()> {
        let (Form::Json(operations), Some(target)) = (&self.form, &self.target) else { return Ok(()) };
        let done = select(set, target, cx).and_then(|selected| {
            selected.into_iter().try_for_each(|index| match set.list.get_mut(index) {
                Some(resource) => change(resource, operations, cx),
                None => Ok(()),
            })
        });
        done.map_err(|fault| blame(fault, &self.file, &Node::null()))
    }

    fn merge_selected(&self, set: &mut Set, patches: &[Node], target: &Selector, cx: Context<'_>) -> Outcome<()> {
        let [patch] = patches else {
            return Err(Fault::step("a patch with a `target` holds one document, found several"));
        };
        for index in select(set, target, cx)? {
            let Some(resource) = set.list.get_mut(index) else { continue };
            let patch = normalized(patch, resource);
            self.merge(resource, &patch, cx)?;
        }
        set.drop_gone();
        set.check_unique(cx.scopes)
    }

    fn merge(&self, target: &mut Resource, patch: &Node, cx: Context<'_>) -> Outcome<()> {
        let (name, namespace) = (target.name().to_owned(), target.namespace().to_owned());
        let kind = target.kind().to_owned();
        if self.allows_name_change || self.allows_kind_change {
            target.remember_id(cx.scopes);
        }
        let merger = Merger { schema: cx.schema, budget: cx.budget };
        let Some(merged) = merger.merge(&target.node, patch)?.filter(|merged| !merged.is_empty()) else {
            target.node = Node::map();
            return Ok(());
        };
        target.node = merged;
        if forgets(patch)? {
            target.memory = Memory::default();
        }
        if !self.allows_kind_change {
            target.node.set("kind", Node::scalar(kind, Tag::Open));
        }
        if !self.allows_name_change {
            target.set_name(&name);
        }
        target.set_namespace(&namespace);
        Ok(())
    }
}

/// Whether a patch takes all annotations away, and with them what Kustomize remembers.
fn forgets(patch: &Node) -> Outcome<bool> {
    let Some(metadata) = patch.get("metadata") else { return Ok(false) };
    if map_directive(metadata)? == Some(Directive::Replace) {
        return Ok(true);
    }
    let Some(annotations) = metadata.get("annotations") else { return Ok(false) };
    Ok(annotations.is_null() || matches!(map_directive(annotations)?, Some(Directive::Replace | Directive::Delete)))
}

/// A patch that is applied to selected objects has the version of the object, and its labels and annotations are
/// text, null included.
fn normalized(patch: &Node, target: &Resource) -> Node {
    let mut copy = Resource::new(patch.clone(), &target.file);
    let (labels, annotations) = (copy.labels(), copy.annotations());
    copy.set_texts("labels", &labels);
    copy.set_texts("annotations", &annotations);
    let (name, namespace) = (copy.name().to_owned(), copy.namespace().to_owned());
    copy.set_name(&name);
    copy.set_namespace(&namespace);
    copy.node.set("apiVersion", Node::scalar(target.gvk().api_version(), Tag::Open));
    copy.node
}

fn select(set: &Set, target: &Selector, cx: Context<'_>) -> Outcome<Vec<usize>> {
    let matcher = Matcher::of(target, cx.budget)?;
    cx.budget.spend(set.list.len() as u64 * 64)?;
    let mut found = Vec::new();
    for (index, one) in set.list.iter().enumerate() {
        if !one.is_gone() && matcher.matches(one, cx.scopes, cx.budget)? {
            found.push(index);
        }
    }
    Ok(found)
}

/// The one object that a patch names.
fn only(set: &Set, patch: &Node, cx: Context<'_>) -> Outcome<usize> {
    cx.budget.spend(set.list.len() as u64 * 32)?;
    let resource = Resource::new(patch.clone(), &Rc::from(""));
    let id: ResId = resource.id(cx.scopes);
    match set.by_any_id(&id, cx.scopes).as_slice() {
        [index] => Ok(*index),
        [] => {
            let fault = Fault::step(format!("the patch is for {id}, which is not there"));
            let near = set.list.iter().find(|one| one.name() == id.name && one.kind() == id.gvk.kind);
            Err(match near {
                Some(near) => fault.help(format!("there is {} of {}", near.id(cx.scopes), near.gvk().api_version())),
                None => fault.help("a patch names the object by apiVersion, kind, namespace and name"),
            }
            .at("", patch.line, patch.column))
        }
        _ => {
            let message = format!("the patch is for {id}, which several objects are or were called");
            Err(Fault::step(message).at("", patch.line, patch.column))
        }
    }
}

/// Applies operations. What Kustomize remembers stands in annotations, so that they exist for the patch, and is
/// put back when the patch takes them away.
fn change(resource: &mut Resource, operations: &[Operation], cx: Context<'_>) -> Outcome<()> {
    cx.budget.spend(resource.node.weight())?;
    let has_memory = resource.memory.is_in_annotations(resource.is_generated);
    let mut document = to_json(&resource.node).map_err(|fault| resource.blame(fault))?;
    if has_memory && let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
        let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(serde_json::Map::new()));
        if annotations.is_null() {
            *annotations = Value::Object(serde_json::Map::new());
        }
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(MARK.to_owned(), Value::String(String::new()));
        }
    }
    json_patch::apply(&mut document, operations, cx.budget)
        .map_err(|fault| fault.within(&resource.id(cx.scopes).to_string()))?;
    if !document.is_object() {
        return Err(Fault::step(format!("the patch makes something else of {}", quoted(resource.name()))));
    }
    resource.node = from_json(&document);
    let mut annotations = resource.annotations();
    annotations.remove(MARK);
    resource.set_texts("annotations", &annotations);
    Ok(())
}
