//! How lists of a kind are merged, and which kinds belong to no namespace.
//!
//! Kustomize carries the OpenAPI of one Kubernetes release and so does this, pruned to what a merge can ask for:
//! `schema.json`, made by `cargo xtask kustomize-schema`. A kustomization may bring its own in `openapi.path`.
//! Kinds that the schema does not know have their lists replaced and are taken for namespaced.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use super::{
    fault::{Fault, Outcome},
    ident::Gvk,
};

/// What Kustomize has built in.
const BUILT_IN: &str = include_str!("schema.json");
/// Versions that `openapi.version` may name: those that Kustomize has built in.
pub(crate) const VERSIONS: [&str; 1] = ["v1.21.2"];
const DEFINITIONS: &str = "#/definitions/";
/// Most `$ref`s in a row.
const REFERENCES_MAX: usize = 64;

/// Index of a type in its schema.
pub(crate) type TypeId = usize;

/// Types by kind.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    types: Vec<Type>,
    by_kind: BTreeMap<(String, String), TypeId>,
    pub(crate) scopes: Scopes,
}

/// Kinds that certainly belong to no namespace, as `(apiVersion, kind)`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    cluster: BTreeSet<(String, String)>,
}

impl Scopes {
    pub(crate) fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        self.cluster.contains(&(gvk.api_version(), gvk.kind.clone()))
    }

    /// These and others.
    pub(crate) fn with(&self, other: &Self) -> Self {
        Self { cluster: self.cluster.union(&other.cluster).cloned().collect() }
    }
}

/// One type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Type {
    fields: BTreeMap<String, TypeId>,
    /// Type of fields that are not named.
    rest: Option<TypeId>,
    /// Type of the items of a list.
    pub(crate) items: Option<TypeId>,
    /// Whether lists of this type are merged item by item.
    pub(crate) is_merged: bool,
    /// The fields by which items are told apart; none for lists of plain values.
    pub(crate) keys: Vec<String>,
}

impl Schema {
    pub(crate) fn built_in() -> Arc<Self> {
        static SCHEMA: OnceLock<Arc<Schema>> = OnceLock::new();
        let read = || {
            let document = serde_json::from_str(BUILT_IN).unwrap_or_default();
            Arc::new(Self::of(&document).unwrap_or_default())
        };
        Arc::clone(SCHEMA.get_or_init(read))
    }

    /// A schema from an OpenAPI document and from what is built in.
    pub(crate) fn beside_built_in(mut document: Value) -> Outcome<Self> {
        let built_in: Value = serde_json::from_str(BUILT_IN).unwrap_or_default();
        if let (Some(own), Some(more)) =
            (document.as_object_mut(), built_in.get("definitions").and_then(Value::as_object))
        {
            let definitions = own.entry("definitions").or_insert_with(|| Value::Object(serde_json::Map::new()));
            if let Some(definitions) = definitions.as_object_mut() {
                definitions.extend(more.clone());
            }
        }
        Self::of(&document)
    }

    /// A schema from an OpenAPI document.
    pub(crate) fn of(document: &Value) -> Outcome<Self> {
        let mut builder = Builder { definitions: BTreeMap::new(), schema: Self::default() };
        let definitions = document.get("definitions").and_then(Value::as_object);
        for name in definitions.into_iter().flat_map(|all| all.keys()) {
            builder.definitions.insert(name.clone(), builder.schema.types.len());
            builder.schema.types.push(Type::default());
        }
        for (name, definition) in definitions.into_iter().flatten() {
            let made = builder.make(definition)?;
            if let Some(id) = builder.definitions.get(name).copied() {
                // Extensions beside a `$ref` do not count.
                let made = builder.resolved(definition, made);
                if let (Some(slot), Some(made)) = (builder.schema.types.get_mut(id), made) {
                    *slot = made;
                }
                builder.kinds(definition, id);
            }
        }
        builder.scopes(document);
        Ok(builder.schema)
    }

    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.by_kind.get(&(api_version.to_owned(), kind.to_owned())).copied()
    }

    pub(crate) fn get(&self, id: TypeId) -> Option<&Type> {
        self.types.get(id)
    }

    pub(crate) fn field(&self, id: TypeId, name: &str) -> Option<TypeId> {
        let found = self.types.get(id)?;
        found.fields.get(name).copied().or(found.rest)
    }
}

struct Builder {
    definitions: BTreeMap<String, TypeId>,
    schema: Schema,
}

