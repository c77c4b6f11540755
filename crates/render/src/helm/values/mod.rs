//! Values: what a chart gives, what is set for this release, and how one covers the other.
//!
//! ```text
//!  files, set, set-string, set-json ──layers──► given ──┐
//!                                                       ├──coalesce──► values of each chart ──schema──► checked
//!  values.yaml of chart and subcharts ─────────────────┘
//! ```
//!
//! Values are JSON. A number from a file is floating point, one from `--set` an integer, and templates see the
//! difference; so numbers from YAML are turned into floating point as soon as they are read.

mod coalesce;
mod effort;
mod layers;
mod path;
mod pattern_size;
mod schema;
mod set;
mod warnings;

pub use coalesce::CoalesceError;
pub(crate) use coalesce::{Coalescer, IMPORT_DEPTH_MAX, Rules, VALUES_MAX, merge_tables, weight};
pub use layers::{Layer, LayerError};
pub(crate) use layers::{layered, merge_documents};
pub(crate) use path::{table_at, value_at};
pub(crate) use schema::check;
use serde_json::{Map, Number, Value};
pub(crate) use warnings::Warnings;

/// A mapping of values.
pub type Values = Map<String, Value>;

/// The same value with all numbers floating point.
pub(crate) fn with_floats(mut value: Value) -> Value {
    make_floats(&mut value);
    value
}

fn make_floats(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().and_then(Number::from_f64) {
                *number = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_floats),
        Value::Object(entries) => entries.values_mut().for_each(make_floats),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
