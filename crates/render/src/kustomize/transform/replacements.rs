//! `replacements`: the value of one field copied into others.

use super::Context;
use crate::kustomize::{
    budget::{DEPTH_MAX, KEPT_BYTE_WORK, check_weight, too_large},
    fault::{Fault, Outcome, quoted},
    field_path::{self, Made},
    ident::{Gvk, ResId},
    label_selector::LabelSelector,
    node::{Node, Tag},
    resource::Resource,
    set::Set,
    settings::{FieldOptions, Replacement, Selector, SourceSelector, TargetSelector},
};

const DEFAULT_PATH: &str = "metadata.name";

pub(crate) fn replace(set: &mut Set, replacements: &[Replacement], cx: Context<'_>) -> Outcome<()> {
    for replacement in replacements {
        let value = value(set, replacement, cx)?;
        let Some(targets) = &replacement.targets else { return Err(incomplete()) };
        for target in targets {
            apply(set, &value, target, cx)?;
        }
    }
    Ok(())
}

fn incomplete() -> Box<Fault> {
    Fault::field("a replacement needs a `source` and at least one of `targets`")
}

fn value(set: &Set, replacement: &Replacement, cx: Context<'_>) -> Outcome<Node> {
    if replacement.targets.is_none() {
        return Err(incomplete());
    }
    match (&replacement.source, &replacement.source_value) {
        (None, None) => Err(incomplete()),
        (Some(_), Some(_)) => Err(Fault::field("a replacement has `source` or `sourceValue`, not both")),
        (None, Some(text)) => Ok(Node::scalar(text.clone(), Tag::Open)),
        (Some(source), None) => source_value(set, source, cx),
    }
}

fn source_value(set: &Set, source: &SourceSelector, cx: Context<'_>) -> Outcome<Node> {
    let selector = id(&source.gvk, &source.name, &source.namespace);
    cx.budget.spend(set.list.len() as u64 * 64)?;
    let mut matches =
        set.list.iter().filter(|one| !one.is_gone() && ids(one).iter().any(|own| own.is_selected_by(&selector)));
    let shown = || shown(&source.gvk, &source.name);
    let Some(resource) = matches.next() else {
        return Err(Fault::step(format!("no object is the source {} of a replacement", shown())));
    };
    if matches.next().is_some() {
        return Err(Fault::step(format!("several objects are the source {} of a replacement", shown())));
    }
    let path = if source.field_path.is_empty() { DEFAULT_PATH } else { &source.field_path };
    let found = field_path::lookup(&resource.node, &field_path::split(path)?).map_err(|fault| resource.blame(fault))?;
    let Some(found) = found.filter(|found| !found.is_empty()) else {
        return Err(resource.blame(Fault::step(format!("the source {} has nothing at {}", shown(), quoted(path)))));
    };
    let options = source.options.as_ref().filter(|options| !options.delimiter.is_empty());
    let Some(options) = options else { return Ok(found.clone()) };
    let mut piece = found.clone();
    let Some(scalar) = piece.as_scalar_mut() else { return Err(no_scalar()) };
    let pieces: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
    let index = usize::try_from(options.index).ok();
    let Some(text) = index.and_then(|index| pieces.get(index)) else {
        let message = format!("there is no piece {} in {}", options.index, quoted(found.raw()));
        return Err(Fault::step(message));
    };
    scalar.text = (*text).to_owned();
    Ok(piece)
}

fn no_scalar() -> Box<Fault> {
    Fault::step("`delimiter` is for plain values alone")
}

fn shown(gvk: &Gvk, name: &str) -> String {
    let kind = if gvk.kind.is_empty() { "object" } else { &gvk.kind };
    format!("{} {}", seaway_core::diagnostic::excerpt(kind), quoted(name))
}

/// Replacements compare namespaces as written, for objects that have none as well.
fn id(gvk: &Gvk, name: &str, namespace: &str) -> ResId {
    ResId { gvk: gvk.clone(), name: name.to_owned(), namespace: namespace.to_owned(), is_cluster_scoped: false }
}

fn ids(resource: &Resource) -> Vec<ResId> {
    let gvk = resource.gvk();
    let mut ids = vec![id(&gvk, resource.name(), resource.namespace())];
    for one in &resource.memory.previous {
        let gvk = Gvk { kind: one.kind.clone(), ..gvk.clone() };
        ids.push(id(&gvk, &one.name, &one.namespace));
    }
    ids
}

