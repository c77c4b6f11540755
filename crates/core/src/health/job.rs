//! Job and CronJob.

use serde_json::Value;

use crate::duration::Millis;

use super::cause::Cause;
use super::condition::Conditions;
use super::context::{Context, Policy};
use super::generic::describe;
use super::pod::{self, Severity};
use super::read::{Now, flag, int, text};
use super::revision;
use super::status::Status;

/// The status of a Job as kstatus computes it: one that runs is as wished.
pub(super) fn job(object: &Value, conditions: &Conditions<'_>) -> Status {
    if let Some(status) = ended(object, conditions) {
        return status;
    }
    if text(object, &["status", "startTime"]).is_none() {
        return Status::in_progress("not yet started");
    }
    Status::current(format!("running, {}", progress(object)))
}

/// For gates a Job is current when it is complete, because what comes next relies on what it has done.
///
/// Its pods are held to be stuck like others, but crashes and missing room are its own business: it has
/// `backoffLimit` and `activeDeadlineSeconds` for them, and queues are normal for Jobs.
pub(super) fn strict_job(object: &Value, conditions: &Conditions<'_>, context: &Context<'_>, now: Now) -> Status {
    let policy = Policy { crash_restarts: u32::MAX, unschedulable_grace: Millis(u64::MAX), ..context.policy };
    let pods = revision::owned_pods(object, "Job", &context.pods);
    let worst = pod::worst(object, &pods, &policy, now).map(|(finding, _)| finding);
    let worst = worst.filter(|finding| finding.severity > Severity::Notice);
    if let Some(status) = ended(object, conditions) {
        return match (status.code, worst) {
            (super::Code::Failed, Some(finding)) => {
                Status::failed(format!("{}: {}", status.message, finding.cause)).because(finding.cause)
            }
            _ => status,
        };
    }
    if flag(object, &["spec", "suspend"]) {
        return Status::in_progress("being suspended").suspended_if(true);
    }
    if let Some(failing) = conditions.iter().find(|condition| condition.kind == "FailureTarget" && condition.is_true())
    {
        let cause = worst.map_or_else(|| Cause::of_condition(object, failing), |finding| finding.cause);
        return Status::in_progress(describe("about to fail", failing.reason, failing.message)).because(cause);
    }
    match worst {
        Some(finding) if finding.severity == Severity::Fatal => {
            Status::failed(finding.cause.to_string()).because(finding.cause)
        }
        worst => Status::in_progress(progress(object)).because(worst.map(|finding| finding.cause)),
    }
}

/// The status of a Job that will do nothing more, the first condition that says so.
fn ended(object: &Value, conditions: &Conditions<'_>) -> Option<Status> {
    let is_suspended = flag(object, &["spec", "suspend"]);
    conditions.iter().filter(|condition| condition.is_true()).find_map(|condition| match condition.kind {
        "Complete" => Some(Status::current(format!("complete, {}", progress(object)))),
        "Failed" => {
            let cause = Cause::of_condition(object, condition);
            Some(Status::failed(describe("failed", condition.reason, condition.message)).because(cause))
        }
        "Suspended" if is_suspended => Some(Status::current("suspended").suspended_if(true)),
        _ => None,
    })
}

fn progress(object: &Value) -> String {
    let count = |key| int(object, &["status", key]).unwrap_or_default();
    let wanted = int(object, &["spec", "completions"]).or_else(|| int(object, &["spec", "parallelism"])).unwrap_or(1);
    format!("{} of {wanted} pods succeeded, {} active, {} failed", count("succeeded"), count("active"), count("failed"))
}

/// A CronJob is always as wished; what its Jobs do is not part of a rollout.
pub(super) fn cron_job(object: &Value) -> Status {
    if flag(object, &["spec", "suspend"]) {
        return Status::current("suspended").suspended_if(true);
    }
    Status::current("always current")
}
