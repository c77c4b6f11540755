//! Strategic merge: a patch of the shape of an object is laid over it.
//!
//! Mappings merge by key, lists are replaced unless the schema of the kind says by which fields their items are
//! told apart, null takes away. `$patch: delete|replace|merge` in a mapping, or alone in an item of a list, says
//! otherwise. A mapping that the object does not have is walked through with itself, so that directives and nulls
//! in it take effect as well.

use std::collections::BTreeMap;

use super::{
    budget::{Budget, KEPT_BYTE_WORK},
    fault::{Fault, Outcome, quoted},
    merge_list::Items,
    node::{Field, Node, Shape},
    schema::{Schema, TypeId},
};

const DIRECTIVE: &str = "$patch";

/// What a patch asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Merges with the rules of a schema.
pub(crate) struct Merger<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) budget: &'a Budget,
}

impl Merger<'_> {
    /// The object with the patch over it; `None` when the patch deletes it.
    pub(crate) fn merge(&self, object: &Node, patch: &Node) -> Outcome<Option<Node>> {
        self.budget.spend(object.weight().saturating_add(patch.weight() * KEPT_BYTE_WORK))?;
        self.walk(Some(object), Some(patch), None)
    }

    /// One value of both. Null and missing are told apart, because a null with a text of its own stays.
    pub(crate) fn walk(&self, own: Option<&Node>, patch: Option<&Node>, kind: Option<TypeId>) -> Outcome<Option<Node>> {
        self.budget.spend(48)?;
        let kind = self.kind_of(kind, &[own, patch]);
        let solid = |node: Option<&Node>| node.is_some_and(|node| !node.is_null());
        let Some(first) = [own, patch].into_iter().flatten().find(|node| !node.is_null()) else {
            // Null in the object, and nothing in the patch.
            let kept = own.filter(|own| patch.is_none() && !own.raw().is_empty());
            return Ok(kept.cloned());
        };
        for node in [own, patch].into_iter().flatten().filter(|node| !node.is_null()) {
            same_shape(first, node)?;
        }
        match &first.shape {
            Shape::Scalar(_) => {
                let mut merged = patch.or(own).filter(|node| !node.is_null()).cloned();
                let twin = own.and_then(Node::as_scalar).map_or(0, |own| own.twin);
                if let Some(scalar) = merged.as_mut().and_then(Node::as_scalar_mut) {
                    scalar.twin = twin;
                }
                Ok(merged)
            }
            Shape::Map(_) => match (own, patch) {
                (Some(own), patch) if solid(Some(own)) => self.map(own, patch, kind),
                (_, Some(patch)) => self.alone(patch, kind, true),
                (_, None) => Ok(None),
            },
            Shape::List(_) => self.list(own.filter(|own| !own.is_null()), patch, kind),
        }
    }

    fn map(&self, own: &Node, patch: Option<&Node>, kind: Option<TypeId>) -> Outcome<Option<Node>> {
        let mut incoming: BTreeMap<&str, &Node> = BTreeMap::new();
        if let Some(patch) = patch {
            if patch.is_null() {
                return Ok(None);
            }
            match map_directive(patch)? {
                Some(Directive::Delete) => return Ok(None),
                Some(Directive::Replace) => return self.alone(patch, kind, false),
                Some(Directive::Merge) | None => {}
            }
            for field in patch.fields().iter().rev().filter(|field| field.key.text != DIRECTIVE) {
                incoming.insert(&field.key.text, &field.value);
            }
        }
        let mut fields = Vec::with_capacity(own.fields().len());
        for field in own.fields() {
            let name = field.key.text.as_str();
            let value = self.walk(Some(&field.value), incoming.remove(name), self.field(kind, name))?;
            if let Some(value) = value {
                fields.push(Field { key: field.key.clone(), value });
            }
        }
        if let Some(patch) = patch {
            for field in patch.fields() {
                let Some(value) = incoming.remove(field.key.text.as_str()) else { continue };
                if let Some(value) = self.walk(None, Some(value), self.field(kind, &field.key.text))? {
                    fields.push(Field { key: field.key.clone(), value });
                }
            }
        }
        Ok(Some(Node { shape: Shape::Map(fields), line: own.line, column: own.column }))
    }

    /// A value of the patch that the object does not have. `is_new` says that nothing stood there at all, where
    /// Kustomize does not look for a directive in a list, nor minds one that it does not know.
    fn alone(&self, patch: &Node, kind: Option<TypeId>, is_new: bool) -> Outcome<Option<Node>> {
        self.budget.spend(48)?;
        let kind = self.kind_of(kind, &[Some(patch)]);
        match &patch.shape {
            Shape::Scalar(_) => Ok((!patch.is_null()).then(|| patch.clone())),
            Shape::List(_) => self.list_alone(patch, kind, is_new),
            Shape::Map(fields) => {
                let directive = match map_directive(patch) {
                    Ok(directive) => directive,
                    Err(_) if is_new => None,
                    Err(fault) => return Err(fault),
                };
                if directive == Some(Directive::Delete) {
                    return Ok(None);
                }
                let mut kept = Vec::with_capacity(fields.len());
                for field in fields.iter().filter(|field| directive.is_none() || field.key.text != DIRECTIVE) {
                    if let Some(value) = self.alone(&field.value, self.field(kind, &field.key.text), false)? {
                        kept.push(Field { key: field.key.clone(), value });
                    }
                }
                Ok(Some(Node { shape: Shape::Map(kept), line: patch.line, column: patch.column }))
            }
        }
    }

    fn list(&self, own: Option<&Node>, patch: Option<&Node>, kind: Option<TypeId>) -> Outcome<Option<Node>> {
        let merged = kind.and_then(|kind| self.schema.get(kind)).filter(|kind| kind.is_merged);
        let Some(rules) = merged else {
            return Ok(patch.or(own).filter(|node| !node.is_null()).cloned());
        };
        let Some(own) = own else {
            return patch.map_or(Ok(None), |patch| self.list_alone(patch, kind, true));
        };
        let Some(patch) = patch else {
            return Items::of(self, rules, own.items(), None).merge(own);
        };
        if patch.is_null() {
            return Ok(None);
        }
        let (directive, rest) = list_directive(patch)?;
        match directive {
            Directive::Delete => Ok(None),
            Directive::Replace => Items::alone(self, rules, &rest).merge(patch),
            Directive::Merge => Items::of(self, rules, own.items(), Some(&rest)).merge(own),
        }
    }

    fn list_alone(&self, patch: &Node, kind: Option<TypeId>, is_new: bool) -> Outcome<Option<Node>> {
        let merged = kind.and_then(|kind| self.schema.get(kind)).filter(|kind| kind.is_merged);
        let Some(rules) = merged else { return Ok(Some(patch.clone())) };
        if is_new {
            return Items::alone(self, rules, patch.items()).merge(patch);
        }
        let (directive, rest) = list_directive(patch)?;
        if directive == Directive::Delete {
            return Ok(None);
        }
        Items::alone(self, rules, &rest).merge(patch)
    }

    /// An item of a list with itself.
    pub(crate) fn item_alone(&self, item: &Node, kind: Option<TypeId>) -> Outcome<Option<Node>> {
        self.alone(item, kind, false)
    }

    fn field(&self, kind: Option<TypeId>, name: &str) -> Option<TypeId> {
        self.schema.field(kind?, name)
    }

    /// The type that is known from above, or else that of the object that this is.
    fn kind_of(&self, kind: Option<TypeId>, nodes: &[Option<&Node>]) -> Option<TypeId> {
        kind.or_else(|| {
            nodes.iter().flatten().find_map(|node| {
                let (api_version, kind) = (node.get("apiVersion")?.value(), node.get("kind")?.value());
                self.schema.of_kind(api_version, kind)
            })
        })
    }
}

