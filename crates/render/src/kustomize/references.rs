//! References by name: when an object is renamed, whoever names it follows.
//!
//! Only names that an object really had count, and among several objects with the name the one that shares the
//! prefixes and suffixes of the referrer. Objects do not change their own names here, so that all of them can be
//! looked up in what they were at the start.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    budget::Budget,
    config::NameReference,
    fault::{Fault, Outcome, quoted},
    field_spec::{FieldSpec, Make, apply, set_scalar},
    ident::{Gvk, NO_NAMESPACE, ResId},
    node::{Node, Shape, Tag},
    resource::Resource,
    schema::Scopes,
    set::Set,
};

const ACCOUNT: &str = "ServiceAccount";

/// What is known of an object while references are followed.
struct Known {
    id: ResId,
    previous: Vec<ResId>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

pub(crate) fn follow(set: &mut Set, references: &[NameReference], scopes: &Scopes, budget: &Budget) -> Outcome<()> {
    let known: Vec<Known> = set.list.iter().map(|resource| Known::of(resource, scopes)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, one) in known.iter().enumerate() {
        let names: BTreeSet<&str> = one.previous.iter().map(|id| id.name.as_str()).collect();
        for name in names {
            by_name.entry(name).or_default().push(index);
        }
    }
    if by_name.is_empty() {
        // Nothing was renamed; what is wrong with a binding is a fault all the same.
        return known.iter().zip(&set.list).try_for_each(|(own, resource)| bound_namespaces(resource, own).map(drop));
    }
    for (index, resource) in set.list.iter_mut().enumerate() {
        let Some(own) = known.get(index) else { continue };
        budget.spend(references.len() as u64 * 64)?;
        let original = own.previous.first().unwrap_or(&own.id).gvk.clone();
        let mut referrer = None;
        for reference in references {
            for spec in reference.fields.iter().filter(|spec| original.is_selected(&spec.gvk)) {
                let referrer = match &mut referrer {
                    Some(referrer) => referrer,
                    none => none.insert(Referrer::of(resource, own, &known, &by_name, budget)?),
                };
                let spec = FieldSpec { gvk: Gvk::default(), ..spec.clone() };
                referrer.update(&mut resource.node, &spec, &reference.target).map_err(|fault| resource.blame(fault))?;
            }
        }
    }
    Ok(())
}

impl Known {
    fn of(resource: &Resource, scopes: &Scopes) -> Self {
        Self {
            id: resource.id(scopes),
            previous: resource.previous_ids(scopes).collect(),
            prefixes: resource.memory.prefixes.clone(),
            suffixes: resource.memory.suffixes.clone(),
        }
    }

    fn original_namespace(&self) -> &str {
        self.previous.first().unwrap_or(&self.id).effective_namespace()
    }
}

struct Referrer<'a> {
    own: &'a Known,
    known: &'a [Known],
    by_name: &'a BTreeMap<&'a str, Vec<usize>>,
    budget: &'a Budget,
    /// Namespaces of the service accounts that a role binding names.
    bound: BTreeSet<String>,
    /// Group and kind of a binding's role.
    role: Option<Gvk>,
}

impl<'a> Referrer<'a> {
    fn of(
        resource: &Resource,
        own: &'a Known,
        known: &'a [Known],
        by_name: &'a BTreeMap<&'a str, Vec<usize>>,
        budget: &'a Budget,
    ) -> Outcome<Self> {
        let text = |node: &Node, key: &str| node.get(key).filter(|value| !value.is_null()).map(|v| v.raw().to_owned());
        let role = resource.node.get("roleRef").and_then(|role| {
            let (group, kind) = (text(role, "apiGroup")?, text(role, "kind")?);
            Some(Gvk { group, version: String::new(), kind })
        });
        let bound = bound_namespaces(resource, own)?;
        Ok(Self { own, known, by_name, budget, bound, role })
    }

    fn update(&self, node: &mut Node, spec: &FieldSpec, target: &Gvk) -> Outcome<()> {
        let is_role = spec.path.ends_with("roleRef/name");
        apply(node, spec, Make::Nothing, self.budget, &mut |field| {
            if field.is_null() {
                return Ok(());
            }
            match &mut field.shape {
                Shape::Scalar(_) => self.name(field, target, is_role),
                Shape::Map(_) => self.object(field, target, is_role),
                Shape::List(items) => {
                    items.iter_mut().filter(|item| !item.is_null()).try_for_each(|item| match &item.shape {
                        Shape::Scalar(_) => self.name(item, target, is_role),
                        Shape::Map(_) => self.object(item, target, is_role),
                        Shape::List(_) => Err(Fault::step("expected names in the list, found a list")),
                    })
                }
            }
        })
    }

    /// A field with the name.
    fn name(&self, field: &mut Node, target: &Gvk, is_role: bool) -> Outcome<()> {
        let found = self.select(field.raw(), target, is_role, |_| true, |a, b| a.id.name == b.id.name)?;
        let Some(found) = found.filter(|found| found.id.name != field.raw()) else { return Ok(()) };
        set_scalar(field, &found.id.name, Tag::Open)
    }

