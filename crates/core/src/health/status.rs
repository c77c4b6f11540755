//! What health says about one object, and about a set of them.

use serde::{Deserialize, Serialize};

use super::cause::{Cause, MESSAGE_LIMIT, clean};
use super::read::Malformed;

/// What is known about one object. The words are those of kstatus.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Code {
    /// As wished, as far as the object and what belongs to it say.
    Current,
    /// On the way, or not yet looked at by its controller.
    InProgress,
    /// It cannot be read, or what it says makes no sense.
    Unknown,
    /// It should be there and is not.
    NotFound,
    /// It is being deleted.
    Terminating,
    /// It will not become as wished without a change.
    Failed,
}

/// Health as people see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Health {
    /// As wished.
    Healthy,
    /// Held back on purpose.
    Suspended,
    /// On the way, or on the way out.
    Progressing,
    /// Not known.
    Unknown,
    /// Should be there and is not.
    Missing,
    /// Broken.
    Degraded,
}

/// The status of one object.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What gates act on.
    pub code: Code,
    /// One short line for people, never longer than [`MESSAGE_LIMIT`] characters.
    pub message: String,
    /// [`Code::Current`] only because no rule says otherwise.
    #[serde(default)]
    pub assumed: bool,
    /// Held back on purpose: paused or suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Worth telling people although `code` does not say so.
    #[serde(default)]
    pub warning: bool,
    /// What stands in the way, as soon as it is known, also while `code` is still [`Code::InProgress`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

impl Status {
    fn new(code: Code, message: impl AsRef<str>) -> Self {
        let message = clean(message.as_ref(), MESSAGE_LIMIT);
        Self { code, message, assumed: false, suspended: false, warning: false, cause: None }
    }

    /// As wished.
    pub fn current(message: impl AsRef<str>) -> Self {
        Self::new(Code::Current, message)
    }

    /// On the way.
    pub fn in_progress(message: impl AsRef<str>) -> Self {
        Self::new(Code::InProgress, message)
    }

    /// Broken.
    pub fn failed(message: impl AsRef<str>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// Being deleted.
    pub fn terminating(message: impl AsRef<str>) -> Self {
        Self::new(Code::Terminating, message)
    }

    /// For readers: the object is not there.
    pub fn not_found(message: impl AsRef<str>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// For readers: the object cannot be read, or its cluster does not answer.
    pub fn unknown(message: impl AsRef<str>) -> Self {
        Self::new(Code::Unknown, message)
    }

    /// The same with what stands in the way.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Option<Cause>>) -> Self {
        self.cause = cause.into();
        self
    }

    /// The same, held back on purpose when `suspended`.
    #[must_use]
    pub(super) fn suspended_if(mut self, suspended: bool) -> Self {
        self.suspended = suspended;
        self
    }

    /// The same, worth telling when `warning`.
    #[must_use]
    pub(super) fn warning_if(mut self, warning: bool) -> Self {
        self.warning = warning;
        self
    }

    /// The same, flagged as said for lack of a rule when `assumed`.
    #[must_use]
    pub(super) fn assumed_if(mut self, assumed: bool) -> Self {
        self.assumed = assumed;
        self
    }
}

impl From<Malformed> for Status {
    fn from(malformed: Malformed) -> Self {
        Self::unknown(malformed.to_string())
    }
}

/// The status of a set of objects: Failed > Terminating > NotFound > Unknown > InProgress > Current.
/// `None` for an empty set: nothing is known about nothing, and the caller decides what that means.
///
/// Only objects that should exist belong into the set; one that is deleted on purpose is not asked.
pub fn aggregate<'a>(statuses: impl IntoIterator<Item = &'a Status>) -> Option<Code> {
    statuses.into_iter().map(|status| status.code).max()
}

/// The word for people.
pub fn word(status: &Status) -> Health {
    match status.code {
        Code::Current | Code::InProgress if status.suspended => Health::Suspended,
        Code::Current => Health::Healthy,
        Code::InProgress | Code::Terminating => Health::Progressing,
        Code::Failed => Health::Degraded,
        Code::NotFound => Health::Missing,
        Code::Unknown => Health::Unknown,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn worst_of_a_set_wins() {
        let order = [
            Status::failed(""),
            Status::terminating(""),
            Status::not_found(""),
            Status::unknown(""),
            Status::in_progress(""),
            Status::current(""),
        ];
        for (rank, worst) in order.iter().enumerate() {
            assert_eq!(aggregate(&order[rank..]), Some(worst.code), "best first does not matter");
            assert_eq!(aggregate(order[rank..].iter().rev()), Some(worst.code));
        }
        assert_eq!(aggregate(&[]), None);
    }

    #[test]
    fn words_for_people() {
        assert_eq!(word(&Status::current("")), Health::Healthy);
        assert_eq!(word(&Status::current("").suspended_if(true)), Health::Suspended);
        assert_eq!(word(&Status::in_progress("")), Health::Progressing);
        assert_eq!(word(&Status::in_progress("").suspended_if(true)), Health::Suspended);
        assert_eq!(word(&Status::failed("").suspended_if(true)), Health::Degraded);
        assert_eq!(word(&Status::terminating("").suspended_if(true)), Health::Progressing);
        assert_eq!(word(&Status::not_found("")), Health::Missing);
        assert_eq!(word(&Status::unknown("")), Health::Unknown);
    }

    #[test]
    fn a_status_survives_the_record() {
        let status = Status::failed("x").because(Cause::of_object(&serde_json::json!({"kind":"Job"}), "Why", "that"));
        let text = serde_json::to_string(&status).unwrap();
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
    }
}
