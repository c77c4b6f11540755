//! HorizontalPodAutoscaler.

use serde_json::Value;

use super::cause::Cause;
use super::condition::Conditions;
use super::context::{Context, is_over};
use super::generic::describe;
use super::read::{Malformed, Now, text};
use super::status::Status;

/// Where version 1 of the API keeps the conditions: as JSON in an annotation.
const CONDITIONS_ANNOTATION: &str = "autoscaling.alpha.kubernetes.io/conditions";

/// Longest annotation that is read; Kubernetes writes three short conditions.
const CONDITIONS_ANNOTATION_MAX: usize = 64 * 1024;

pub(super) fn strict_autoscaler(
    object: &Value,
    conditions: &Conditions<'_>,
    context: &Context<'_>,
    now: Now,
) -> Status {
    if conditions.iter().next().is_some() {
        return judge(object, conditions, context, now);
    }
    let Some(annotated) = annotated(object) else {
        return judge(object, conditions, context, now);
    };
    match read(&annotated) {
        Ok(conditions) => judge(object, &conditions, context, now),
        Err(malformed) => Status::from(malformed.inside(&["metadata", "annotations", CONDITIONS_ANNOTATION])),
    }
}

fn read(annotated: &Value) -> Result<Conditions<'_>, Malformed> {
    Conditions::read(annotated, &[])
}

fn annotated(object: &Value) -> Option<Value> {
    let json = text(object, &["metadata", "annotations", CONDITIONS_ANNOTATION])?;
    // What is too long or no JSON is as good as no conditions: the answer stays `InProgress`.
    (json.len() <= CONDITIONS_ANNOTATION_MAX).then(|| serde_json::from_str(json).ok()).flatten()
}

fn judge(object: &Value, conditions: &Conditions<'_>, context: &Context<'_>, now: Now) -> Status {
    let able = conditions.get("AbleToScale");
    let active = conditions.get("ScalingActive");
    let failing = match (able, active) {
        (Some(able), _) if able.is_false() => able,
        (_, Some(active)) if active.is_true() => return Status::current("scales"),
        // The target is scaled to zero, which turns autoscaling off on purpose.
        (_, Some(active)) if active.reason == "ScalingDisabled" => {
            return Status::current("scaling is off, its target has 0 replicas").suspended_if(true);
        }
        (_, Some(active)) => active,
        (_, None) => return Status::in_progress("no metrics read yet"),
    };
    let message = describe("cannot scale", failing.reason, failing.message);
    let is_late = is_over(context.policy.autoscaler_grace, failing.changed, now);
    Status::in_progress(message).because(Cause::of_condition(object, failing)).warning_if(is_late)
}
