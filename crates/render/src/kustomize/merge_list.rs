//! Merging two lists whose items are told apart by some of their fields, or by themselves.
//!
//! The order of the result is that of Kustomize: what the patch brings comes first. Items are handled by index,
//! since one may be in the list of the object and in the result at once, and be looked up by either.

use super::{
    fault::{Fault, Outcome},
    merge::{Directive, Merger, map_directive},
    node::{Node, Shape, Tag},
    schema::{Type, TypeId},
};

/// Work of looking at one field of one item.
const LOOKUP_WORK: u64 = 4;

/// Both lists.
pub(crate) struct Items<'a> {
    merger: &'a Merger<'a>,
    kind: Option<TypeId>,
    keys: Vec<String>,
    arena: Vec<Node>,
    own: Vec<usize>,
    /// `None` when the patch says nothing of the list.
    patch: Option<Vec<usize>>,
    /// Whether the patch's items are the list's own.
    is_alone: bool,
}

impl<'a> Items<'a> {
    pub(crate) fn of(merger: &'a Merger<'a>, rules: &Type, own: &[Node], patch: Option<&[Node]>) -> Self {
        let arena: Vec<Node> = own.iter().chain(patch.unwrap_or_default()).cloned().collect();
        let (own, end) = (0..own.len(), arena.len());
        Self {
            merger,
            kind: rules.items,
            keys: rules.keys.clone(),
            patch: patch.map(|_| (own.end..end).collect()),
            own: own.collect(),
            arena,
            is_alone: false,
        }
    }

    /// A list of the patch that is merged with itself.
    pub(crate) fn alone(merger: &'a Merger<'a>, rules: &Type, items: &[Node]) -> Self {
        let mut made = Self::of(merger, rules, items, None);
        made.patch = Some(made.own.clone());
        made.is_alone = true;
        made
    }

    /// The merged list in the place of another.
    pub(crate) fn merge(mut self, place: &Node) -> Outcome<Option<Node>> {
        // Each item is looked up among all others, by fields that are looked up among its own.
        let fields: u64 = self.arena.iter().map(|item| 1 + item.fields().len() as u64).sum();
        let cost = (self.arena.len() as u64).saturating_mul(fields).saturating_mul(LOOKUP_WORK);
        self.merger.budget.spend(cost.saturating_add(self.weight()))?;
        let keys = std::mem::take(&mut self.keys);
        let ids = if keys.is_empty() {
            self.set(self.own_texts(), &[String::new()])?
        } else {
            let values = self.key_values(&keys);
            self.set(values, &keys)?
        };
        let items = ids.into_iter().filter_map(|id| self.arena.get(id).cloned()).collect();
        Ok(Some(Node { shape: Shape::List(items), line: place.line, column: place.column }))
    }

    fn weight(&self) -> u64 {
        self.arena.iter().map(Node::weight).sum()
    }

    /// Items of the patch, then those of the object.
    fn sources(&self) -> impl Iterator<Item = &Node> {
        let patch = self.patch.iter().flatten();
        patch.chain(&self.own).filter_map(|id| self.arena.get(*id))
    }

    fn own_texts(&self) -> Vec<Vec<String>> {
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for item in self.sources() {
            if seen.insert(item.raw()) {
                found.push(vec![item.raw().to_owned()]);
            }
        }
        found
    }

    fn key_values(&self, keys: &[String]) -> Vec<Vec<String>> {
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for item in self.sources() {
            let value = |key: &String| item.get(key).filter(|value| !value.is_empty()).map_or("", Node::raw).to_owned();
            let values: Vec<String> = keys.iter().map(value).collect();
            if seen.insert(values.clone()) {
                found.push(values);
            }
        }
        found
    }

