//! PersistentVolumeClaim.

use serde_json::Value;

use super::cause::Cause;
use super::context::Context;
use super::read::{at, list, text};
use super::status::Status;

pub(super) fn claim(object: &Value) -> Status {
    match text(object, &["status", "phase"]) {
        Some("Bound") => Status::current("bound"),
        Some(phase) => Status::in_progress(format!("phase `{phase}`, not bound")),
        None => Status::in_progress("not yet bound"),
    }
}

/// For gates a lost volume is a failure, and a claim that waits for somebody to use it is as it should be.
pub(super) fn strict_claim(object: &Value, context: &Context<'_>) -> Status {
    match text(object, &["status", "phase"]) {
        Some("Lost") => {
            let volume = text(object, &["spec", "volumeName"]).unwrap_or("?");
            let message = format!("the volume `{volume}` that it was bound to is gone");
            Status::failed(&message).because(Cause::of_object(object, "Lost", &message))
        }
        Some("Pending") if waits_for_consumer(object, context) => {
            if has_consumer(object, &context.pods) {
                return Status::in_progress("pending, its first consumer has no node yet");
            }
            Status::current("no consumer yet, and it is bound when it has one (`WaitForFirstConsumer`)")
        }
        _ => claim(object),
    }
}

fn waits_for_consumer(object: &Value, context: &Context<'_>) -> bool {
    context.storage_class.is_some_and(|class| {
        let is_named = text(object, &["spec", "storageClassName"]) == text(class, &["metadata", "name"]);
        is_named && text(class, &["volumeBindingMode"]) == Some("WaitForFirstConsumer")
    })
}

/// Whether a pod that is not over uses the claim.
fn has_consumer(object: &Value, pods: &[&Value]) -> bool {
    let name = text(object, &["metadata", "name"]);
    let namespace = text(object, &["metadata", "namespace"]);
    pods.iter().any(|pod| {
        let is_over = matches!(text(pod, &["status", "phase"]), Some("Succeeded" | "Failed"))
            || at(pod, &["metadata", "deletionTimestamp"]).is_some();
        let mut volumes = list(pod, &["spec", "volumes"]).iter();
        !is_over
            && text(pod, &["metadata", "namespace"]) == namespace
            && volumes.any(|volume| {
                let claim = text(volume, &["persistentVolumeClaim", "claimName"]);
                claim.is_some_and(|claim| name == Some(claim))
            })
    })
}