fn apply(set: &mut Set, value: &Node, target: &TargetSelector, cx: Context<'_>) -> Outcome<()> {
    let Some(select) = &target.select else {
        return Err(Fault::field("each of `targets` needs a `select`"));
    };
    let filter = Filter::of(select, &target.reject)?;
    for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
        cx.budget.spend(64)?;
        if filter.takes(resource) {
            copy(resource, value, target, cx).map_err(|fault| resource.blame(fault))?;
        }
    }
    Ok(())
}

/// An id and selectors for annotations and labels; either may be missing.
type Reject = (Option<ResId>, Option<(LabelSelector, LabelSelector)>);

/// Which objects a target means. Here names are compared as they are.
struct Filter {
    select: (ResId, LabelSelector, LabelSelector),
    reject: Vec<Reject>,
}

impl Filter {
    fn of(select: &Selector, reject: &[Selector]) -> Outcome<Self> {
        let selectors = |selector: &Selector| {
            Ok::<_, Box<Fault>>((LabelSelector::parse(&selector.annotations)?, LabelSelector::parse(&selector.labels)?))
        };
        let own = |selector: &Selector| id(&selector.gvk, &selector.name, &selector.namespace);
        let (annotations, labels) = selectors(select)?;
        let rejected = reject.iter().map(|one| {
            let has_texts = !one.annotations.is_empty() || !one.labels.is_empty();
            let texts = has_texts.then(|| selectors(one)).transpose()?;
            let id = own(one);
            Ok((Some(id).filter(|id| *id != ResId::default()), texts))
        });
        Ok(Self { select: (own(select), annotations, labels), reject: rejected.collect::<Outcome<_>>()? })
    }

    fn takes(&self, resource: &Resource) -> bool {
        let (select, annotations, labels) = &self.select;
        let (own_annotations, own_labels) = (resource.annotations(), resource.labels());
        let fits = |annotations: &LabelSelector, labels: &LabelSelector| {
            annotations.matches(&own_annotations) && labels.matches(&own_labels)
        };
        let ids = ids(resource);
        let is_rejected = self.reject.iter().any(|(id, texts)| {
            texts.as_ref().is_some_and(|(annotations, labels)| fits(annotations, labels))
                || id.as_ref().is_some_and(|id| ids.iter().any(|own| own.is_selected_by(id)))
        });
        fits(annotations, labels) && !is_rejected && ids.iter().any(|own| own.is_selected_by(select))
    }
}

fn copy(resource: &mut Resource, value: &Node, target: &TargetSelector, cx: Context<'_>) -> Outcome<()> {
    let default = [DEFAULT_PATH.to_owned()];
    let paths = if target.field_paths.is_empty() { &default[..] } else { &target.field_paths };
    let options = target.options.clone().unwrap_or_default();
    let made = if options.create { Made::like(value) } else { Made::Nothing };
    for path in paths {
        let parts = field_path::split(path)?;
        let found = field_path::visit(&mut resource.node, &parts, made, cx.budget, &mut |field| {
            cx.budget.spend(value.weight() * KEPT_BYTE_WORK)?;
            put(field, value, &options, cx)
        });
        if found.map_err(|fault| fault.within(&format!("at {}", quoted(path))))? == 0 {
            let fault =
                Fault::step(format!("{} has nothing at {}", shown(&resource.gvk(), resource.name()), quoted(path)));
            return Err(fault.help("`options: {create: true}` makes the field"));
        }
        let weight = resource.node.weight();
        cx.budget.spend(weight)?;
        check_weight(weight)?;
        if resource.node.depth() > DEPTH_MAX {
            return Err(too_large(format!("the object becomes deeper than {DEPTH_MAX} levels")));
        }
    }
    Ok(())
}

/// A plain field keeps its type and quotes; only its text changes.
fn put(field: &mut Node, value: &Node, options: &FieldOptions, cx: Context<'_>) -> Outcome<()> {
    let mut value = value.clone();
    if !options.delimiter.is_empty() {
        let Some(own) = field.as_scalar() else { return Err(no_scalar()) };
        cx.budget.keep(own.text.len() + options.delimiter.len())?;
        let mut pieces: Vec<&str> = own.text.split(options.delimiter.as_str()).collect();
        let text = value.value().to_owned();
        match usize::try_from(options.index) {
            Err(_) => pieces.insert(0, &text),
            Ok(index) => match pieces.get_mut(index) {
                Some(piece) => *piece = &text,
                None => pieces.push(&text),
            },
        }
        let joined = pieces.join(&options.delimiter);
        if let Some(scalar) = value.as_scalar_mut() {
            scalar.text = joined;
        }
    }
    match field.as_scalar_mut() {
        Some(own) => value.raw().clone_into(&mut own.text),
        None => *field = value,
    }
    Ok(())
}