    fn set(&mut self, mut list: Vec<Vec<String>>, keys: &[String]) -> Outcome<Vec<usize>> {
        if keys.len() > 1 {
            complete(&mut list);
        }
        let mut added: Vec<usize> = Vec::new();
        let mut used: Vec<String> = Vec::new();
        // Which keys any item has is the same for all of them.
        let present = present_keys(&list, keys);
        for values in &list {
            let (valid_keys, valid_values) = valid(&present, values, keys);
            let merged = self.one(&valid_keys, &valid_values)?;
            let gone =
                merged.and_then(|id| self.arena.get(id)).is_none_or(|node| node.is_null() || node.is_empty_map());
            match merged {
                Some(id) if !gone => {
                    self.complete_item(id, &valid_keys, &valid_values);
                    self.put(&mut added, Some(id), &valid_keys, &valid_values)?;
                }
                Some(_) | None => {
                    let mut own = std::mem::take(&mut self.own);
                    self.put(&mut own, None, &valid_keys, &valid_values)?;
                    self.own = own;
                }
            }
            used = valid_keys;
        }
        if list.is_empty() {
            return Ok(self.own.clone());
        }
        self.append_own(&mut added, &used)?;
        Ok(added)
    }

    /// Merges the items of both lists that have these keys.
    fn one(&mut self, keys: &[String], values: &[String]) -> Outcome<Option<usize>> {
        let (keys, values) = valid(&present_keys(&[values.to_vec()], keys), values, keys);
        let own = self.find(&self.own, &keys, &values);
        let patch = self.patch.as_ref().and_then(|patch| self.find(patch, &keys, &values));
        let node = |id: Option<usize>| id.and_then(|id| self.arena.get(id));
        match (own, patch) {
            (None, None) => Ok(None),
            (None, Some(id)) => {
                let walked = self.merger.walk(None, node(Some(id)), self.kind)?;
                Ok(walked.map(|walked| self.replace(id, walked)))
            }
            (Some(id), patch) if self.is_alone && patch == Some(id) => {
                let walked = node(Some(id)).map(|item| self.merger.item_alone(item, self.kind)).transpose()?.flatten();
                Ok(walked.map(|walked| self.replace(id, walked)))
            }
            (Some(id), patch) => {
                let walked = self.merger.walk(node(Some(id)), node(patch), self.kind)?;
                let is_replaced = match node(patch) {
                    Some(patch) if patch.is_map() => map_directive(patch)? == Some(Directive::Replace),
                    _ => false,
                };
                let Some(walked) = walked else { return Ok(None) };
                if is_replaced {
                    // The object's own item stays as it is beside the one that replaces it.
                    self.arena.push(walked);
                    return Ok(Some(self.arena.len() - 1));
                }
                Ok(Some(self.replace(id, walked)))
            }
        }
    }

    fn replace(&mut self, id: usize, node: Node) -> usize {
        if let Some(slot) = self.arena.get_mut(id) {
            *slot = node;
        }
        id
    }

    /// The first item with these values in these fields, or with this text.
    fn find(&self, ids: &[usize], keys: &[String], values: &[String]) -> Option<usize> {
        let first = values.first().map_or("", String::as_str);
        if keys.first().is_none_or(String::is_empty) {
            return ids.iter().copied().find(|id| self.arena.get(*id).is_some_and(|item| item.raw() == first));
        }
        let has_all = |item: &Node| {
            keys.iter().zip(values).all(|(key, value)| item.get(key).is_some_and(|own| own.raw() == value))
        };
        ids.iter().copied().find(|id| self.arena.get(*id).is_some_and(|item| item.is_map() && has_all(item)))
    }

    fn complete_item(&mut self, id: usize, keys: &[String], values: &[String]) {
        let Some(item) = self.arena.get_mut(id).filter(|item| item.is_map()) else { return };
        for (key, value) in keys.iter().zip(values) {
            if item.get(key).is_none() && !value.is_empty() {
                item.set(key, Node::scalar(value.clone(), Tag::Open));
            }
        }
    }

