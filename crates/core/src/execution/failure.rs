//! What drivers say: how a step failed, how it goes, how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why an attempt of a step failed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// Kind; decides whether the step is tried again by itself.
    pub kind: FailureKind,
    /// One line for people: object, field and reason. Never holds secret data.
    pub message: String,
    /// The whole text of the other side, when it says more than `message`. Bounded, without secret data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Kind of a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The target does not answer.
    Unreachable,
    /// How to reach the target is declared wrongly: no such kubeconfig or context, or a file that cannot be used.
    Misconfigured,
    /// The target answers that it is too busy.
    Throttled,
    /// The step took longer than its limit.
    Timeout,
    /// The objects were written but do not become, or stay, healthy.
    Unhealthy,
    /// Another field manager owns a field, or the object belongs to somebody else.
    Conflict,
    /// The change cannot be made in place and there is no consent to replace.
    Immutable,
    /// The credentials do not allow it.
    Denied,
    /// The target refuses the object: invalid, or against one of its policies.
    Refused,
    /// The world is no longer what the plan was computed from; a new plan is needed.
    Stale,
    /// The attempt was cancelled: by a stop, or because the process could not be sure of its lease.
    Cancelled,
    /// Content of the plan is not at hand, or the program's own state is wrong.
    Internal,
}

impl FailureKind {
    /// Whether the same step may succeed later without anybody doing anything.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled | Self::Cancelled)
    }

    /// Word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Misconfigured => "misconfigured",
            Self::Throttled => "throttled",
            Self::Timeout => "timed out",
            Self::Unhealthy => "unhealthy",
            Self::Conflict => "conflict",
            Self::Immutable => "needs replacing",
            Self::Denied => "not allowed",
            Self::Refused => "refused",
            Self::Stale => "world changed",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal error",
        }
    }
}

impl Failure {
    /// A failure without detail or advice.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), detail: None, help: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with the whole text of the other side.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.word(), self.message)
    }
}

impl std::error::Error for Failure {}

/// How a step goes. Drivers send it when it changes, at most about once a second.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Progress {
    /// Objects that are done.
    pub done: u32,
    /// Objects in all.
    pub total: u32,
    /// What it waits for, such as the cause of an unhealthy pod.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub waiting: String,
}

/// How an attempt of a step succeeded: the evidence.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Write requests that changed something on the target.
    pub writes: u32,
    /// One line for people.
    pub message: String,
    /// What the decision rests on: objects, versions, verdicts. Bounded, without secret data.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
}
