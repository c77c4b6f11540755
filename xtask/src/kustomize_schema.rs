//! `cargo xtask kustomize-schema`: what strategic merges of kustomizations know about Kubernetes' kinds.
//!
//! Kustomize 5.7 carries the OpenAPI of Kubernetes 1.21.2, and results depend on it: a list that a later release
//! taught to merge is replaced by Kustomize. So the table is made of that release's `swagger.json`
//! (`api/openapi-spec` of the Go module `k8s.io/kubernetes@v1.21.2`), pruned to what a merge can ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use anyhow::Context;
use serde_json::{Map, Value, json};

const OUTPUT: &str = "crates/render/src/kustomize/schema.json";
const REFERENCE: &str = "#/definitions/";
const KINDS: &str = "x-kubernetes-group-version-kind";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
/// More kinds than this are those of the API's own options.
const KINDS_MAX: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The `swagger.json` of the Kubernetes release that Kustomize carries
    swagger: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let text = fs::read_to_string(&args.swagger).with_context(|| format!("cannot read {}", args.swagger.display()))?;
    let table = table(&serde_json::from_str(&text)?);
    fs::write(OUTPUT, table.to_string()).with_context(|| format!("cannot write {OUTPUT}"))?;
    println!("wrote {OUTPUT}");
    Ok(())
}

fn table(document: &Value) -> Value {
    let empty = Map::new();
    let definitions = document["definitions"].as_object().unwrap_or(&empty);
    let pruned: BTreeMap<&String, Value> =
        definitions.iter().filter_map(|(name, schema)| Some((name, prune(schema)?))).collect();
    let useful = useful(&pruned);
    let kept: BTreeMap<&String, Value> = pruned
        .iter()
        .filter(|(name, _)| useful.contains(name.as_str()))
        .filter_map(|(name, schema)| Some((*name, drop_others(schema, &useful)?)))
        .collect();
    let is_kind = |name: &str| {
        let kinds = definitions[name][KINDS].as_array();
        kinds.is_some_and(|kinds| kinds.len() < KINDS_MAX && kinds.iter().all(|kind| kind["version"] != "v1alpha1"))
    };
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut waiting: Vec<String> = kept.keys().filter(|name| is_kind(name)).map(|name| (*name).clone()).collect();
    while let Some(name) = waiting.pop() {
        if let (Some(schema), true) = (kept.get(&name), reached.insert(name.clone())) {
            references(schema, &mut waiting);
        }
    }
    let mut out = Map::new();
    for (name, mut schema) in kept {
        if !reached.contains(name) {
            continue;
        }
        if is_kind(name) {
            schema[KINDS] = definitions[name][KINDS].clone();
        }
        out.insert(name.clone(), schema);
    }
    json!({"clusterScoped": cluster_scoped(document), "definitions": out})
}

/// What of a schema can matter to a merge; lists that are replaced as a whole do not, nor does what is in them.
fn prune(schema: &Value) -> Option<Value> {
    if schema["$ref"].is_string() {
        return Some(json!({"$ref": schema["$ref"]}));
    }
    if schema["type"] == "array" {
        let merges = schema[STRATEGY].as_str().is_some_and(|all| all.split(',').any(|one| one == "merge"));
        if !merges {
            return None;
        }
        let mut out = json!({"type": "array"});
        for key in [STRATEGY, "x-kubernetes-patch-merge-key", "x-kubernetes-list-map-keys"] {
            if !schema[key].is_null() {
                out[key] = schema[key].clone();
            }
        }
        if let Some(items) = prune(&schema["items"]) {
            out["items"] = items;
        }
        return Some(out);
    }
    if schema["additionalProperties"].is_object() {
        return prune(&schema["additionalProperties"]).map(|inner| json!({"additionalProperties": inner}));
    }
    let properties: Map<String, Value> = schema["properties"]
        .as_object()?
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), prune(property)?)))
        .collect();
    (!properties.is_empty()).then(|| json!({"properties": properties}))
}

