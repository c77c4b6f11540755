//! Two renderings side by side, object by object.

use std::collections::BTreeMap;

use super::{Change, ObjectChange, differences};
use crate::release::{Content, Rendered};

/// What would have to happen to `before` so that it becomes `after`; equal objects are left out. In order of the
/// objects' keys. Values of sensitive objects are withheld; a manifest that was kept nowhere is `null`, and then nothing
/// but the change itself is known.
pub fn compare(before: &Content, after: &Content) -> Vec<ObjectChange> {
    let (before, after) = (by_key(before), by_key(after));
    let mut changes = Vec::new();
    for (key, old) in &before {
        match after.get(key) {
            None => changes.push(change(old, Change::Delete)),
            Some(new) if new.entry.digest == old.entry.digest => {}
            Some(new) if old.manifest.is_null() || new.manifest.is_null() => {
                let why = "it is a secret, which is kept as a digest alone, and the digests differ".to_owned();
                changes.push(ObjectChange { why, ..change(new, Change::Modify) });
            }
            Some(new) => {
                let fields = differences(&old.manifest, &new.manifest, old.entry.sensitive || new.entry.sensitive);
                changes.push(ObjectChange { fields, ..change(new, Change::Modify) });
            }
        }
    }
    changes
        .extend(after.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(_, new)| change(new, Change::Create)));
    changes.sort_by(|a, b| a.object.key().cmp(&b.object.key()));
    changes
}

fn by_key(content: &Content) -> BTreeMap<(&str, &str, &str, &str), &Rendered> {
    content.objects.iter().map(|object| (object.entry.object.key(), object)).collect()
}

fn change(object: &Rendered, change: Change) -> ObjectChange {
    ObjectChange { object: object.entry.object.clone(), change, fields: Vec::new(), why: String::new() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::{digest::Digest, ids::ServiceName, object::ObjectRef, release::Entry};

    fn content(manifests: &[Value]) -> Content {
        let objects = manifests.iter().map(|manifest| {
            let object = ObjectRef::of(manifest).unwrap();
            let sensitive = object.is_secret();
            let entry = Entry { object, digest: Digest::of_json(manifest), phase: 0, sensitive };
            Rendered { entry, manifest: Arc::new(manifest.clone()) }
        });
        Content::new(ServiceName::new("web"), objects.collect())
    }

    fn object(kind: &str, name: &str, value: &str) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "web"}, "data": {"a": value}})
    }

    #[test]
    fn created_changed_deleted_and_left_out() {
        let before =
            content(&[object("ConfigMap", "a", "1"), object("ConfigMap", "b", "1"), object("ConfigMap", "c", "1")]);
        let after =
            content(&[object("ConfigMap", "b", "2"), object("ConfigMap", "c", "1"), object("ConfigMap", "d", "1")]);
        let changes = compare(&before, &after);
        let found: Vec<_> = changes.iter().map(|one| (one.object.name.as_str(), one.change)).collect();
        assert_eq!(found, [("a", Change::Delete), ("b", Change::Modify), ("d", Change::Create)]);
        assert_eq!(changes[1].fields[0].path, "data.a");
        assert!(compare(&after, &after).is_empty());
    }

    #[test]
    fn of_what_is_kept_as_a_digest_only_the_change_is_known() {
        let (old, mut new) = (content(&[object("Secret", "s", "1")]), content(&[object("Secret", "s", "2")]));
        new.objects[0].manifest = Arc::new(Value::Null);
        for (before, after) in [(&old, &new), (&new, &old)] {
            let changes = compare(before, after);
            assert_eq!((changes.len(), changes[0].change, changes[0].fields.len()), (1, Change::Modify, 0));
            assert!(changes[0].why.contains("digest"), "{changes:?}");
        }
        assert!(compare(&new, &new).is_empty());
    }

    #[test]
    fn secrets_are_withheld() {
        let changes =
            compare(&content(&[object("Secret", "s", "hunter2")]), &content(&[object("Secret", "s", "other")]));
        let shown = serde_json::to_string(&changes).unwrap();
        assert!(changes[0].fields[0].sensitive && !shown.contains("hunter2") && !shown.contains("other"), "{shown}");
    }
}
