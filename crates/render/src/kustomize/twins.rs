//! Values that Kustomize puts into several places of an object as one.
//!
//! A label that is set in the metadata, the selector and the template of an object at once is one node in Kustomize's
//! tree, so that whoever changes it later in one place changes it in all of them: an overlay that sets the same label
//! in the metadata alone changes the selector as well. People's output depends on it.

use std::collections::BTreeMap;

use super::{
    node::{Node, Scalar, Shape},
    set::Set,
};

/// The values of an object that are in several places.
type Twins = BTreeMap<u32, Scalar>;

/// Marks values that were added together.
pub(crate) fn mark(node: &mut Node, key: &str, twin: u32) {
    if let Some(scalar) = node.get_mut(key).and_then(Node::as_scalar_mut).filter(|scalar| scalar.twin == 0) {
        scalar.twin = twin;
    }
}

/// A number that no value of the object has yet.
pub(crate) fn next(node: &Node) -> u32 {
    let mut found = Twins::new();
    collect(node, &mut found);
    found.keys().next_back().map_or(1, |last| last.saturating_add(1))
}

/// What the objects hold in several places before a change.
pub(crate) fn before(set: &Set) -> Vec<Twins> {
    set.list
        .iter()
        .map(|resource| {
            let mut found = Twins::new();
            if resource.has_twins {
                collect(&resource.node, &mut found);
            }
            found
        })
        .collect()
}

/// Carries what a change did in one place to the others.
pub(crate) fn carry(set: &mut Set, before: &[Twins]) {
    for (resource, before) in set.list.iter_mut().zip(before) {
        let mut changed = Twins::new();
        if resource.has_twins && !before.is_empty() {
            differences(&resource.node, before, &mut changed);
        }
        if !changed.is_empty() {
            write(&mut resource.node, &changed);
        }
    }
}

fn collect(node: &Node, found: &mut Twins) {
    match &node.shape {
        Shape::Scalar(scalar) if scalar.twin != 0 => {
            found.insert(scalar.twin, scalar.clone());
        }
        Shape::Scalar(_) => {}
        Shape::List(items) => items.iter().for_each(|item| collect(item, found)),
        Shape::Map(fields) => fields.iter().for_each(|field| collect(&field.value, found)),
    }
}

fn differences(node: &Node, before: &Twins, changed: &mut Twins) {
    match &node.shape {
        Shape::Scalar(scalar) => {
            if before.get(&scalar.twin).is_some_and(|old| old != scalar) {
                changed.insert(scalar.twin, scalar.clone());
            }
        }
        Shape::List(items) => items.iter().for_each(|item| differences(item, before, changed)),
        Shape::Map(fields) => fields.iter().for_each(|field| differences(&field.value, before, changed)),
    }
}

fn write(node: &mut Node, changed: &Twins) {
    match &mut node.shape {
        Shape::Scalar(scalar) => {
            if let Some(new) = changed.get(&scalar.twin) {
                scalar.clone_from(new);
            }
        }
        Shape::List(items) => items.iter_mut().for_each(|item| write(item, changed)),
        Shape::Map(fields) => fields.iter_mut().for_each(|field| write(&mut field.value, changed)),
    }
}
