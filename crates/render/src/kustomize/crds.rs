//! `crds`: OpenAPI definitions whose extensions say where custom kinds have names, labels and annotations.

use serde_json::Value;

use super::{
    budget::{Budget, LAYERS_MAX, too_large},
    config::{Config, NameReference},
    fault::Outcome,
    field_spec::{FieldSpec, merge_all},
    ident::Gvk,
};

/// Reads the field paths out of a file of definitions.
pub(crate) fn config(document: &Value, budget: &Budget) -> Outcome<Config> {
    let mut config = Config::default();
    for (name, definition) in document.as_object().into_iter().flatten() {
        let Some(properties) = properties(definition) else { continue };
        let is_kind = ["kind", "apiVersion", "metadata"].iter().all(|key| properties.contains_key(*key));
        if is_kind {
            let kind = name.rsplit('.').next().unwrap_or(name);
            let gvk = Gvk { kind: kind.to_owned(), ..Gvk::default() };
            let mut own = Config::default();
            Walk { document, gvk, config: &mut own, budget }.definition(name, &mut Vec::new())?;
            config = config.merge(&own)?;
        }
    }
    Ok(config)
}

fn properties(definition: &Value) -> Option<&serde_json::Map<String, Value>> {
    // Written with either case, since Go's decoder takes both.
    let schema = definition.get("Schema").or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_object()
}

struct Walk<'a> {
    document: &'a Value,
    gvk: Gvk,
    config: &'a mut Config,
    budget: &'a Budget,
}

impl Walk<'_> {
    fn definition(&mut self, name: &str, path: &mut Vec<String>) -> Outcome<()> {
        if path.len() > LAYERS_MAX {
            return Err(too_large(
                "the definitions of custom kinds are nested too deep, or name each other in a circle",
            ));
        }
        let Some(properties) = self.document.get(name).and_then(properties) else { return Ok(()) };
        for (key, property) in properties {
            self.budget.spend(64)?;
            path.push(key.clone());
            self.property(property, path)?;
            if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
                self.definition(reference, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn property(&mut self, property: &Value, path: &[String]) -> Outcome<()> {
        let text = |key: &str| property.get(key).and_then(Value::as_str);
        let here = || FieldSpec { gvk: self.gvk.clone(), path: path.join("/"), create: false };
        if text("x-kubernetes-annotation").is_some() {
            merge_all(&mut self.config.common_annotations, &[here()])?;
        }
        if text("x-kubernetes-label-selector").is_some() {
            merge_all(&mut self.config.common_labels, &[here()])?;
        }
        if text("x-kubernetes-identity").is_some() {
            merge_all(&mut self.config.name_prefix, &[here()])?;
        }
        let reference = (text("x-kubernetes-object-ref-api-version"), text("x-kubernetes-object-ref-kind"));
        if let (Some(version), Some(kind)) = reference {
            let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let mut field = here();
            field.path = format!("{}/{key}", field.path);
            let target = Gvk { version: version.to_owned(), kind: kind.to_owned(), ..Gvk::default() };
            self.config.refer(NameReference { target, fields: vec![field] })?;
        }
        Ok(())
    }
}
