//! Readers over an object as JSON. They never panic, copy nothing and treat what is absent, `null` or of
//! another type as absent; [`required_type`] is for the few fields whose type kstatus insists on.

use jiff::Timestamp;
use serde_json::Value;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Now(pub i64);

impl Now {
    /// Reads RFC 3339 as Kubernetes writes it (`2026-01-01T00:00:00Z`). `None` when it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|time| Self(time.as_millisecond()))
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later. Saturates.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A field that must be of one type is of another, so nothing can be said about the object.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("malformed object: expected {expected} in `{path}`, found {found}")]
pub(super) struct Malformed {
    pub path: String,
    pub expected: &'static str,
    pub found: &'static str,
}

impl Malformed {
    pub fn new(path: &[&str], expected: &'static str, found: &Value) -> Self {
        Self { path: path.join("."), expected, found: type_name(found) }
    }

    /// The same, seen from the holder of the value at `path`.
    pub fn inside(self, path: &[&str]) -> Self {
        let path = path.iter().copied().chain([self.path.as_str()]).filter(|step| !step.is_empty());
        Self { path: path.collect::<Vec<_>>().join("."), ..self }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// The value at `path`, if every step is there. `null` counts as absent.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(*key)).filter(|value| !value.is_null())
}

/// Text at `path`; empty text counts as absent.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)?.as_str().filter(|text| !text.is_empty())
}

/// Whole number at `path`.
pub(super) fn int(value: &Value, path: &[&str]) -> Option<i64> {
    at(value, path)?.as_i64()
}

/// Whether `true` is at `path`.
pub(super) fn flag(value: &Value, path: &[&str]) -> bool {
    at(value, path).and_then(Value::as_bool).unwrap_or_default()
}

/// Elements at `path`; none when there is no list.
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Time at `path`.
pub(super) fn time(value: &Value, path: &[&str]) -> Option<Now> {
    Now::parse(text(value, path)?)
}

/// The value at `path`, which must be readable by `as_type` when the path exists. A map is expected at every
/// step before the last; `null` there ends the search.
pub(super) fn required_type<'a, T>(
    value: &'a Value,
    path: &[&str],
    expected: &'static str,
    as_type: impl Fn(&'a Value) -> Option<T>,
) -> Result<Option<T>, Malformed> {
    let mut value = value;
    for (depth, key) in path.iter().enumerate() {
        let map = match value {
            Value::Null => return Ok(None),
            Value::Object(map) => map,
            other => return Err(Malformed::new(&path[..depth], "a map", other)),
        };
        match map.get(*key) {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    as_type(value).map(Some).ok_or_else(|| Malformed::new(path, expected, value))
}

/// `metadata.generation`: the version of the wish.
pub(super) fn generation(object: &Value) -> Result<Option<i64>, Malformed> {
    required_type(object, &["metadata", "generation"], "a whole number", Value::as_i64)
}

/// `status.observedGeneration`: the version of the wish that the status speaks of.
pub(super) fn observed_generation(object: &Value) -> Result<Option<i64>, Malformed> {
    required_type(object, &["status", "observedGeneration"], "a whole number", Value::as_i64)
}