fn inner(schema: &Value) -> impl Iterator<Item = &Value> {
    let properties = schema["properties"].as_object().into_iter().flat_map(Map::values);
    [&schema["items"], &schema["additionalProperties"]].into_iter().chain(properties).filter(|one| !one.is_null())
}

fn references(schema: &Value, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(REFERENCE)) {
        out.push(name.to_owned());
    }
    inner(schema).for_each(|one| references(one, out));
}

/// Definitions from which a list that merges can be reached.
fn useful(pruned: &BTreeMap<&String, Value>) -> BTreeSet<String> {
    fn merges(schema: &Value) -> bool {
        !schema[STRATEGY].is_null() || inner(schema).any(merges)
    }
    let mut found: BTreeSet<String> =
        pruned.iter().filter(|(_, schema)| merges(schema)).map(|(name, _)| (*name).clone()).collect();
    loop {
        let before = found.len();
        for (name, schema) in pruned {
            let mut all = Vec::new();
            references(schema, &mut all);
            if all.iter().any(|one| found.contains(one)) {
                found.insert((*name).clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

fn drop_others(schema: &Value, useful: &BTreeSet<String>) -> Option<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return useful.contains(reference.strip_prefix(REFERENCE)?).then(|| schema.clone());
    }
    let mut out = schema.clone();
    if !schema["items"].is_null() {
        match drop_others(&schema["items"], useful) {
            Some(items) => out["items"] = items,
            None => {
                out.as_object_mut()?.remove("items");
            }
        }
    }
    if !schema["additionalProperties"].is_null() {
        out["additionalProperties"] = drop_others(&schema["additionalProperties"], useful)?;
    }
    if let Some(properties) = schema["properties"].as_object() {
        let kept: Map<String, Value> = properties
            .iter()
            .filter_map(|(name, property)| Some((name.clone(), drop_others(property, useful)?)))
            .collect();
        if kept.is_empty() {
            return None;
        }
        out["properties"] = Value::Object(kept);
    }
    Some(out)
}

/// Kinds that are served without a namespace.
fn cluster_scoped(document: &Value) -> Vec<String> {
    let mut is_namespaced: BTreeMap<String, bool> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let kind = &item["get"][KINDS];
        let (Some(group), Some(version), Some(name)) =
            (kind["group"].as_str(), kind["version"].as_str(), kind["kind"].as_str())
        else {
            continue;
        };
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        if version != "v1alpha1" {
            *is_namespaced.entry(format!("{api_version} {name}")).or_default() |=
                path.contains("namespaces/{namespace}");
        }
    }
    is_namespaced.into_iter().filter(|(_, namespaced)| !namespaced).map(|(kind, _)| kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_merges_is_kept() {
        let document = json!({
            "definitions": {
                "Pod": {"properties": {"spec": {"$ref": "#/definitions/Spec"}, "status": {"$ref": "#/definitions/Status"}},
                    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}]},
                "Spec": {"properties": {
                    "containers": {"type": "array", "items": {"$ref": "#/definitions/Status"},
                        "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"},
                    "tolerations": {"type": "array", "items": {"type": "string"}}}},
                "Status": {"properties": {"phase": {"type": "string"}}},
            },
            "paths": {
                "/api/v1/namespaces/{namespace}/pods": {"get": {KINDS: {"group": "", "version": "v1", "kind": "Pod"}}},
                "/api/v1/pods": {"get": {KINDS: {"group": "", "version": "v1", "kind": "Pod"}}},
                "/api/v1/nodes": {"get": {KINDS: {"group": "", "version": "v1", "kind": "Node"}}},
            },
        });
        let expected = json!({
            "clusterScoped": ["v1 Node"],
            "definitions": {
                "Pod": {"properties": {"spec": {"$ref": "#/definitions/Spec"}},
                    "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}]},
                "Spec": {"properties": {"containers": {"type": "array", "x-kubernetes-patch-strategy": "merge",
                    "x-kubernetes-patch-merge-key": "name"}}},
            },
        });
        assert_eq!(table(&document), expected);
    }
}
