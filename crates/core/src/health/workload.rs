//! Deployment, ReplicaSet, StatefulSet, DaemonSet: counts first, then what their new pods say.

use serde_json::Value;

use super::cause::Cause;
use super::condition::{Condition, Conditions};
use super::context::{Context, OnDelete};
use super::pod::{self, Finding, Severity};
use super::read::{Malformed, Now, flag, generation, int, observed_generation, text};
use super::revision;
use super::status::{Code, Status};

/// The value of `progressDeadlineSeconds` that means that there is no deadline.
const NO_DEADLINE: i64 = i32::MAX as i64;

/// How many pods a workload wants when it does not say.
const REPLICAS_DEFAULT: i64 = 1;

/// The counts that the kinds with `spec.replicas` share.
struct Counts {
    wanted: i64,
    present: i64,
    updated: i64,
    ready: i64,
    available: i64,
}

impl Counts {
    fn of(object: &Value) -> Self {
        let status = |key| int(object, &["status", key]).unwrap_or_default();
        Self {
            wanted: int(object, &["spec", "replicas"]).unwrap_or(REPLICAS_DEFAULT),
            present: status("replicas"),
            updated: status("updatedReplicas"),
            ready: status("readyReplicas"),
            available: status("availableReplicas"),
        }
    }

    fn too_few_present(&self) -> Option<Status> {
        (self.wanted > self.present).then(|| some_of(self.present, self.wanted, "pods created"))
    }

    fn too_few_ready(&self) -> Option<Status> {
        (self.wanted > self.ready).then(|| some_of(self.ready, self.wanted, "pods ready"))
    }

    fn too_many_present(&self) -> Option<Status> {
        let surplus = self.present.saturating_sub(self.wanted);
        (surplus > 0).then(|| Status::in_progress(format!("{surplus} surplus pods still there")))
    }
}

fn some_of(have: i64, want: i64, what: &str) -> Status {
    Status::in_progress(format!("{have} of {want} {what}"))
}

pub(super) fn deployment(object: &Value, conditions: &Conditions<'_>) -> Status {
    if let Some(exceeded) = deadline_exceeded(conditions) {
        return Status::failed("progress deadline exceeded").because(Cause::of_condition(object, exceeded));
    }
    deployment_counts(object, conditions)
}

fn deadline_exceeded<'c, 'a>(conditions: &'c Conditions<'a>) -> Option<&'c Condition<'a>> {
    conditions
        .iter()
        .find(|condition| condition.kind == "Progressing" && condition.reason == "ProgressDeadlineExceeded")
}

fn deployment_counts(object: &Value, conditions: &Conditions<'_>) -> Status {
    let counts = Counts::of(object);
    let too_few_updated =
        || (counts.wanted > counts.updated).then(|| some_of(counts.updated, counts.wanted, "pods updated"));
    let too_few_available =
        || (counts.updated > counts.available).then(|| some_of(counts.available, counts.updated, "pods available"));
    let unfinished = counts
        .too_few_present()
        .or_else(too_few_updated)
        .or_else(|| counts.too_many_present())
        .or_else(too_few_available)
        .or_else(|| counts.too_few_ready());
    if let Some(status) = unfinished {
        return status;
    }
    // Without a deadline the controller does not write the condition.
    let deadline = int(object, &["spec", "progressDeadlineSeconds"]).unwrap_or(NO_DEADLINE);
    let is_rolled_out = deadline == NO_DEADLINE
        || conditions.iter().any(|condition| {
            condition.kind == "Progressing" && condition.is_true() && condition.reason == "NewReplicaSetAvailable"
        });
    if !is_rolled_out {
        return Status::in_progress("new ReplicaSet not yet available");
    }
    if !conditions.has_true("Available") {
        return Status::in_progress("not yet available");
    }
    Status::current(format!("{} pods available", counts.wanted))
}

pub(super) fn strict_deployment(
    object: &Value,
    conditions: &Conditions<'_>,
    context: &Context<'_>,
    now: Now,
) -> Status {
    if flag(object, &["spec", "paused"]) {
        return Status::in_progress("paused").suspended_if(true);
    }
    let is_former = |condition: &&Condition<'_>| {
        context.applied_at.is_some_and(|applied| condition.updated.is_some_and(|updated| updated < applied))
    };
    let base = match deadline_exceeded(conditions) {
        Some(exceeded) if is_former(&exceeded) => {
            Status::in_progress("progress deadline was exceeded before the last apply")
        }
        Some(_) => deployment(object, conditions),
        None => deployment_counts(object, conditions),
    };
    let new_pods = revision::of_deployment(object, &context.revisions, &context.pods);
    judge(object, base, refused_pods(object, conditions), &new_pods, context, now)
}

