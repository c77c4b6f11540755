//! Pods: by themselves, and as the place where the causes of a workload are found.

use serde_json::Value;

use crate::duration::Millis;

use super::cause::{Cause, MESSAGE_LIMIT, NAME_LIMIT, clean, name_of};
use super::condition::Conditions;
use super::context::{Context, Policy, is_over};
use super::read::{Now, at, flag, int, list, text, time};
use super::status::Status;

/// How long a pod may find no node before kstatus calls it failed.
const SCHEDULE_WINDOW: Millis = Millis::secs(15);

/// How a container that waits is judged by its reason.
enum Waiting {
    /// On its way.
    Normal,
    /// Cannot become better without a change.
    Hopeless,
    /// Restarted again and again.
    CrashLoop,
    /// May still become better; a failure when it takes longer than the policy's grace.
    Stuck,
    /// Not normal, and not known to be a failure.
    Odd,
}

impl Waiting {
    fn of(reason: &str) -> Self {
        match reason {
            "" | "ContainerCreating" | "PodInitializing" => Self::Normal,
            "CrashLoopBackOff" => Self::CrashLoop,
            "InvalidImageName" => Self::Hopeless,
            "ImagePullBackOff" | "ErrImagePull" | "CreateContainerConfigError" | "CreateContainerError" => Self::Stuck,
            _ => Self::Odd,
        }
    }
}

/// How bad a finding is; later is worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Severity {
    /// It happened before and is over.
    Notice,
    /// The pod has ended badly; its owner may have replaced it.
    Ended,
    /// It stands in the way and may pass.
    Pending,
    /// It will not pass.
    Fatal,
}

/// Something that is wrong in a pod.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub severity: Severity,
    pub cause: Cause,
}

/// The status of a pod as kstatus computes it.
pub(super) fn compat(pod: &Value, conditions: &Conditions<'_>, now: Now) -> Status {
    match text(pod, &["status", "phase"]) {
        None => Status::in_progress("not yet observed by a kubelet"),
        Some("Succeeded") => Status::current("completed"),
        Some("Failed") => Status::current("completed, not successfully"),
        Some("Running") => running(pod, conditions),
        Some("Pending") if !is_unschedulable(conditions) => Status::in_progress("pending"),
        Some("Pending") if is_out_of_time(pod, SCHEDULE_WINDOW, now) => Status::failed("no node takes it"),
        Some("Pending") => Status::in_progress("no node takes it yet"),
        Some(phase) => Status::unknown(format!("phase `{phase}` is not known")),
    }
}

fn running(pod: &Value, conditions: &Conditions<'_>) -> Status {
    if conditions.has_true("Ready") {
        return Status::current("ready");
    }
    let is_looping = |container: &&Value| text(container, &["state", "waiting", "reason"]) == Some("CrashLoopBackOff");
    let looping: Vec<&str> = list(pod, &["status", "containerStatuses"])
        .iter()
        .filter(is_looping)
        .filter_map(|container| at(container, &["name"])?.as_str())
        .collect();
    if looping.is_empty() {
        return Status::in_progress("running, not ready");
    }
    Status::failed(format!("containers crash again and again: {}", looping.join(", ")))
}

/// The status of a pod for gates.
pub(super) fn strict(pod: &Value, conditions: &Conditions<'_>, context: &Context<'_>, now: Now) -> Status {
    let base = match text(pod, &["status", "phase"]) {
        None => Status::in_progress("not yet observed by a kubelet"),
        Some("Succeeded") => return Status::current("completed"),
        Some("Failed") => Status::failed("failed"),
        Some("Running") if conditions.has_true("Ready") => Status::current("ready"),
        Some("Running") => Status::in_progress("running, not ready"),
        Some("Pending") => Status::in_progress("pending"),
        Some(phase) => return Status::unknown(format!("phase `{phase}` is not known")),
    };
    let policy = Policy { unschedulable_grace: SCHEDULE_WINDOW, ..context.policy };
    match inspect(pod, pod, &policy, now) {
        Some(Finding { severity: Severity::Fatal | Severity::Ended, cause }) => {
            Status::failed(cause.to_string()).because(cause)
        }
        Some(Finding { severity: Severity::Pending, cause }) => base.because(cause),
        Some(Finding { severity: Severity::Notice, cause }) => base.because(cause).warning_if(true),
        None => base,
    }
}

