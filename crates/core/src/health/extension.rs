//! What extends the API: CustomResourceDefinition and APIService.

use serde_json::Value;

use super::cause::Cause;
use super::condition::Conditions;
use super::generic::describe;
use super::status::Status;

pub(super) fn definition(object: &Value, conditions: &Conditions<'_>) -> Status {
    for condition in conditions.iter() {
        let failed = |what| {
            let message = describe(what, condition.reason, condition.message);
            Status::failed(message).because(Cause::of_condition(object, condition))
        };
        match condition.kind {
            "NamesAccepted" if condition.is_false() => return failed("names not accepted"),
            "Established" if condition.is_true() => return Status::current("established"),
            "Established" if condition.is_false() && condition.reason != "Installing" => {
                return failed("not established");
            }
            _ => {}
        }
    }
    Status::in_progress("installing")
}

pub(super) fn strict_api_service(object: &Value, conditions: &Conditions<'_>) -> Status {
    match conditions.get("Available") {
        Some(condition) if condition.is_true() => Status::current("available"),
        Some(condition) => {
            let message = describe("not available", condition.reason, condition.message);
            Status::in_progress(message).because(Cause::of_condition(object, condition))
        }
        None => Status::in_progress("availability not yet known"),
    }
}
