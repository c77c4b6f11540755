//! `buildMetadata`: annotations that say where an object comes from and what changed it.

use std::fmt::Write as _;

use super::{
    load::join_text,
    node::Tag,
    resource::Resource,
    scalar::{Words, resolve},
};

pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
/// What the label of Kustomize says; Seaway builds as this version does.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kustomize-v5.7.1");

/// Options of `buildMetadata`.
pub(crate) const ORIGIN_OPTION: &str = "originAnnotations";
pub(crate) const TRANSFORMATIONS_OPTION: &str = "transformerAnnotations";
pub(crate) const MANAGED_BY_OPTION: &str = "managedByLabel";

/// A place in the tree, or in the repository of a remote base.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) path: String,
    pub(crate) repository: String,
    pub(crate) reference: String,
}

impl Origin {
    pub(crate) fn join(&self, path: &str) -> Self {
        Self { path: join_text(&self.path, path), ..self.clone() }
    }

    /// For an object that is read from here.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        line(&mut out, "path", &self.path);
        line(&mut out, "repo", &self.repository);
        line(&mut out, "ref", &self.reference);
        out
    }

    /// For what a plugin that is configured here makes or changes.
    pub(crate) fn configured(&self, by: &Plugin) -> String {
        let mut out = String::new();
        line(&mut out, "repo", &self.repository);
        line(&mut out, "ref", &self.reference);
        line(&mut out, "configuredIn", &self.path);
        out.push_str("configuredBy:\n");
        for (key, value) in
            [("apiVersion", &by.api_version), ("kind", &by.kind), ("name", &by.name), ("namespace", &by.namespace)]
        {
            let mut inner = String::new();
            line(&mut inner, key, value);
            if !inner.is_empty() {
                out.push_str("  ");
                out.push_str(&inner);
            }
        }
        out
    }
}

/// A plugin's name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Plugin {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

impl Plugin {
    pub(crate) fn built_in(kind: &str) -> Self {
        Self { api_version: "builtin".to_owned(), kind: kind.to_owned(), ..Self::default() }
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    let is_plain = resolve(value, Words::Legacy).tag() == Tag::Text
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "._/-=:?&+~@ ".contains(c))
        && !value.contains(": ")
        && !value.starts_with(['-', '?', ':', '@', '&', ' ', '~', '=']);
    let written = if is_plain { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) };
    let _ = writeln!(out, "{key}: {written}");
}

pub(crate) fn set_origin(resource: &mut Resource, text: &str) {
    set(resource, ORIGIN, text.to_owned());
}

/// Notes that a transformer ran. An object without an origin is taken to come from it.
pub(crate) fn add_transformation(resource: &mut Resource, text: &str) {
    let annotations = resource.annotations();
    if !annotations.contains_key(ORIGIN) {
        set(resource, ORIGIN, text.to_owned());
        return;
    }
    let mut all = annotations.get(TRANSFORMATIONS).cloned().unwrap_or_default();
    for (index, line) in text.lines().enumerate() {
        all.push_str(if index == 0 { "- " } else { "  " });
        all.push_str(line);
        all.push('\n');
    }
    set(resource, TRANSFORMATIONS, all);
}

fn set(resource: &mut Resource, key: &str, text: String) {
    let mut annotations = resource.annotations();
    annotations.insert(key.to_owned(), text);
    resource.set_texts("annotations", &annotations);
}