/// The worst finding in `pods`, which belong to `owner`, and in how many pods there is one as bad. Among equals
/// the first by name, so that the same cause is named on every reading.
pub(super) fn worst(owner: &Value, pods: &[&Value], policy: &Policy, now: Now) -> Option<(Finding, usize)> {
    let findings: Vec<Finding> = pods.iter().filter_map(|pod| inspect(pod, owner, policy, now)).collect();
    let severity = findings.iter().map(|finding| finding.severity).max()?;
    let mut worst: Vec<Finding> = findings.into_iter().filter(|finding| finding.severity == severity).collect();
    let count = worst.len();
    worst.sort_by(|a, b| a.cause.pod.cmp(&b.cause.pod));
    worst.into_iter().next().map(|first| (first, count))
}

/// What is wrong in `pod`, the worst of it. A pod that is ready has nothing wrong but its past.
pub(super) fn inspect(pod: &Value, owner: &Value, policy: &Policy, now: Now) -> Option<Finding> {
    let phase = text(pod, &["status", "phase"]);
    if phase == Some("Succeeded") {
        return None;
    }
    let conditions = Conditions::read(pod, &["status", "conditions"]).unwrap_or_default();
    let is_ready = phase == Some("Running") && conditions.has_true("Ready");
    let site = Site { pod, owner, conditions: &conditions, policy, now };
    let mut in_containers = site.containers().filter_map(|container| site.container_finding(&container));
    if is_ready {
        return in_containers.find(|finding| finding.severity == Severity::Notice);
    }
    // The first of equals: containers are started in their order, so the later ones may only follow.
    let worst = in_containers.reduce(|worst, next| if next.severity > worst.severity { next } else { worst });
    if phase == Some("Failed") {
        return Some(site.ended(worst));
    }
    worst.or_else(|| site.unscheduled())
}

/// Where a finding is made.
struct Site<'s, 'a> {
    pod: &'a Value,
    owner: &'a Value,
    conditions: &'s Conditions<'a>,
    policy: &'s Policy,
    now: Now,
}

/// A container and what the kubelet says about it.
struct Container<'a> {
    status: &'a Value,
    name: &'a str,
    init: bool,
}