    /// Puts an item in the place of those with the same keys, or at the end; without an item they go.
    fn put(&self, ids: &mut Vec<usize>, item: Option<usize>, keys: &[String], values: &[String]) -> Outcome<()> {
        let sets_maps =
            keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|value| !value.is_empty());
        let mut kept = Vec::with_capacity(ids.len() + 1);
        let mut is_found = false;
        for id in ids.iter().copied() {
            let Some(node) = self.arena.get(id) else { continue };
            if node.is_null() || node.is_empty_map() {
                continue;
            }
            if !node.is_map() && sets_maps {
                kept.push(id);
                continue;
            }
            if has_keys(node, keys, values)? {
                is_found = true;
                kept.extend(item);
            } else if !values.is_empty() {
                kept.push(id);
            }
        }
        if let Some(item) = item.filter(|_| !is_found) {
            kept.push(item);
        }
        *ids = kept;
        Ok(())
    }

    /// The object's items take their places among what was added.
    fn append_own(&mut self, added: &mut Vec<usize>, keys: &[String]) -> Outcome<()> {
        let own = self.own.clone();
        for id in own {
            let Some(node) = self.arena.get(id) else { continue };
            if keys.first().is_none_or(String::is_empty) {
                self.put(added, Some(id), &[String::new()], &[node.raw().to_owned()])?;
                continue;
            }
            if !node.is_map() && !node.is_null() {
                let message = format!("expected a mapping as item of the list, found {}", node.kind());
                return Err(Fault::step(message).at("", node.line, node.column));
            }
            let mut values = Vec::new();
            for key in keys {
                match node.get(key) {
                    Some(value) => values.push(value.raw().to_owned()),
                    None => added.push(id),
                }
            }
            if keys.len() > 1 {
                self.put(added, None, keys, &values)?;
            }
            self.put(added, Some(id), keys, &values)?;
        }
        Ok(())
    }
}

/// Whether an item has the values; keys beyond the values count as the last one that was looked at.
fn has_keys(node: &Node, keys: &[String], values: &[String]) -> Outcome<bool> {
    let mut is_matched = false;
    for (index, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(index) {
            is_matched = if key.is_empty() {
                node.as_scalar().is_some() && node.value() == value
            } else if !node.is_map() {
                let message = format!("expected a mapping as item of the list, found {}", node.kind());
                return Err(Fault::step(message).at("", node.line, node.column));
            } else {
                node.get(key).is_some_and(|own| value.is_empty() || own.raw() == value)
            };
        }
        if !is_matched {
            return Ok(false);
        }
    }
    Ok(is_matched)
}

fn present_keys(list: &[Vec<String>], keys: &[String]) -> Vec<bool> {
    let has = |index: usize| list.iter().any(|values| values.get(index).is_some_and(|value| !value.is_empty()));
    (0..keys.len()).map(has).collect()
}

/// The keys that any item has, with the values of one; all of them when no item has any.
fn valid(present: &[bool], values: &[String], keys: &[String]) -> (Vec<String>, Vec<String>) {
    if !present.contains(&true) {
        return (keys.to_vec(), values.to_vec());
    }
    let is_present = |index: &usize| present.get(*index).copied().unwrap_or(false);
    let pick = |from: &[String]| {
        from.iter().enumerate().filter(|(index, _)| is_present(index)).map(|(_, one)| one.clone()).collect()
    };
    (pick(keys), pick(values))
}

/// Fills gaps in the values of one item from those of another that agrees with it.
fn complete(list: &mut [Vec<String>]) {
    for i in 0..list.len() {
        let Some(first) = list.get(i).cloned() else { continue };
        for j in 0..list.len() {
            let Some(merged) = list.get(j).and_then(|second| agree(&first, second)) else { continue };
            for index in [i, j] {
                if let Some(slot) = list.get_mut(index) {
                    slot.clone_from(&merged);
                }
            }
        }
    }
}

fn agree(first: &[String], second: &[String]) -> Option<Vec<String>> {
    if first.len() != second.len() {
        return None;
    }
    let mut has_common = false;
    let mut merged = Vec::with_capacity(first.len());
    for (a, b) in first.iter().zip(second) {
        if a == b {
            has_common = true;
            merged.push(a.clone());
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        } else {
            merged.push(if a.is_empty() { b.clone() } else { a.clone() });
        }
    }
    has_common.then_some(merged)
}
