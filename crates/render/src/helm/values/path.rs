//! Paths such as `global.image.tag` in values.

use serde_json::Value;

use super::Values;

/// Values that are known to be a mapping.
pub(crate) type Table<'a> = &'a Values;

/// The mapping at a path.
pub(crate) fn table_at<'a>(values: Table<'a>, path: &str) -> Option<Table<'a>> {
    path.split('.').try_fold(values, |table, key| table.get(key).and_then(Value::as_object))
}

/// The value at a path, when it is no mapping.
pub(crate) fn value_at<'a>(values: Table<'a>, path: &str) -> Option<&'a Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((folder, key)) => (table_at(values, folder)?, key),
        None => (values, path),
    };
    table.get(key).filter(|value| !value.is_object())
}
