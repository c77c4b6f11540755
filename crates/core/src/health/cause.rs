//! The cause: what stands in the way, named down to the container.
//!
//! All text in it comes from clusters, so it is bounded and freed of control characters before it is shown
//! or recorded. A container's termination message is never taken: with `FallbackToLogsOnError` it is the
//! tail of a log, which may hold anything.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::Condition;
use super::read::{Now, text};

/// Longest message of a cause or status, in characters. API errors run to thousands; a line for people does not.
pub const MESSAGE_LIMIT: usize = 400;

/// Longest name, image or reason, in characters: Kubernetes allows 253 for names, images are a little longer.
pub const NAME_LIMIT: usize = 300;

/// What stands in the way of one object.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The object whose status this explains: `Deployment.apps web/api`.
    pub object: String,
    /// Namespace of the object, and so of the pod; empty for cluster-scoped objects.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The pod in which it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// The container in which it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Whether that is an init container.
    #[serde(default)]
    pub init: bool,
    /// The image of the container, as the pod asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// One word: `ImagePullBackOff`, `ProgressDeadlineExceeded`.
    pub reason: String,
    /// What the cluster says about it; may be empty.
    pub message: String,
    /// Since when, in milliseconds since 1970, by the cluster's clock; absent when nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

impl Cause {
    /// A cause that lies in the object itself.
    pub(super) fn of_object(object: &Value, reason: &str, message: &str) -> Self {
        Self {
            object: label(object),
            namespace: name_of(text(object, &["metadata", "namespace"])),
            pod: None,
            container: None,
            init: false,
            image: None,
            reason: clean(reason, NAME_LIMIT),
            message: clean(message, MESSAGE_LIMIT),
            since_ms: None,
        }
    }

    /// A cause that one of the object's conditions states.
    pub(super) fn of_condition(object: &Value, condition: &Condition<'_>) -> Self {
        let reason = if condition.reason.is_empty() {
            format!("{}={}", condition.kind, condition.status)
        } else {
            condition.reason.to_owned()
        };
        Self::of_object(object, &reason, condition.message).since(condition.changed)
    }

    /// Puts a remark of ours before what the cluster says.
    pub(super) fn remark(&mut self, remark: &str) {
        let colon = if self.message.is_empty() { "" } else { ": " };
        self.message = clean(&format!("{remark}{colon}{}", self.message), MESSAGE_LIMIT);
    }

    /// The same with the time since when it stands in the way.
    #[must_use]
    pub(super) fn since(mut self, since: Option<Now>) -> Self {
        self.since_ms = since.map(|since| since.0);
        self
    }
}

impl fmt::Display for Cause {
    /// `pod web/api-7c9-x2x: container api: ImagePullBackOff: Back-off pulling image "r/api:1"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pod {
            Some(pod) if self.namespace.is_empty() => write!(f, "pod {pod}")?,
            Some(pod) => write!(f, "pod {}/{pod}", self.namespace)?,
            None => f.write_str(&self.object)?,
        }
        if let Some(container) = &self.container {
            write!(f, ": {}container {container}", if self.init { "init " } else { "" })?;
        }
        write!(f, ": {}", self.reason)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// `Deployment.apps web/api`: kind, group, namespace and name as far as the object has them.
pub(super) fn label(object: &Value) -> String {
    let kind = text(object, &["kind"]).unwrap_or("object");
    let group = text(object, &["apiVersion"]).and_then(|version| version.split_once('/')).map(|(group, _)| group);
    let name = text(object, &["metadata", "name"]).unwrap_or("?");
    let mut label = kind.to_owned();
    if let Some(group) = group {
        label.push('.');
        label.push_str(group);
    }
    label.push(' ');
    if let Some(namespace) = text(object, &["metadata", "namespace"]) {
        label.push_str(namespace);
        label.push('/');
    }
    label.push_str(name);
    clean(&label, NAME_LIMIT)
}

/// A name as it may be shown.
pub(super) fn name_of(name: Option<&str>) -> String {
    name.map(|name| clean(name, NAME_LIMIT)).unwrap_or_default()
}

/// `text` on one line, without characters that move the cursor or turn the reading direction, and at most
/// `limit` characters long, the last one then being `…`.
pub(super) fn clean(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    let mut length = 0;
    let mut gap = false;
    for found in text.chars() {
        if found.is_whitespace() || found.is_control() {
            gap = length > 0;
            continue;
        }
        if matches!(found, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            continue;
        }
        if length + usize::from(gap) >= limit {
            out.pop();
            out.push('…');
            break;
        }
        if gap {
            out.push(' ');
            length += 1;
            gap = false;
        }
        out.push(found);
        length += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cause() -> Cause {
        let owner = json!({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"web","name":"api"}});
        Cause::of_object(&owner, "ImagePullBackOff", "Back-off pulling image \"r/api:1-broken\"")
    }

    #[test]
    fn reads_as_one_line() {
        let mut cause = cause();
        assert_eq!(
            cause.to_string(),
            "Deployment.apps web/api: ImagePullBackOff: Back-off pulling image \"r/api:1-broken\""
        );
        cause.pod = Some("api-7c9-x2x".to_owned());
        cause.container = Some("api".to_owned());
        assert_eq!(
            cause.to_string(),
            "pod web/api-7c9-x2x: container api: ImagePullBackOff: Back-off pulling image \"r/api:1-broken\""
        );
        cause.init = true;
        cause.message.clear();
        assert_eq!(cause.to_string(), "pod web/api-7c9-x2x: init container api: ImagePullBackOff");
    }

    #[test]
    fn outside_text_is_bounded_and_tame() {
        assert_eq!(clean("a\n\n  b\tc ", 10), "a b c");
        assert_eq!(clean("\u{1b}[31mred\u{202e}", 10), "[31mred");
        assert_eq!(clean("12345", 5), "12345");
        assert_eq!(clean("12345 ", 5), "12345");
        assert_eq!(clean("123456", 5), "1234…");
        assert_eq!(clean("1234 6", 5), "123…");
        assert_eq!(clean("äöüß€", 4), "äöü…");
        let long = Cause::of_object(&json!({"kind": "K".repeat(5000)}), &"r".repeat(5000), &"m".repeat(5000));
        assert_eq!(long.message.chars().count(), MESSAGE_LIMIT);
        assert_eq!((long.reason.chars().count(), long.object.chars().count()), (NAME_LIMIT, NAME_LIMIT));
    }

    #[test]
    fn objects_without_a_name_have_a_label() {
        assert_eq!(label(&json!(7)), "object ?");
        assert_eq!(label(&json!({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})), "Node n1");
    }
}
