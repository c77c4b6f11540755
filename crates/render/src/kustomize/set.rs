//! The objects of a build in their order, each once.

use std::collections::BTreeSet;

use super::{
    budget::{Budget, RESOURCES_MAX, too_large},
    fault::{Fault, Outcome},
    ident::ResId,
    node::Node,
    resource::{Behavior, Resource},
    schema::Scopes,
};

/// Work of comparing the name of one object.
const LOOKUP_WORK: u64 = 40;

/// Objects in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    pub(crate) list: Vec<Resource>,
}

impl Set {
    /// Adds objects that must not be there yet.
    pub(crate) fn append_all(&mut self, more: Vec<Resource>, scopes: &Scopes) -> Outcome<()> {
        if self.list.len() + more.len() > RESOURCES_MAX {
            return Err(too_large(format!("the build has more than {RESOURCES_MAX} objects")));
        }
        let mut known: BTreeSet<_> = self.list.iter().map(|one| one.id(scopes).key()).collect();
        for resource in more {
            let id = resource.id(scopes);
            if !known.insert(id.key()) {
                let message = format!("{id} is there already");
                let fault = Fault::step(message).help("name each object once, or change it with a patch");
                return Err(resource.blame(fault));
            }
            self.list.push(resource);
        }
        Ok(())
    }

    /// Adds generated objects, each by its own behavior.
    pub(crate) fn absorb_all(&mut self, more: Vec<Resource>, scopes: &Scopes, budget: &Budget) -> Outcome<()> {
        for resource in more {
            budget.spend(self.list.len() as u64 * LOOKUP_WORK)?;
            self.absorb(resource, scopes)?;
        }
        Ok(())
    }

    fn absorb(&mut self, mut resource: Resource, scopes: &Scopes) -> Outcome<()> {
        let id = resource.id(scopes);
        let matches = self.by_any_id(&id, scopes);
        match (matches.as_slice(), resource.memory.behavior) {
            ([], Behavior::Create) if self.list.len() < RESOURCES_MAX => {
                self.list.push(resource);
                Ok(())
            }
            ([], Behavior::Create) => Err(too_large(format!("the build has more than {RESOURCES_MAX} objects"))),
            ([], Behavior::Merge | Behavior::Replace) => {
                let fault = Fault::step(format!("{id} does not exist, so nothing can be merged into it or replaced"));
                Err(fault.help("let the generator have the behavior `create`"))
            }
            ([_], Behavior::Create) => {
                let fault = Fault::step(format!("{id} is there already"));
                Err(fault.help("let the generator have the behavior `merge` or `replace`"))
            }
            ([index], behavior) => {
                let Some(old) = self.list.get_mut(*index) else { return Ok(()) };
                take_over(&mut resource, old, behavior);
                *old = resource;
                // What took over may now have the name of another object.
                let id = old.id(scopes);
                if self.list.iter().filter(|one| one.id(scopes).is_same(&id)).count() > 1 {
                    return Err(Fault::step(format!("{id} is there twice")));
                }
                Ok(())
            }
            (_, _) => Err(Fault::step(format!("several objects are or were called {id}"))),
        }
    }

    /// Objects that have or had this id.
    pub(crate) fn by_any_id(&self, id: &ResId, scopes: &Scopes) -> Vec<usize> {
        let all = self.list.iter().enumerate();
        all.filter(|(_, one)| {
            !one.is_gone()
                && (one.name() == id.name || one.memory.previous.iter().any(|previous| previous.name == id.name))
                && one.any_ids(scopes).any(|own| own.is_same(id))
        })
        .map(|(index, _)| index)
        .collect()
    }

    pub(crate) fn drop_gone(&mut self) {
        self.list.retain(|one| !one.is_gone());
    }

    /// Refuses two objects of one id.
    pub(crate) fn check_unique(&self, scopes: &Scopes) -> Outcome<()> {
        let mut known = BTreeSet::new();
        for one in &self.list {
            let id = one.id(scopes);
            if !known.insert(id.key()) {
                return Err(one.blame(Fault::step(format!("{id} is there twice"))));
            }
        }
        Ok(())
    }
}

/// A generated object takes the name and the past of the one that it replaces or merges with.
fn take_over(new: &mut Resource, old: &Resource, behavior: Behavior) {
    let own = (new.labels(), new.annotations());
    let mut labels = old.labels();
    labels.extend(own.0);
    let origin = old.annotations().get(super::origin::ORIGIN).cloned();
    let mut annotations = old.annotations();
    annotations.extend(own.1);
    if let (Behavior::Merge, Some(origin)) = (behavior, origin) {
        annotations.insert(super::origin::ORIGIN.to_owned(), origin);
    }
    new.set_texts("labels", &labels);
    new.set_texts("annotations", &annotations);
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    new.vars.clone_from(&old.vars);
    let needs_hash = new.memory.needs_hash && old.memory.needs_hash;
    let is_plain_old = !old.is_generated;
    new.memory = super::resource::Memory { needs_hash, ..old.memory.clone() };
    if is_plain_old {
        new.is_generated = old.is_generated;
    }
    if behavior == Behavior::Merge {
        for key in ["data", "binaryData"] {
            merge_data(&mut new.node, &old.node, key);
        }
    }
}

/// Text entries of both, the new one's first; like all data that generators write.
fn merge_data(new: &mut Node, old: &Node, key: &str) {
    let mut merged = std::collections::BTreeMap::new();
    for node in [old.get(key), new.get(key)].into_iter().flatten() {
        for field in node.fields() {
            merged.insert(field.key.text.clone(), field.value.value().to_owned());
        }
    }
    new.remove(key);
    if merged.is_empty() {
        return;
    }
    let mut map = Node::map();
    if let Some(fields) = map.fields_mut() {
        for (name, text) in merged {
            fields.push(super::node::Field { key: super::node::Key::open(&name), value: Node::text(text) });
        }
    }
    new.set(key, map);
}