impl Builder {
    /// A type of its own for a schema; references become the type that they name.
    fn make(&mut self, schema: &Value) -> Outcome<Type> {
        let mut made = Type::default();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if let Some(id) = self.id(property)? {
                made.fields.insert(name.clone(), id);
            }
        }
        if let Some(rest) = schema.get("additionalProperties").filter(|rest| rest.is_object()) {
            made.rest = self.id(rest)?;
        }
        if schema.get("type").is_some_and(|kind| kind == "array" || kind == &serde_json::json!(["array"]))
            && let Some(items) = schema.get("items")
        {
            made.items = self.id(items)?;
        }
        if let Some(strategy) = schema.get("x-kubernetes-patch-strategy").and_then(Value::as_str) {
            made.is_merged = strategy.split(',').any(|one| one == "merge");
            let listed = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            made.keys = match (listed, schema.get("x-kubernetes-patch-merge-key").and_then(Value::as_str)) {
                (Some(listed), _) => listed.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                (None, Some(key)) => vec![key.to_owned()],
                (None, None) => Vec::new(),
            };
        }
        Ok(made)
    }

    fn id(&mut self, schema: &Value) -> Outcome<Option<TypeId>> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix(DEFINITIONS).unwrap_or_default();
            return Ok(self.definitions.get(name).copied());
        }
        let made = self.make(schema)?;
        self.schema.types.push(made);
        Ok(Some(self.schema.types.len() - 1))
    }

    /// The type behind a definition that is itself a reference.
    fn resolved(&self, definition: &Value, made: Type) -> Option<Type> {
        let mut reference = definition.get("$ref").and_then(Value::as_str);
        if reference.is_none() {
            return Some(made);
        }
        let mut found = None;
        for _ in 0..REFERENCES_MAX {
            let name = reference?.strip_prefix(DEFINITIONS)?;
            found = self.definitions.get(name).and_then(|id| self.schema.types.get(*id)).cloned();
            reference = None;
        }
        found
    }

    fn kinds(&mut self, definition: &Value, id: TypeId) {
        let kinds = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
        for one in kinds.into_iter().flatten() {
            if let Some(key) = type_meta(one) {
                self.schema.by_kind.insert(key, id);
            }
        }
    }

    /// From the pruned form, or from the paths of a full document.
    fn scopes(&mut self, document: &Value) {
        let cluster = &mut self.schema.scopes.cluster;
        for one in document.get("clusterScoped").and_then(Value::as_array).into_iter().flatten() {
            if let Some((api_version, kind)) = one.as_str().and_then(|text| text.split_once(' ')) {
                cluster.insert((api_version.to_owned(), kind.to_owned()));
            }
        }
        let mut namespaced = BTreeSet::new();
        for (path, item) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
            let Some(key) = item.pointer("/get/x-kubernetes-group-version-kind").and_then(type_meta) else { continue };
            if path.contains("namespaces/{namespace}") {
                namespaced.insert(key);
            } else {
                cluster.insert(key);
            }
        }
        cluster.retain(|key| !namespaced.contains(key));
    }
}

fn type_meta(value: &Value) -> Option<(String, String)> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let (version, kind) = (text("version")?, text("kind")?);
    let api_version = match text("group") {
        Some(group) if !group.is_empty() => format!("{group}/{version}"),
        _ => version.to_owned(),
    };
    Some((api_version, kind.to_owned()))
}

/// Checks the version that a kustomization asks for.
pub(crate) fn check_version(version: &str) -> Outcome<()> {
    if VERSIONS.contains(&version) {
        return Ok(());
    }
    let message = format!("unknown `openapi.version` {}", super::fault::quoted(version));
    Err(Fault::field(message).help(format!("Kustomize knows `{}`", VERSIONS.join("`, `"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_knows_merge_keys_and_scopes() {
        let schema = Schema::built_in();
        let mut id = schema.of_kind("apps/v1", "Deployment").unwrap();
        for field in ["spec", "template", "spec", "containers"] {
            id = schema.field(id, field).unwrap();
        }
        let containers = schema.get(id).unwrap();
        assert!(containers.is_merged);
        assert_eq!(containers.keys, ["name"]);
        let ports = schema.field(containers.items.unwrap(), "ports").unwrap();
        assert_eq!(schema.get(ports).unwrap().keys, ["containerPort", "protocol"]);
        let gvk = |api: &str, kind: &str| Gvk::parse(api, kind);
        assert!(schema.scopes.is_cluster_scoped(&gvk("v1", "Namespace")));
        assert!(!schema.scopes.is_cluster_scoped(&gvk("v1", "Pod")));
        assert!(!schema.scopes.is_cluster_scoped(&gvk("example.com/v1", "Namespace")));
    }
}