fn same_shape(a: &Node, b: &Node) -> Outcome<()> {
    let is_same = matches!(
        (&a.shape, &b.shape),
        (Shape::Scalar(_), Shape::Scalar(_)) | (Shape::List(_), Shape::List(_)) | (Shape::Map(_), Shape::Map(_))
    );
    if is_same {
        return Ok(());
    }
    let message = format!("the patch has {} where the object has {}", b.kind(), a.kind());
    Err(Fault::step(message).at("", b.line, b.column))
}

fn named(node: &Node) -> Outcome<Directive> {
    match node.raw() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => {
            let message = format!("expected `delete`, `replace` or `merge` after `$patch`, found {}", quoted(other));
            Err(Fault::step(message).at("", node.line, node.column))
        }
    }
}

/// The directive among the fields of a mapping.
pub(crate) fn map_directive(patch: &Node) -> Outcome<Option<Directive>> {
    patch.get(DIRECTIVE).map(named).transpose()
}

/// The directive of a list, which is an item with nothing else, and the items without it.
fn list_directive(patch: &Node) -> Outcome<(Directive, Vec<Node>)> {
    let items = patch.items();
    let found = items.iter().find_map(|item| item.get(DIRECTIVE).map(|value| (item, value)));
    let Some((_, value)) = found.filter(|(item, _)| item.fields().len() == 1) else {
        return Ok((Directive::Merge, items.to_vec()));
    };
    let directive = named(value)?;
    let has_it = |item: &Node| item.get(DIRECTIVE).is_some_and(|own| own.raw() == value.raw());
    let rest = items.iter().filter(|item| !has_it(item) && !item.is_null() && !item.is_empty_map());
    Ok((directive, rest.cloned().collect()))
}
