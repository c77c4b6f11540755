//! From what an API server says to one line for people: object, field, reason.
//!
//! Raw messages run to thousands of characters and may repeat the values that they refuse. The line is short; the
//! whole text goes to `detail`, bounded. Of a Secret neither holds anything but names of fields and reasons.

use std::{error::Error, fmt, time::Duration};

use http::StatusCode;
use seaway_core::{
    execution::{Failure, FailureKind},
    object::ObjectRef,
};
use serde::Deserialize;

use crate::transport::null_as_default;

/// Longest `detail`, in bytes.
const DETAIL_BYTES_MAX: usize = 4096;
/// Longest reason in a message, in characters.
const REASON_CHARS_MAX: usize = 300;
/// Most causes of one refusal that a message names; the rest is counted.
const CAUSES_SHOWN: usize = 5;

/// How a request failed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The server answered with an error.
    Status(Box<ApiStatus>),
    /// No connection, or it broke.
    Unreachable(String),
    /// No answer within the limit.
    Timeout(Duration),
    /// The server's certificate or the credentials are not usable.
    Credentials(String),
    /// The credentials cannot be had.
    Failed(Box<Failure>),
    /// The answer has more bytes than this.
    TooLarge(usize),
    /// The answer is not what the API promises, or the request cannot be built.
    Malformed(String),
}

/// The error answer of an API server.
#[derive(Debug, Default)]
pub(crate) struct ApiStatus {
    pub code: u16,
    pub reason: String,
    pub message: String,
    pub causes: Vec<StatusCause>,
    pub retry_after: Option<Duration>,
}

/// One cause of a refusal.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct StatusCause {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub field: String,
}

impl From<ApiStatus> for ApiError {
    fn from(status: ApiStatus) -> Self {
        Self::Status(Box::new(status))
    }
}

impl ApiStatus {
    /// Reads an error answer; text that is no `Status` object becomes the message.
    pub(crate) fn read(code: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            #[serde(default)]
            message: String,
            #[serde(default)]
            reason: String,
            #[serde(default, deserialize_with = "null_as_default")]
            details: Details,
        }
        #[derive(Deserialize, Default)]
        #[serde(rename_all = "camelCase")]
        struct Details {
            #[serde(default, deserialize_with = "null_as_default")]
            causes: Vec<StatusCause>,
            #[serde(default)]
            retry_after_seconds: u64,
        }
        let Ok(wire) = serde_json::from_slice::<Wire>(body) else {
            let message = String::from_utf8_lossy(body).into_owned();
            return Self { code: code.as_u16(), message, retry_after, ..Self::default() };
        };
        let in_body =
            (wire.details.retry_after_seconds > 0).then(|| Duration::from_secs(wire.details.retry_after_seconds));
        Self {
            code: code.as_u16(),
            reason: wire.reason,
            message: wire.message,
            causes: wire.details.causes,
            retry_after: retry_after.or(in_body),
        }
    }

    /// The fields that other managers own, when that is the reason.
    pub(crate) fn conflicts(&self) -> Vec<FieldConflict> {
        let causes = self.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
        causes
            .map(|cause| FieldConflict {
                field: cause.field.trim_start_matches('.').to_owned(),
                owner: conflict_owner(&cause.message),
            })
            .collect()
    }

    fn is_throttled(&self) -> bool {
        self.code == 429
    }

    /// Refused by access control, not by an admission rule: both answer 403.
    pub(crate) fn is_access_denied(&self) -> bool {
        self.code == 401
            || (self.code == 403 && self.message.contains(" cannot ") && self.message.contains(" resource "))
    }
}

/// A field that another manager owns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FieldConflict {
    /// Path as the API server writes it, such as `spec.replicas`.
    pub field: String,
    /// Name of the field manager.
    pub owner: String,
}