    /// A mapping with name and namespace.
    fn object(&self, field: &mut Node, target: &Gvk, is_role: bool) -> Outcome<()> {
        let Some(name) = field.get("name") else {
            let fault = Fault::step("expected a mapping with `name`, which a reference leads to");
            return Err(fault.at("", field.line, field.column));
        };
        let name = name.raw().to_owned();
        let same = |a: &Known, b: &Known| a.id.name == b.id.name && a.id.namespace == b.id.namespace;
        let found = match field.get("namespace").map(|namespace| namespace.raw().to_owned()) {
            None => self.select(&name, target, is_role, |_| true, same)?,
            Some(namespace) => {
                self.budget.spend(self.known.len() as u64)?;
                let was = |one: &Known| one.original_namespace() == namespace && namespace != NO_NAMESPACE;
                let is = |one: &Known| one.id.effective_namespace() == namespace && namespace != NO_NAMESPACE;
                if self.known.iter().any(|one| was(one) && self.may_reach(one)) {
                    self.select(&name, target, is_role, was, same)?
                } else {
                    self.select(&name, target, is_role, is, same)?
                }
            }
        };
        let Some(found) = found else { return Ok(()) };
        if found.id.name == name && found.id.namespace.is_empty() {
            return Ok(());
        }
        self.budget.keep(found.id.name.len() + found.id.namespace.len())?;
        field.set("name", Node::scalar(found.id.name.clone(), Tag::Open));
        if !found.id.namespace.is_empty() {
            field.set("namespace", Node::scalar(found.id.namespace.clone(), Tag::Open));
        }
        Ok(())
    }

    /// Whether an object can be referred to at all from here.
    fn may_reach(&self, one: &Known) -> bool {
        self.own.id.is_cluster_scoped
            || one.id.is_cluster_scoped
            || one.id.is_same_namespace(&self.own.id)
            || self.bound.contains(&one.id.namespace)
    }

    fn is_near(&self, one: &Known) -> bool {
        self.own.id.is_cluster_scoped
            || one.id.is_cluster_scoped
            || one.id.gvk.kind == ACCOUNT
            || one.id.is_same_namespace(&self.own.id)
    }

    fn select(
        &self,
        name: &str,
        target: &Gvk,
        is_role: bool,
        among: impl Fn(&Known) -> bool,
        are_same: impl Fn(&Known, &Known) -> bool,
    ) -> Outcome<Option<&'a Known>> {
        let Some(named) = self.by_name.get(name) else { return Ok(None) };
        self.budget.spend(named.len() as u64 * 8)?;
        let role = self.role.as_ref().filter(|_| is_role);
        let had_kind = |one: &Known, kind: &Gvk| one.previous.iter().any(|id| id.gvk.is_selected(kind));
        let mut found: Vec<&'a Known> = named
            .iter()
            .filter_map(|index| self.known.get(*index))
            .filter(|one| self.may_reach(one) && among(one) && had_kind(one, target))
            .filter(|one| role.is_none_or(|role| had_kind(one, role)) && self.is_near(one))
            .collect();
        if found.len() == 1 {
            return Ok(found.pop());
        }
        found.retain(|one| self.has_same_affixes(one, true));
        if found.len() > 1 {
            found.retain(|one| self.has_same_affixes(one, false));
        }
        let Some((first, rest)) = found.split_first() else { return Ok(None) };
        if rest.iter().all(|one| are_same(first, one)) {
            return Ok(Some(first));
        }
        let shown: Vec<String> = found.iter().take(4).map(|one| one.id.to_string()).collect();
        let message = format!("the name {} may mean several objects: {}", quoted(name), shown.join(", "));
        Err(Fault::step(message).help("give the objects names of their own"))
    }

    fn has_same_affixes(&self, one: &Known, may_be_empty: bool) -> bool {
        let fits = |a: &[String], b: &[String]| (may_be_empty && (a.is_empty() || b.is_empty())) || ends_alike(a, b);
        fits(&one.prefixes, &self.own.prefixes) && fits(&one.suffixes, &self.own.suffixes)
    }
}

/// The namespaces of the service accounts that a role binding names.
fn bound_namespaces(resource: &Resource, own: &Known) -> Outcome<BTreeSet<String>> {
    let mut bound = BTreeSet::new();
    if resource.kind() != "RoleBinding" || own.id.is_cluster_scoped {
        return Ok(bound);
    }
    for subject in resource.node.get("subjects").map_or(&[][..], Node::items) {
        let is_account = subject.get("kind").map_or("", Node::raw) == ACCOUNT;
        let Some(namespace) = subject.get("namespace").filter(|_| is_account) else { continue };
        if !matches!(namespace.as_scalar().map(|scalar| scalar.tag), Some(Tag::Text | Tag::Open)) {
            let message = format!("expected the namespace of a subject to be text, found {}", namespace.kind());
            let fault = Fault::step(message).at("", subject.line, subject.column);
            return Err(resource.blame(fault));
        }
        bound.insert(namespace.raw().to_owned());
    }
    Ok(bound)
}

/// Whether the shorter list is the end of the longer one; an empty one only of an empty one.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}