pub(super) fn replica_set(object: &Value, conditions: &Conditions<'_>) -> Status {
    if let Some(cause) = refused_pods(object, conditions) {
        return Status::in_progress("pods cannot be created").because(cause);
    }
    let counts = Counts::of(object);
    let labelled = int(object, &["status", "fullyLabeledReplicas"]).unwrap_or_default();
    let too_few_labelled = (counts.wanted > labelled).then(|| some_of(labelled, counts.wanted, "pods fully labelled"));
    let too_few_available =
        || (counts.wanted > counts.available).then(|| some_of(counts.available, counts.wanted, "pods available"));
    too_few_labelled
        .or_else(too_few_available)
        .or_else(|| counts.too_few_ready())
        .or_else(|| counts.too_many_present())
        .unwrap_or_else(|| Status::current(format!("{} pods available", counts.wanted)))
}

/// A ReplicaSet by itself never fails for its pods: a change of its template does not reach the pods that
/// exist, so a broken one says nothing about what was applied. Its cause is named nevertheless.
pub(super) fn strict_replica_set(
    object: &Value,
    conditions: &Conditions<'_>,
    context: &Context<'_>,
    now: Now,
) -> Status {
    let base = replica_set(object, conditions);
    let pods = revision::of_replica_set(object, &context.pods);
    match (base.code, pod::worst(object, &pods, &context.policy, now)) {
        (Code::InProgress, Some((finding, _))) if base.cause.is_none() && finding.severity > Severity::Notice => {
            base.because(finding.cause)
        }
        _ => base,
    }
}

pub(super) fn stateful_set(object: &Value) -> Status {
    if is_on_delete(object) {
        return Status::current("pods are replaced when they are deleted (update strategy `OnDelete`)");
    }
    stateful_set_counts(object)
}

fn stateful_set_counts(object: &Value) -> Status {
    let counts = Counts::of(object);
    let unfinished = counts.too_few_present().or_else(|| counts.too_few_ready()).or_else(|| counts.too_many_present());
    if let Some(status) = unfinished {
        return status;
    }
    let partition = int(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]).filter(|at| *at != -1);
    if let Some(partition) = partition {
        let wanted = counts.wanted.saturating_sub(partition);
        // API servers write the partition 0, which is none.
        let which = if partition == 0 { "" } else { " above the partition" };
        if counts.updated < wanted {
            return some_of(counts.updated, wanted, &format!("pods{which} updated"));
        }
        return Status::current(format!("{} pods ready, {} pods{which} updated", counts.ready, counts.updated));
    }
    let current = int(object, &["status", "currentReplicas"]).unwrap_or_default();
    if counts.wanted > current {
        return some_of(current, counts.wanted, "pods of the current revision");
    }
    if text(object, &["status", "currentRevision"]) != text(object, &["status", "updateRevision"]) {
        return Status::in_progress("update revision is not yet the current revision");
    }
    Status::current(format!("{} pods ready", counts.ready))
}

pub(super) fn strict_stateful_set(object: &Value, context: &Context<'_>, now: Now) -> Status {
    let base = match (is_on_delete(object), context.on_delete) {
        (true, OnDelete::Manual) => return Status::current("pods are replaced by hand (`onDelete: manual`)"),
        (true, OnDelete::Wait) => stateful_set_on_delete(object, context),
        (false, OnDelete::Wait | OnDelete::Manual) => stateful_set_counts(object),
    };
    let new_pods = revision::of_stateful_set(object, &context.pods);
    let status = judge(object, base, None, &new_pods, context, now);
    if status.code != Code::InProgress || status.cause.is_some() {
        return status;
    }
    let holding = holding_up(object, context, now);
    status.because(pod::worst(object, &holding, &context.policy, now).map(|(mut finding, _)| {
        finding.cause.remark("pod of a former revision, holds up the update until it is deleted");
        finding.cause
    }))
}

/// Pods of a former revision that keep a StatefulSet from ever reaching the one that it wants.
///
/// With the default pod management the controller replaces no pod before all of them are ready, so a broken pod
/// stays, and a fix does not reach it, until somebody deletes it. Empty when nothing is held up.
pub fn holding_up<'a>(stateful_set: &Value, context: &Context<'a>, now: Now) -> Vec<&'a Value> {
    let is_parallel = text(stateful_set, &["spec", "podManagementPolicy"]) == Some("Parallel");
    let is_observed = int(stateful_set, &["status", "observedGeneration"])
        .is_some_and(|observed| Some(observed) == int(stateful_set, &["metadata", "generation"]));
    if is_parallel || is_on_delete(stateful_set) || !is_observed {
        return Vec::new();
    }
    let is_broken = |pod: &&Value| {
        pod::inspect(pod, stateful_set, &context.policy, now)
            .is_some_and(|finding| finding.severity >= Severity::Pending)
    };
    revision::former_of_stateful_set(stateful_set, &context.pods).into_iter().filter(is_broken).collect()
}

