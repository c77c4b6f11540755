//! What an API server's audit log says: who asked for what, and when.
//!
//! The log is the oracle for order and for no-ops, because the server writes it, not the program under test. A request
//! is listed once, with the last stage that was logged for it.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context, bail};
use serde::Deserialize;

/// Which requests the API servers note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audit {
    /// Everything that may change something.
    #[default]
    Writes,
    /// Also `get`, `list` and `watch`, for counting requests.
    All,
}

/// User agent of the requests by which the testbed finds out that the log is complete; they are never listed.
pub(crate) const MARK_USER_AGENT: &str = "seaway-testbed-mark";

/// One request to an API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Identity of the request.
    pub id: String,
    /// The last stage that was logged: `ResponseComplete`, or `ResponseStarted` for a watch that goes on.
    pub stage: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// Name of the authenticated user.
    pub user: String,
    /// Empty when the client sent none.
    pub user_agent: String,
    /// Path and query.
    pub request_uri: String,
    /// What the request is about; `None` for paths that are no objects.
    pub object: Option<AuditObject>,
    /// HTTP status; `None` while there is none.
    pub response_code: Option<u16>,
    /// When the server received the request, microseconds since 1970.
    pub received_micros: i64,
    /// When the server reached `stage`, microseconds since 1970.
    pub stage_micros: i64,
}

/// The object of a request; what does not apply is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditObject {
    /// API group, empty for the core group.
    #[serde(rename = "apiGroup")]
    pub group: String,
    /// API version without the group.
    #[serde(rename = "apiVersion")]
    pub version: String,
    /// Plural name of the kind.
    pub resource: String,
    /// Empty for cluster-wide objects.
    pub namespace: String,
    /// Empty for lists, and for `create`, where the name is in the body.
    pub name: String,
    /// For example `status`.
    pub subresource: String,
}

impl AuditEvent {
    /// Whether this request changed something or tried to. Dry runs do not, and neither do questions that are put as
    /// `create`: access reviews and token reviews.
    pub fn is_write(&self) -> bool {
        let changes = matches!(self.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection");
        let question = self
            .object
            .as_ref()
            .is_some_and(|object| matches!(object.group.as_str(), "authorization.k8s.io" | "authentication.k8s.io"));
        changes && !question && !self.is_dry_run()
    }

    /// Whether the server was asked to do as if.
    pub fn is_dry_run(&self) -> bool {
        self.request_uri.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair == "dryRun=All"))
    }

    /// Whether the request came from a part of the cluster (controllers, scheduler, node) or from the testbed itself.
    pub fn is_internal(&self) -> bool {
        crate::control_plane::INTERNAL_USERS.contains(&self.user.as_str()) || self.user_agent == crate::http::USER_AGENT
    }
}

/// A place in an audit log; see [`crate::Cluster::audit_mark`].
#[derive(Debug, Clone, Copy)]
pub struct AuditMark {
    pub(crate) offset: u64,
    pub(crate) micros: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    object_ref: Option<AuditObject>,
    response_status: Option<ResponseStatus>,
    request_received_timestamp: jiff::Timestamp,
    stage_timestamp: jiff::Timestamp,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: Option<u16>,
}

/// The configuration file for the API server.
pub(crate) fn policy(audit: Audit) -> String {
    let ignored = match audit {
        Audit::Writes => "- {level: None, verbs: [get, list, watch]}\n",
        Audit::All => "",
    };
    format!(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n{ignored}\
         - {{level: Metadata}}\n"
    )
}

/// The requests logged from `offset` on, in the order in which they first appear.
pub(crate) fn read(path: &Path, offset: u64) -> anyhow::Result<Vec<AuditEvent>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let Some(new) = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)) else {
        bail!("{} is shorter than the mark at {offset}", path.display());
    };
    parse(&String::from_utf8_lossy(new)).with_context(|| format!("cannot read {}", path.display()))
}

