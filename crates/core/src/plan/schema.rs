//! The JSON Schema of plan files, from the types that read them.

use serde_json::{Value, json};

use super::Plan;
use crate::API_VERSION;

/// The JSON Schema of a plan, draft 2020-12.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Plan).to_value();
    schema["$id"] = json!("https://seaway.dev/schemas/v1/plan.json");
    schema["properties"]["apiVersion"] = json!({"const": API_VERSION});
    schema["properties"]["kind"] = json!({"const": "Plan"});
    schema
}
