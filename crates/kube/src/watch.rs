//! One watch: a list of events as they come, on one long answer.
//!
//! A watch has no limit on its length, but on silence: servers send bookmarks about once a minute, so a longer
//! silence means that the connection or the server is dead.

use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    connection::Cluster,
    failure::{ApiError, ApiStatus},
    kinds::Resource,
    transport::{Ask, Verb, encode},
};

/// Longest silence on a watch.
const IDLE_LIMIT: Duration = Duration::from_secs(90);
/// How long the server keeps a watch open, so that a lost one is found out and load spreads again.
const WATCH_SECS: u32 = 290;
/// Longest event: the largest object with room to spare.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// One event.
#[derive(Debug)]
pub(crate) enum Event {
    /// Added or modified.
    Changed(Value),
    Deleted(Value),
    /// Nothing happened up to this version.
    Bookmark(String),
}

/// The events of one watch.
pub(crate) struct Events {
    body: Body,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no end of a line.
    scanned: usize,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    object: &'a RawValue,
}

impl Cluster {
    /// Watches a kind from a version on.
    pub(crate) async fn watch(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        labels: &str,
        fields: &str,
        resource_version: &str,
    ) -> Result<Events, ApiError> {
        let mut path = format!(
            "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECS}&resourceVersion={}",
            resource.path(namespace, None),
            encode(resource_version)
        );
        for (key, selector) in [("labelSelector", labels), ("fieldSelector", fields)] {
            if !selector.is_empty() {
                path.push_str(&format!("&{key}={}", encode(selector)));
            }
        }
        let response = self.transport().open(&Ask::new(Verb::Watch, path)).await?;
        Ok(Events { body: response.into_body(), buffer: BytesMut::new(), scanned: 0 })
    }
}

impl Events {
    /// The next event; `None` when the server has ended the watch. Safe to drop and call again.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, ApiError> {
        loop {
            if let Some(end) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
                let end = self.scanned + end;
                let event = read(&self.buffer[..end]);
                self.buffer.advance(end + 1);
                self.scanned = 0;
                return event.map(Some);
            }
            self.scanned = self.buffer.len();
            if self.buffer.len() > EVENT_BYTES_MAX {
                return Err(ApiError::Malformed(format!("a watch event is longer than {EVENT_BYTES_MAX} bytes")));
            }
            let frame = tokio::time::timeout(IDLE_LIMIT, self.body.frame()).await;
            match frame.map_err(|_| ApiError::Timeout(IDLE_LIMIT))? {
                None => return Ok(None),
                Some(Err(error)) => return Err(ApiError::broken(&error)),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                }
            }
        }
    }
}

fn read(line: &[u8]) -> Result<Event, ApiError> {
    let malformed = |error: serde_json::Error| ApiError::Malformed(format!("a watch event cannot be read: {error}"));
    let line: Line<'_> = serde_json::from_slice(line).map_err(malformed)?;
    if line.kind == "ERROR" {
        #[derive(Deserialize)]
        struct Code {
            #[serde(default)]
            code: u16,
        }
        let code = serde_json::from_str::<Code>(line.object.get()).map(|status| status.code).unwrap_or_default();
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Err(ApiStatus::read(code, None, line.object.get().as_bytes()).into());
    }
    let object: Value = serde_json::from_str(line.object.get()).map_err(malformed)?;
    match line.kind {
        "ADDED" | "MODIFIED" => Ok(Event::Changed(object)),
        "DELETED" => Ok(Event::Deleted(object)),
        "BOOKMARK" => Ok(Event::Bookmark(version(&object).to_owned())),
        _ => Err(ApiError::Malformed("a watch event of an unknown type".to_owned())),
    }
}

/// `metadata.resourceVersion`, or nothing.
pub(crate) fn version(object: &Value) -> &str {
    object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    async fn events(chunks: &[&str]) -> Events {
        Events { body: Body::from(chunks.concat().into_bytes()), buffer: BytesMut::new(), scanned: 0 }
    }

    #[tokio::test]
    async fn events_are_lines() {
        let mut events = events(&[
            r#"{"type":"ADDED","object":{"metadata":{"name":"a"}}}"#,
            "\n",
            r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}"#,
            "\n",
            r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old","reason":"Expired"}}"#,
            "\n{\"type\":\"MOD",
        ])
        .await;
        assert!(matches!(events.next().await.unwrap().unwrap(), Event::Changed(_)));
        assert!(matches!(events.next().await.unwrap().unwrap(), Event::Bookmark(version) if version == "7"));
        let error = events.next().await.unwrap_err();
        assert_eq!((error.code(), error.status().unwrap().message.as_str()), (410, "too old"));
        assert!(events.next().await.unwrap().is_none(), "an event that is cut off is no event");
    }

    #[test]
    fn nonsense_is_an_error() {
        for line in ["", "{", "{}", r#"{"type":"ODD","object":{}}"#, r#"{"type":"ADDED"}"#] {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
    }
}
