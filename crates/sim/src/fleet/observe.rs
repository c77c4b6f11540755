//! What a plan reads: the difference between wanted content and a simulated cluster.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    ids::TargetName,
    plan::{Change, FieldChange, ObjectChange, Observed, ServiceDifference},
    release::{Content, Rendered},
};
use serde_json::Value;

use super::{Fleet, cluster::Installed};

impl Fleet {
    /// What runs on a target at a time, compared with what shall run there.
    pub fn observed(&self, target: &TargetName, wanted: &[Arc<Content>], at_ms: i64) -> Observed {
        let Some(cluster) = self.clusters.get(target) else {
            return Observed::Unreachable { why: format!("the simulated fleet has no cluster `{target}`") };
        };
        if !cluster.weather.is_reachable(at_ms) {
            return Observed::Unreachable { why: format!("simulated: `{target}` does not answer") };
        }
        let none = Installed::default();
        let differences = wanted.iter().map(|content| {
            let installed = cluster.services.get(&content.service).unwrap_or(&none);
            (content.service.clone(), difference(installed, content))
        });
        Observed::Reached(differences.collect::<BTreeMap<_, _>>())
    }
}

fn difference(installed: &Installed, wanted: &Content) -> ServiceDifference {
    let edits = installed.edits(wanted);
    let mut changes: Vec<ObjectChange> = Vec::with_capacity(edits.len());
    for edit in &edits {
        let old = installed.content.as_deref();
        let change = match (edit.change, old) {
            (Change::Delete, Some(old)) => change(Change::Delete, &old.objects[edit.at], None),
            (kind, old) => {
                let object = &wanted.objects[edit.at];
                let before = old.and_then(|old| old.objects.iter().find(|o| o.entry.object == object.entry.object));
                change(kind, object, before)
            }
        };
        changes.push(change);
    }
    changes.sort_by(|a, b| a.object.cmp(&b.object));
    let written = edits.iter().filter(|edit| edit.change != Change::Delete).count();
    ServiceDifference {
        base: installed.base(&wanted.service),
        running: installed.content.as_ref().map(|content| content.digest.clone()),
        changes,
        unchanged: (wanted.objects.len() - written) as u32,
        inventory_stale: installed.next.is_some(),
    }
}

fn change(change: Change, object: &Rendered, before: Option<&Rendered>) -> ObjectChange {
    let mut found = Vec::new();
    if let Some(before) = before {
        if object.entry.sensitive {
            found.push(FieldChange { path: "data".to_owned(), before: None, after: None, sensitive: true });
        } else {
            fields("", Some(&before.manifest), Some(&object.manifest), &mut found);
        }
    }
    ObjectChange { object: object.entry.object.clone(), change, fields: found, why: String::new() }
}

/// The smallest fields that differ.
fn fields(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldChange>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                fields(&path, old.get(key), new.get(key), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                let name = new.get("name").and_then(Value::as_str).filter(|name| old["name"] == **name);
                let place = name.map_or_else(|| at.to_string(), |name| format!("name={name}"));
                fields(&format!("{path}[{place}]"), Some(old), Some(new), found);
            }
        }
        (before, after) => found.push(FieldChange {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
            sensitive: false,
        }),
    }
}