impl fmt::Display for FieldConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` belongs to `{}`", self.field, self.owner)
    }
}

/// `conflict with "kubectl" using apps/v1 at …` → `kubectl`.
fn conflict_owner(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

impl ApiError {
    pub(crate) fn of_client(error: &kube::Error) -> Self {
        match error {
            kube::Error::Auth(_) => Self::Credentials("the credential plugin of the kubeconfig failed".to_owned()),
            other => Self::broken(other),
        }
    }

    /// A connection that could not be made, or broke.
    pub(crate) fn broken(error: &(dyn Error + 'static)) -> Self {
        let mut deepest: &(dyn Error + 'static) = error;
        let mut is_certificate = false;
        loop {
            is_certificate |= deepest
                .downcast_ref::<rustls::Error>()
                .is_some_and(|error| matches!(error, rustls::Error::InvalidCertificate(_)));
            // `io::Error` hides the error that it wraps from `source`.
            let inner = deepest.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
            let next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| deepest.source());
            match next {
                Some(next) => deepest = next,
                None => break,
            }
        }
        let text = clean(&deepest.to_string(), REASON_CHARS_MAX);
        if is_certificate { Self::Credentials(text) } else { Self::Unreachable(text) }
    }

    pub(crate) fn status(&self) -> Option<&ApiStatus> {
        match self {
            Self::Status(status) => Some(status),
            Self::Unreachable(_)
            | Self::Timeout(_)
            | Self::Credentials(_)
            | Self::Failed(_)
            | Self::TooLarge(_)
            | Self::Malformed(_) => None,
        }
    }

    pub(crate) fn code(&self) -> u16 {
        self.status().map_or(0, |status| status.code)
    }

    /// How long to wait before the same request may be repeated; `None` when that does not help.
    pub(crate) fn pause(&self, least: Duration) -> Option<Duration> {
        let status = self.status()?;
        let asked = status.retry_after;
        (status.is_throttled() || (status.code == 503 && asked.is_some())).then(|| asked.unwrap_or(least).max(least))
    }

    /// Whether the same write may be taken a moment later: the object changed under the server's hands, or its
    /// namespace is so new that it has no service account yet.
    pub(crate) fn is_passing(&self) -> bool {
        let Some(status) = self.status() else { return false };
        let no_account =
            status.code == 403 && status.message.contains("service account") && status.message.contains("not found");
        let is_race =
            status.code == 409 && status.conflicts().is_empty() && status.message.contains("has been modified");
        no_account || is_race
    }

    /// Whether the object is at fault although the code says that the server is.
    pub(crate) fn is_of_object(&self) -> bool {
        self.status().is_some_and(|status| status.code < 500 || is_about_the_object(status))
    }

    /// Whether the connection or the server as a whole is at fault, so that other requests would fail alike.
    pub(crate) fn is_of_server(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Credentials(_) | Self::Failed(_) => true,
            Self::Status(status) => status.code == 401 || status.is_throttled(),
            Self::TooLarge(_) | Self::Malformed(_) => false,
        }
    }
}

/// What was tried, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Tried<'a> {
    /// Address of the API server.
    pub server: &'a str,
    /// Verb for people, such as `apply`.
    pub verb: &'a str,
    /// The object, or the kind that was listed.
    pub what: What<'a>,
}

/// What a request was about.
#[derive(Clone, Copy)]
pub(crate) enum What<'a> {
    Object { object: &'a ObjectRef, sensitive: bool },
    Kind(&'a str),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { object, .. } => write!(f, "`{object}`"),
            Self::Kind(kind) => write!(f, "`{kind}`"),
        }
    }
}

impl Tried<'_> {
    fn is_sensitive(&self) -> bool {
        matches!(self.what, What::Object { sensitive: true, .. })
    }

    /// The failure that people and the engine see.
    pub(crate) fn failure(&self, error: &ApiError) -> Failure {
        match error {
            ApiError::Unreachable(why) => Failure::new(
                FailureKind::Unreachable,
                format!("`{}` does not answer: {why} (tried to {} {})", self.server, self.verb, self.what),
            ),
            ApiError::Timeout(limit) => Failure::new(
                FailureKind::Unreachable,
                format!("`{}` gave no answer within {limit:?} (tried to {} {})", self.server, self.verb, self.what),
            ),
            ApiError::Credentials(why) => Failure::new(FailureKind::Denied, format!("`{}`: {why}", self.server))
                .help("check the certificate authority and the credentials of this context in the kubeconfig"),
            ApiError::Failed(failure) => (**failure).clone(),
            ApiError::TooLarge(limit) => {
                let why = format!("the answer has more than {} MiB", limit >> 20);
                Failure::new(FailureKind::Refused, format!("{} {}: {why}", self.verb, self.what))
            }
            ApiError::Malformed(why) => {
                Failure::new(FailureKind::Internal, format!("{} {}: {why}", self.verb, self.what))
            }
            ApiError::Status(status) => self.of_status(status),
        }
    }

    fn of_status(&self, status: &ApiStatus) -> Failure {
        let failure = match status.code {
            401 => Failure::new(
                FailureKind::Denied,
                format!("`{}` does not accept the credentials (tried to {} {})", self.server, self.verb, self.what),
            )
            .help("the token or certificate may have expired: refresh the kubeconfig"),
            403 if status.is_access_denied() => self.denied(status),
            403 => Failure::new(FailureKind::Refused, format!("{}: {}", self.what, self.reason(status))),
            409 if !status.conflicts().is_empty() => self.conflict(&status.conflicts()),
            409 => Failure::new(FailureKind::Stale, format!("{}: {}", self.what, self.reason(status)))
                .help("somebody changed it at the same time: make a new plan"),
            429 => Failure::new(
                FailureKind::Throttled,
                format!("`{}` is too busy (tried to {} {})", self.server, self.verb, self.what),
            ),
            500.. if is_about_the_object(status) => {
                Failure::new(FailureKind::Refused, format!("{}: {}", self.what, self.reason(status)))
            }
            500.. => Failure::new(
                FailureKind::Unreachable,
                format!(
                    "`{}` answers {} to {} {}: {}",
                    self.server,
                    status.code,
                    self.verb,
                    self.what,
                    self.reason(status)
                ),
            ),
            _ => Failure::new(FailureKind::Refused, format!("{}: {}", self.what, self.reason(status))),
        };
        if self.is_sensitive() || status.message.is_empty() {
            failure
        } else {
            failure.detail(bounded(&status.message))
        }
    }

    /// Access control says who may not do what: `User "x" cannot list resource "pods" in API group "" …`.
    fn denied(&self, status: &ApiStatus) -> Failure {
        let quoted: Vec<&str> = status.message.split('"').collect();
        let after = |marker: &str| {
            quoted.iter().position(|part| part.ends_with(marker)).and_then(|i| quoted.get(i + 1)).copied()
        };
        let verb = status.message.split(" cannot ").nth(1).and_then(|rest| rest.split(' ').next());
        let message = match (after("User "), verb, after(" resource ")) {
            (Some(user), Some(verb), Some(resource)) => {
                format!("{}: `{user}` may not {verb} `{resource}`{}", self.what, scope(&status.message))
            }
            _ => format!("{}: {}", self.what, self.reason(status)),
        };
        Failure::new(FailureKind::Denied, message).help("grant it by RBAC, or use other credentials")
    }

    /// All fields that other managers own.
    pub(crate) fn conflict(&self, conflicts: &[FieldConflict]) -> Failure {
        let shown: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        Failure::new(
            FailureKind::Conflict,
            format!("{}: {}", self.what, clean(&shown.join(", "), 4 * REASON_CHARS_MAX)),
        )
        .help("remove the field from the manifest, or let its owner give it up")
    }

    /// Field and reason, without the values that were refused.
    pub(crate) fn reason(&self, status: &ApiStatus) -> String {
        if self.is_sensitive() {
            let fields: Vec<&str> = status.causes.iter().map(|cause| cause.field.as_str()).take(CAUSES_SHOWN).collect();
            let reason = if status.reason.is_empty() { "refused" } else { &status.reason };
            let at = if fields.is_empty() { String::new() } else { format!(" at {}", fields.join(", ")) };
            return clean(&format!("{reason}{at} (text withheld: the object holds secret data)"), REASON_CHARS_MAX);
        }
        let causes: Vec<String> = status.causes.iter().take(CAUSES_SHOWN).map(StatusCause::line).collect();
        if causes.is_empty() {
            return clean(without_preamble(&status.message), REASON_CHARS_MAX);
        }
        let more = status.causes.len().saturating_sub(CAUSES_SHOWN);
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        format!("{}{more}", clean(&causes.join("; "), 2 * REASON_CHARS_MAX))
    }
}

impl StatusCause {
    /// `spec.template: field is immutable`.
    fn line(&self) -> String {
        let text = reason_of(&self.message);
        if self.field.is_empty() || self.field == "<nil>" { text } else { format!("{}: {text}", self.field) }
    }
}

/// Takes the refused value out: `Invalid value: {…}: field is immutable` → `field is immutable`.
fn reason_of(message: &str) -> String {
    let text = message.strip_prefix("Invalid value: ").map_or(message, |rest| match rest.rfind(": ") {
        Some(at) => &rest[at + 2..],
        None => rest,
    });
    clean(text, REASON_CHARS_MAX)
}

/// `deployments.apps "api" is forbidden: exceeded quota: …` → `exceeded quota: …`.
fn without_preamble(message: &str) -> &str {
    if message.starts_with("failed to c") {
        // `failed to create typed patch object (web/api; apps/v1, Kind=Deployment): .spec.replicas: expected …`
        return message.split_once("): ").map_or(message, |(_, rest)| rest.trim_start_matches('.'));
    }
    ["\" is forbidden: ", "\" is invalid: "]
        .iter()
        .find_map(|marker| message.find(marker).map(|at| &message[at + marker.len()..]))
        .unwrap_or(message)
}

/// ` in namespace `web`` or ` at the cluster scope`, as the server says it.
fn scope(message: &str) -> String {
    match message.split(" in the namespace \"").nth(1).and_then(|rest| rest.split('"').next()) {
        Some(namespace) => format!(" in namespace `{namespace}`"),
        None if message.contains("at the cluster scope") => " in all namespaces".to_owned(),
        None => String::new(),
    }
}

/// Server-side apply answers 500, without a reason, to manifests that are not of their kind's form.
fn is_about_the_object(status: &ApiStatus) -> bool {
    status.code == 500 && status.reason.is_empty() && status.message.starts_with("failed to c")
}

/// One line of at most `limit` characters without control characters.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: String = line.chars().filter(|c| !c.is_control()).take(limit).collect();
    if line.chars().count() > limit {
        out.pop();
        out.push('…');
    }
    out
}

/// Cut to what a detail may hold.
pub(crate) fn bounded(text: &str) -> String {
    let mut end = text.len().min(DETAIL_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
