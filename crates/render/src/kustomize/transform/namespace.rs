//! `namespace`: every namespaced object goes there, and so do the fields that name a namespace.

use std::collections::BTreeMap;

use super::Context;
use crate::kustomize::{
    fault::{Fault, Outcome, quoted},
    field_spec::{FieldSpec, Make, apply, set_entry},
    node::{Node, Tag},
    resource::{Resource, check_name},
    set::Set,
};

/// Which subjects of role bindings move.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// All service accounts.
    ServiceAccounts,
    None,
}

impl Subjects {
    pub(crate) fn named(name: &str) -> Outcome<Self> {
        match name {
            "" | "defaultOnly" => Ok(Self::Default),
            "allServiceAccounts" => Ok(Self::ServiceAccounts),
            "none" => Ok(Self::None),
            other => {
                let message = format!("unknown `setRoleBindingSubjects` {}", quoted(other));
                Err(Fault::field(message).help("one of `defaultOnly`, `allServiceAccounts`, `none`"))
            }
        }
    }
}

/// The change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Move {
    pub(crate) namespace: String,
    pub(crate) specs: Vec<FieldSpec>,
    /// Whether fields that have a value keep it.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
}

impl Move {
    pub(crate) fn run(&self, set: &mut Set, cx: Context<'_>) -> Outcome<()> {
        if self.namespace.is_empty() {
            return Ok(());
        }
        check_name("namespace", &self.namespace)?;
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for resource in &set.list {
            *counts.entry(resource.id(cx.scopes).key()).or_default() += 1;
        }
        for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
            let before = resource.id(cx.scopes).key();
            resource.remember_id(cx.scopes);
            self.object(resource, cx).map_err(|fault| resource.blame(fault))?;
            let id = resource.id(cx.scopes);
            if let Some(count) = counts.get_mut(&before) {
                *count = count.saturating_sub(1);
            }
            let count = counts.entry(id.key()).or_default();
            *count += 1;
            if *count > 1 {
                let message = format!("with namespace {} there are two objects {id}", quoted(&self.namespace));
                return Err(resource.blame(Fault::step(message)));
            }
        }
        Ok(())
    }

    /// One object, without noting what it was called.
    pub(crate) fn object(&self, resource: &mut Resource, cx: Context<'_>) -> Outcome<()> {
        let gvk = resource.gvk();
        let node = &mut resource.node;
        if !cx.scopes.is_cluster_scoped(&gvk) {
            let own = FieldSpec::any("metadata/namespace", true);
            apply(node, &own, Make::Scalar(Tag::Open), cx.budget, &mut |node| self.set(node, cx))?;
        }
        let is_binding = gvk.kind == "RoleBinding" || gvk.kind == "ClusterRoleBinding";
        if is_binding {
            self.subjects(node, cx)?;
        }
        let is_core = gvk.group.is_empty() && gvk.version == "v1";
        for spec in &self.specs {
            let is_own = spec.path == "metadata/namespace" || (spec.path == "metadata/name" && !is_core);
            let is_subject = is_binding
                && spec.path == "subjects/namespace"
                && ["RoleBinding", "ClusterRoleBinding"].contains(&spec.gvk.kind.as_str());
            if !is_own && !is_subject {
                apply(node, spec, Make::Scalar(Tag::Text), cx.budget, &mut |node| self.set(node, cx))?;
            }
        }
        Ok(())
    }

    fn set(&self, node: &mut Node, cx: Context<'_>) -> Outcome<()> {
        if self.unset_only && !node.value().is_empty() {
            return Ok(());
        }
        set_entry(node, "", &self.namespace, Tag::Text, cx.budget)
    }

    fn subjects(&self, node: &mut Node, cx: Context<'_>) -> Outcome<()> {
        let (key, value) = match self.subjects {
            Subjects::None => return Ok(()),
            Subjects::Default => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        let Some(subjects) = node.get_mut("subjects").filter(|subjects| !subjects.is_null()) else { return Ok(()) };
        let kind = subjects.kind();
        let Some(items) = subjects.items_mut() else {
            return Err(Fault::step(format!("expected `subjects` to be a list, found {kind}")));
        };
        for item in items {
            if item.get(key).is_none_or(|own| own.value() != value) {
                continue;
            }
            if let Some(field) = item.entry("namespace", || Node::scalar("", Tag::Open)) {
                self.set(field, cx)?;
            }
        }
        Ok(())
    }
}