fn parse(text: &str) -> anyhow::Result<Vec<AuditEvent>> {
    let mut events: Vec<AuditEvent> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    // The line after the last line break is still being written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        let line: Line = serde_json::from_str(line).with_context(|| format!("unexpected line `{line}`"))?;
        let event = AuditEvent::from(line);
        if event.user_agent == MARK_USER_AGENT {
            continue;
        }
        match places.get(&event.id) {
            Some(&place) => events[place] = event,
            None => {
                places.insert(event.id.clone(), events.len());
                events.push(event);
            }
        }
    }
    Ok(events)
}

/// Cuts off a last line that the server had no time to end, so that the next server starts on a new one.
pub(crate) fn end_last_line(path: &Path) -> anyhow::Result<()> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
    };
    let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    fs::OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(whole as u64))
        .with_context(|| format!("cannot write {}", path.display()))
}

impl From<Line> for AuditEvent {
    fn from(line: Line) -> Self {
        Self {
            id: line.audit_id,
            stage: line.stage,
            verb: line.verb,
            user: line.user.username,
            user_agent: line.user_agent,
            request_uri: line.request_uri,
            object: line.object_ref,
            response_code: line.response_status.and_then(|status| status.code),
            received_micros: line.request_received_timestamp.as_microsecond(),
            stage_micros: line.stage_timestamp.as_microsecond(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn line(id: &str, stage: &str, verb: &str, uri: &str) -> String {
        format!(
            r#"{{"kind":"Event","level":"Metadata","auditID":"{id}","stage":"{stage}","requestURI":"{uri}","verb":"{verb}","user":{{"username":"admin","groups":["x"]}},"sourceIPs":["127.0.0.1"],"userAgent":"ship/1","objectRef":{{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":200}},"requestReceivedTimestamp":"2026-01-02T03:04:05.000006Z","stageTimestamp":"2026-01-02T03:04:05.000010Z","annotations":{{}}}}"#
        )
    }

    #[test]
    fn a_request_is_listed_once_with_its_last_stage() {
        let text = format!(
            "{}\n{}\n{}\n{{\"kind\":\"Ev",
            line("a", "ResponseStarted", "watch", "/x?watch=true"),
            line("b", "ResponseComplete", "patch", "/y"),
            line("a", "ResponseComplete", "watch", "/x?watch=true"),
        );
        let events = parse(&text).unwrap();
        let seen: Vec<_> = events.iter().map(|e| (e.id.as_str(), e.stage.as_str())).collect();
        assert_eq!(seen, [("a", "ResponseComplete"), ("b", "ResponseComplete")]);
        let event = &events[1];
        assert_eq!(event.stage_micros - event.received_micros, 4);
        assert_eq!(event.response_code, Some(200));
        let object = event.object.as_ref().unwrap();
        assert_eq!(
            (object.group.as_str(), object.resource.as_str(), object.name.as_str()),
            ("apps", "deployments", "web")
        );
        assert!(!event.is_internal());
    }

    #[test]
    fn dry_runs_and_reads_are_no_writes() {
        let text = [
            line("a", "ResponseComplete", "patch", "/y?fieldManager=ship&dryRun=All"),
            line("b", "ResponseComplete", "patch", "/y?fieldManager=dryRun"),
            line("c", "ResponseComplete", "list", "/y"),
            line("d", "ResponseComplete", "create", "/y").replace("\"apps\"", "\"authorization.k8s.io\""),
        ]
        .join("\n")
            + "\n";
        let writes: Vec<_> = parse(&text).unwrap().into_iter().filter(AuditEvent::is_write).map(|e| e.id).collect();
        assert_eq!(writes, ["b"]);
    }

    #[test]
    fn the_mark_of_the_testbed_is_not_listed() {
        let text = line("a", "ResponseComplete", "delete", "/y").replace("ship/1", MARK_USER_AGENT) + "\n";
        assert_eq!(parse(&text).unwrap(), []);
    }

    #[test]
    fn a_torn_last_line_is_cut_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "one\ntwo\nthr").unwrap();
        end_last_line(file.path()).unwrap();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "one\ntwo\n");
        assert!(parse("nonsense\n").is_err());
    }
}