impl<'a> Site<'_, 'a> {
    fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let of = |key: &str, init| {
            let statuses = list(self.pod, &["status", key]).iter();
            statuses.map(move |status| Container { status, name: text(status, &["name"]).unwrap_or_default(), init })
        };
        of("initContainerStatuses", true).chain(of("containerStatuses", false))
    }

    fn container_finding(&self, container: &Container<'a>) -> Option<Finding> {
        let status = container.status;
        if let Some(waiting) = at(status, &["state", "waiting"]) {
            return self.waiting_finding(container, waiting);
        }
        if let Some(ended) = at(status, &["state", "terminated"]) {
            let since = time(ended, &["finishedAt"]);
            return self.crash(container, ended).map(|cause| pending(cause.since(since)));
        }
        let last = self.last_crash(container)?;
        if !flag(status, &["ready"]) {
            return Some(pending(last));
        }
        (last.reason == "OOMKilled").then_some(Finding { severity: Severity::Notice, cause: last })
    }

    fn waiting_finding(&self, container: &Container<'a>, waiting: &Value) -> Option<Finding> {
        let reason = text(waiting, &["reason"]).unwrap_or_default();
        let since = self.waiting_since(container);
        let message = text(waiting, &["message"]).unwrap_or_default();
        let cause = |message: &str| self.cause(container, reason, message).since(since);
        match Waiting::of(reason) {
            Waiting::Normal => self.last_crash(container).map(pending),
            Waiting::Hopeless => Some(Finding { severity: Severity::Fatal, cause: cause(message) }),
            Waiting::Odd => Some(pending(cause(message))),
            Waiting::Stuck => {
                let is_over = is_over(self.policy.pod_grace, since, self.now);
                let severity = if is_over { Severity::Fatal } else { Severity::Pending };
                Some(Finding { severity, cause: cause(message) })
            }
            Waiting::CrashLoop => {
                let restarts = int(container.status, &["restartCount"]).unwrap_or_default();
                let is_forgiven = restarts < i64::from(self.policy.crash_restarts);
                let severity = if is_forgiven { Severity::Pending } else { Severity::Fatal };
                let last = self.last_crash(container).map(|last| {
                    let how = if last.reason == "Error" { String::new() } else { format!("{}, ", last.reason) };
                    format!("last run ended with {how}{}: ", last.message)
                });
                Some(Finding { severity, cause: cause(&format!("{}{message}", last.unwrap_or_default())) })
            }
        }
    }

    /// How the run before the present state ended, if badly.
    fn last_crash(&self, container: &Container<'a>) -> Option<Cause> {
        let ended = at(container.status, &["lastState", "terminated"])?;
        self.crash(container, ended).map(|cause| cause.since(time(ended, &["finishedAt"])))
    }

    /// The cause for a run that ended, if it ended badly.
    fn crash(&self, container: &Container<'a>, ended: &Value) -> Option<Cause> {
        let code = int(ended, &["exitCode"]).unwrap_or_default();
        let reason = text(ended, &["reason"]);
        if code == 0 && reason != Some("OOMKilled") {
            return None;
        }
        let restarts = int(container.status, &["restartCount"]).filter(|count| *count > 0);
        let restarts = restarts.map(|count| format!(", {count} restarts")).unwrap_or_default();
        Some(self.cause(container, reason.unwrap_or("Error"), &format!("exit code {code}{restarts}")))
    }

    /// A pod in phase `Failed`: what the kubelet says about the pod, else what ended badly in it.
    fn ended(&self, in_container: Option<Finding>) -> Finding {
        let reason = text(self.pod, &["status", "reason"]);
        let message = text(self.pod, &["status", "message"]).unwrap_or_default();
        let cause = match (reason, in_container) {
            (None, Some(finding)) => finding.cause,
            (reason, _) => self.pod_cause(reason.unwrap_or("PodFailed"), message),
        };
        Finding { severity: Severity::Ended, cause }
    }

    /// The scheduler finds no node, or is told not to look for one.
    fn unscheduled(&self) -> Option<Finding> {
        let condition =
            self.conditions.iter().find(|condition| condition.kind == "PodScheduled" && condition.is_false())?;
        let is_fatal = condition.reason == "Unschedulable"
            && text(self.pod, &["status", "phase"]) == Some("Pending")
            && is_out_of_time(self.pod, self.policy.unschedulable_grace, self.now);
        let severity = if is_fatal { Severity::Fatal } else { Severity::Pending };
        let since = condition.changed.or_else(|| time(self.pod, &["metadata", "creationTimestamp"]));
        Some(Finding { severity, cause: self.pod_cause(condition.reason, condition.message).since(since) })
    }

    /// The latest moment before which the container cannot have begun to wait, as far as the pod tells. Late
    /// rather than early: a pod must not fail for the time that something else took.
    fn waiting_since(&self, container: &Container<'a>) -> Option<Now> {
        let started = time(self.pod, &["status", "startTime"]);
        let begun = started.or_else(|| time(self.pod, &["metadata", "creationTimestamp"]));
        let stages = self.conditions.iter().filter(|condition| match condition.kind {
            "PodScheduled" | "Initialized" => condition.is_true(),
            "Ready" | "ContainersReady" => condition.is_false(),
            _ => false,
        });
        let stages = stages.filter_map(|condition| condition.changed);
        let earlier_init = self
            .containers()
            .filter(|other| other.init)
            .filter_map(|other| time(other.status, &["state", "terminated", "finishedAt"]));
        let last_run = time(container.status, &["lastState", "terminated", "finishedAt"]);
        begun.into_iter().chain(stages).chain(earlier_init).chain(last_run).max()
    }

    fn pod_cause(&self, reason: &str, message: &str) -> Cause {
        let mut cause = Cause::of_object(self.owner, reason, message);
        cause.namespace = name_of(text(self.pod, &["metadata", "namespace"]));
        cause.pod = Some(name_of(text(self.pod, &["metadata", "name"])));
        cause
    }

    fn cause(&self, container: &Container<'a>, reason: &str, message: &str) -> Cause {
        let specs = if container.init { ["spec", "initContainers"] } else { ["spec", "containers"] };
        let spec = list(self.pod, &specs).iter().find(|spec| text(spec, &["name"]) == Some(container.name));
        let asked_for = spec.and_then(|spec| text(spec, &["image"]));
        let image = asked_for.or_else(|| text(container.status, &["image"]));
        let mut cause = self.pod_cause(reason, &clean(message, MESSAGE_LIMIT));
        cause.container = Some(name_of(Some(container.name)));
        cause.init = container.init;
        cause.image = image.map(|image| clean(image, NAME_LIMIT));
        cause
    }
}

fn pending(cause: Cause) -> Finding {
    Finding { severity: Severity::Pending, cause }
}

fn is_unschedulable(conditions: &Conditions<'_>) -> bool {
    // The first such condition decides, as in kstatus.
    let unscheduled = conditions.iter().find(|condition| condition.kind == "PodScheduled" && condition.is_false());
    unscheduled.is_some_and(|condition| condition.reason == "Unschedulable")
}

/// Whether the pod is at least `grace` old. A pod without age is old, as in kstatus.
fn is_out_of_time(pod: &Value, grace: Millis, now: Now) -> bool {
    let created = time(pod, &["metadata", "creationTimestamp"]);
    created.is_none_or(|created| now.since(created) >= i64::try_from(grace.0).unwrap_or(i64::MAX))
}