/// Every pod ready and of the update revision. The controller's own count must say so, and no pod at hand may
/// contradict it. `currentRevision` is no help: with this strategy the controller never moves it.
fn stateful_set_on_delete(object: &Value, context: &Context<'_>) -> Status {
    let counts = Counts::of(object);
    let unfinished = counts.too_few_present().or_else(|| counts.too_few_ready()).or_else(|| counts.too_many_present());
    if let Some(status) = unfinished {
        return status;
    }
    let remark = "pods of the new revision; update strategy `OnDelete` waits for somebody to delete the others";
    if counts.updated < counts.wanted {
        return some_of(counts.updated, counts.wanted, remark);
    }
    let wanted = text(object, &["status", "updateRevision"]);
    let pods = revision::owned_pods(object, "StatefulSet", &context.pods);
    let is_old = |pod: &&&Value| wanted.is_none_or(|wanted| !revision::is_of_revision(pod, wanted));
    let old = i64::try_from(pods.iter().filter(is_old).count()).unwrap_or(i64::MAX);
    if old > 0 {
        return some_of(counts.wanted.saturating_sub(old), counts.wanted, remark);
    }
    Status::current(format!("{} pods ready", counts.ready))
}

fn is_on_delete(object: &Value) -> bool {
    text(object, &["spec", "updateStrategy", "type"]) == Some("OnDelete")
}

pub(super) fn daemon_set(object: &Value) -> Result<Status, Malformed> {
    daemon_set_counts(object, true)
}

fn daemon_set_counts(object: &Value, wait_for_update: bool) -> Result<Status, Malformed> {
    if generation(object)?.is_none() {
        return Ok(Status::in_progress("`metadata.generation` is missing"));
    }
    if observed_generation(object)?.is_none() {
        return Ok(Status::in_progress("not yet observed by its controller"));
    }
    let count = |key| int(object, &["status", key]).unwrap_or_default();
    // -1 is how kstatus marks a missing number.
    let Some(wanted) = int(object, &["status", "desiredNumberScheduled"]).filter(|wanted| *wanted != -1) else {
        return Ok(Status::in_progress("`status.desiredNumberScheduled` is missing"));
    };
    let steps = [
        ("currentNumberScheduled", "pods scheduled"),
        ("updatedNumberScheduled", "pods updated"),
        ("numberAvailable", "pods available"),
        ("numberReady", "pods ready"),
    ];
    let unfinished = steps
        .into_iter()
        .filter(|(key, _)| wait_for_update || *key != "updatedNumberScheduled")
        .find(|(key, _)| wanted > count(key));
    Ok(match unfinished {
        Some((key, what)) => some_of(count(key), wanted, what),
        None => Status::current(format!("{wanted} pods ready")),
    })
}

pub(super) fn strict_daemon_set(object: &Value, context: &Context<'_>, now: Now) -> Result<Status, Malformed> {
    let by_hand = is_on_delete(object) && context.on_delete == OnDelete::Manual;
    let base = daemon_set_counts(object, !by_hand)?;
    let new_pods = revision::of_daemon_set(object, &context.revisions, &context.pods);
    Ok(judge(object, base, None, &new_pods, context, now))
}

/// The controller was not allowed to create pods: a quota, an admission policy, a missing service account.
fn refused_pods(object: &Value, conditions: &Conditions<'_>) -> Option<Cause> {
    let refused = conditions.iter().find(|condition| condition.kind == "ReplicaFailure" && condition.is_true());
    refused.map(|condition| Cause::of_condition(object, condition))
}

/// Joins what the counts say with what the pods of the new revision say.
///
/// Counts that say current and a broken pod contradict each other: one of the two readings is late, so the
/// answer is to wait until they agree.
fn judge(
    object: &Value,
    base: Status,
    refused: Option<Cause>,
    new_pods: &[&Value],
    context: &Context<'_>,
    now: Now,
) -> Status {
    let Some((Finding { severity, cause }, count)) = pod::worst(object, new_pods, &context.policy, now) else {
        return explain(base, refused);
    };
    let of_all = if new_pods.len() > 1 { format!(" ({count} of {} new pods)", new_pods.len()) } else { String::new() };
    match (base.code, severity) {
        (Code::Current, Severity::Fatal) => {
            Status::in_progress("its controller counts all pods as ready, one of them is not").because(cause)
        }
        (Code::Current, Severity::Notice) => base.because(cause).warning_if(true),
        (Code::Current, Severity::Pending | Severity::Ended) => base,
        (Code::InProgress, Severity::Fatal) => Status::failed(format!("{cause}{of_all}")).because(cause),
        (Code::Failed, Severity::Pending | Severity::Fatal) => {
            Status::failed(format!("{}: {cause}{of_all}", base.message)).because(cause)
        }
        (Code::InProgress, Severity::Pending | Severity::Ended) => explain(base, refused.or(Some(cause))),
        (Code::InProgress | Code::Failed, Severity::Notice) | (Code::Failed, Severity::Ended) => explain(base, refused),
        (Code::Unknown | Code::NotFound | Code::Terminating, _) => base,
    }
}

/// `base` with `cause`, which says more than what the counts know. What is current needs no explanation.
fn explain(base: Status, cause: Option<Cause>) -> Status {
    match (base.code, cause) {
        (Code::InProgress, Some(cause)) => base.because(cause),
        (Code::Failed, Some(cause)) => Status::failed(format!("{}: {cause}", base.message)).because(cause),
        _ => base,
    }
}
