//! One request: limited, timed, counted, repeated when the server asks for patience.
//!
//! Everything that goes to an API server goes through [`Transport`]; nothing else names the HTTP client. Bodies
//! are bytes, so that an object is written and read once. Log lines name verb, path and status, never a body.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use seaway_core::{declaration::Limits, health::Now};
use serde::Deserialize;
use tokio::sync::{RwLock, Semaphore};

use crate::{
    connection::{Session, Source},
    failure::{ApiError, ApiStatus},
};

/// Largest answer that is kept in memory; lists that are larger are read in smaller pages.
const ANSWER_BYTES_MAX: usize = 128 << 20;
/// Shortest pause before a throttled request is repeated, when the server names none.
const THROTTLE_PAUSE: Duration = Duration::from_millis(250);
/// Credentials are renewed so long before they end.
const RENEW_BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);
/// A session is not opened again before: credentials that are refused when they are new stay refused.
const SESSION_AGE_MIN: Duration = Duration::from_secs(10);
/// Clocks that differ by less count as equal: servers tell the time in whole seconds.
const CLOCK_TOLERANCE_MS: i64 = 2000;
/// Longest error text that is read from the server.
const ERROR_BYTES_MAX: usize = 1 << 20;

/// What a request does, as audit logs count it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    List,
    Get,
    Watch,
    Patch,
    Create,
    Delete,
    Other,
}

impl Verb {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Watch => "watch",
            Self::Patch => "patch",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Other => "update",
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::List | Self::Get | Self::Watch => Method::GET,
            Self::Patch => Method::PATCH,
            Self::Create => Method::POST,
            Self::Delete => Method::DELETE,
            Self::Other => Method::PUT,
        }
    }
}

/// Requests sent so far, by verb. Repeated requests count each time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Lists; every page counts.
    pub list: u64,
    /// Reads of one object, and discovery.
    pub get: u64,
    /// Watches opened.
    pub watch: u64,
    /// Server-side applies, dry runs included.
    pub patch: u64,
    /// Creations, dry runs included.
    pub create: u64,
    /// Deletions.
    pub delete: u64,
    /// Updates of the inventory.
    pub other: u64,
}

impl Counts {
    /// All requests.
    pub fn total(&self) -> u64 {
        self.list + self.get + self.watch + self.patch + self.create + self.delete + self.other
    }
}

/// One request before it is sent.
pub(crate) struct Ask {
    pub verb: Verb,
    /// Path and query.
    pub path: String,
    pub body: Bytes,
    pub content_type: &'static str,
    pub accept: &'static str,
}

/// Body of a server-side apply. JSON is YAML.
pub(crate) const APPLY: &str = "application/apply-patch+yaml";
const JSON: &str = "application/json";

impl Ask {
    pub(crate) fn new(verb: Verb, path: impl Into<String>) -> Self {
        Self { verb, path: path.into(), body: Bytes::new(), content_type: JSON, accept: JSON }
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    fn request(&self) -> Result<Request<Body>, ApiError> {
        let mut request = Request::builder()
            .method(self.verb.method())
            .uri(&self.path)
            .header(header::ACCEPT, self.accept)
            .header(header::USER_AGENT, concat!("seaway/", env!("CARGO_PKG_VERSION")));
        if !self.body.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.content_type);
        }
        if self.verb == Verb::Watch {
            // Compressed streams hold events back until a block is full.
            request = request.header(header::ACCEPT_ENCODING, "identity");
        }
        request
            .body(Body::from(self.body.clone()))
            .map_err(|error| ApiError::Malformed(format!("the request for `{}` cannot be built: {error}", self.path)))
    }
}

/// An answer with status 200 to 299.
pub(crate) struct Answer {
    pub status: StatusCode,
    retry_after: Option<Duration>,
    /// When the server answered, by its own clock.
    pub date: Option<Now>,
    pub body: Bytes,
}

impl Answer {
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        // The error of the JSON library names a position, never content.
        serde_json::from_slice(&self.body)
            .map_err(|error| ApiError::Malformed(format!("the answer is not what Kubernetes promises: {error}")))
    }
}

/// The way to one API server.
pub(crate) struct Transport {
    source: Source,
    session: RwLock<Session>,
    /// Address, for messages.
    pub server: String,
    pub limits: Limits,
    permits: Semaphore,
    counts: [AtomicU64; 7],
    /// How far the server's clock is ahead of ours, in milliseconds.
    ahead_ms: AtomicI64,
}

impl Transport {
    pub(crate) fn new(source: Source, session: Session, limits: Limits) -> Self {
        let permits = Semaphore::new(limits.concurrent_requests.max(1) as usize);
        let server = session.server.clone();
        let session = RwLock::new(session);
        Self { source, session, server, limits, permits, counts: Default::default(), ahead_ms: AtomicI64::new(0) }
    }

    pub(crate) fn counts(&self) -> Counts {
        let [list, get, watch, patch, create, delete, other] =
            std::array::from_fn(|i| self.counts[i].load(Ordering::Relaxed));
        Counts { list, get, watch, patch, create, delete, other }
    }

    /// The time by the server's clock, as far as it has told it.
    pub(crate) fn now(&self) -> Now {
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        Now(local_now().0.saturating_add(if ahead.abs() <= CLOCK_TOLERANCE_MS { 0 } else { ahead }))
    }

    fn note_clock(&self, date: Option<Now>) {
        if let Some(date) = date {
            self.ahead_ms.store(date.since(local_now()), Ordering::Relaxed);
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_millis(self.limits.request_timeout.0.max(1))
    }

    /// Sends and reads the whole answer. A throttled request is repeated as long as the request timeout lasts.
    pub(crate) async fn call(&self, ask: &Ask) -> Result<Answer, ApiError> {
        let started = Instant::now();
        loop {
            let error = match self.attempt(ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = error.pause(THROTTLE_PAUSE) else { return Err(error) };
            if started.elapsed() + pause >= self.timeout() {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, ask: &Ask) -> Result<Answer, ApiError> {
        let _permit =
            self.permits.acquire().await.map_err(|_| ApiError::Malformed("the connection was closed".to_owned()))?;
        let started = Instant::now();
        let result = tokio::time::timeout(self.timeout(), async {
            let response = self.send(ask).await?;
            let status = response.status();
            let (retry_after, date) = (retry_after(&response), date(&response));
            self.note_clock(date);
            let limit = if status.is_success() { ANSWER_BYTES_MAX } else { ERROR_BYTES_MAX };
            let body = collect(response.into_body(), limit).await?;
            Ok(Answer { status, retry_after, date, body })
        })
        .await
        .unwrap_or_else(|_| Err(ApiError::Timeout(self.timeout())));
        tracing::debug!(
            verb = ask.verb.word(),
            path = ask.path,
            millis = started.elapsed().as_millis() as u64,
            status = result.as_ref().map_or(0, |answer| answer.status.as_u16()),
            "request"
        );
        let answer = result?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(ApiStatus::read(answer.status, answer.retry_after, &answer.body).into())
    }

    /// Sends with the credentials of now; when the server does not take them any more, once again with new ones.
    async fn send(&self, ask: &Ask) -> Result<Response<Body>, ApiError> {
        let session = self.session(None).await?;
        let response = self.send_once(ask, &session).await?;
        if response.status() != StatusCode::UNAUTHORIZED || session.opened.elapsed() < SESSION_AGE_MIN {
            return Ok(response);
        }
        let renewed = self.session(Some(session.opened)).await?;
        self.send_once(ask, &renewed).await
    }

    async fn send_once(&self, ask: &Ask, session: &Session) -> Result<Response<Body>, ApiError> {
        self.counts[ask.verb as usize].fetch_add(1, Ordering::Relaxed);
        session.client.send(ask.request()?).await.map_err(|error| ApiError::of_client(&error))
    }

    /// The session, opened again when its credentials are about to end or when it is the one that was `refused`.
    async fn session(&self, refused: Option<Instant>) -> Result<Session, ApiError> {
        let is_good = |session: &Session| {
            let now = jiff::Timestamp::now();
            // Credentials that are short-lived from the start are used to their end, so that they are not fetched
            // for every request.
            let is_new = session.opened.elapsed() < SESSION_AGE_MIN;
            let lasts = session.expires.is_none_or(|end| end > now + RENEW_BEFORE);
            (lasts || is_new) && refused != Some(session.opened)
        };
        {
            let session = self.session.read().await;
            if is_good(&session) {
                return Ok(session.clone());
            }
        }
        let mut session = self.session.write().await;
        if !is_good(&session) {
            let renewed = self.source.open().await.map_err(|failure| ApiError::Failed(Box::new(failure)))?;
            if renewed.server != self.server {
                let why = format!("the kubeconfig now names another server, `{}`", renewed.server);
                return Err(ApiError::Credentials(why));
            }
            *session = renewed;
        }
        Ok(session.clone())
    }

    /// Opens a watch: the answer's head must come within the request timeout, its body may go on.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Response<Body>, ApiError> {
        let sent = tokio::time::timeout(self.timeout(), self.send(ask)).await;
        let response = sent.unwrap_or_else(|_| Err(ApiError::Timeout(self.timeout())))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        if status.is_success() {
            return Ok(response);
        }
        let body = tokio::time::timeout(self.timeout(), collect(response.into_body(), ERROR_BYTES_MAX)).await;
        let body = body.map_err(|_| ApiError::Timeout(self.timeout()))??;
        Err(ApiStatus::read(status, retry_after, &body).into())
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(response: &Response<Body>) -> Option<Now> {
    let text = response.headers().get(header::DATE)?.to_str().ok()?;
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Now(time.as_millisecond()))
}

fn local_now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let collected = Limited::new(body, limit).collect().await;
    let collected = collected.map_err(|error| match error.downcast_ref::<http_body_util::LengthLimitError>() {
        Some(_) => ApiError::TooLarge(limit),
        None => ApiError::broken(&*error),
    });
    Ok(collected?.to_bytes())
}

/// Go writes empty lists and maps as `null`.
pub(crate) fn null_as_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// How long the server asks to wait, in whole seconds as API servers send it.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let secs = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(secs))
}

/// `text` for a query string.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// A transport whose session was opened a while ago.
    async fn transport(folder: &std::path::Path, expires: Option<&str>) -> Transport {
        let text = r#"{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],
            "users":[{"name":"u","user":{"token":"t"}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}]}"#;
        std::fs::write(folder.join("kubeconfig"), text).unwrap();
        let source = Source { files: vec![folder.join("kubeconfig")], context: "x".to_owned() };
        let mut session = source.open().await.unwrap();
        session.opened = Instant::now().checked_sub(2 * SESSION_AGE_MIN).unwrap();
        session.expires = expires.map(|text| text.parse().unwrap());
        Transport::new(source, session, Limits::default())
    }

    #[tokio::test]
    async fn credentials_that_end_or_are_refused_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let opened = |session: Result<Session, ApiError>| session.unwrap().opened;
        let lasting = transport(folder.path(), None).await;
        let first = opened(lasting.session(None).await);
        assert_eq!(opened(lasting.session(None).await), first);
        let renewed = opened(lasting.session(Some(first)).await);
        assert_ne!(renewed, first, "refused");
        assert_eq!(opened(lasting.session(Some(first)).await), renewed, "another request has renewed it already");

        let ended = transport(folder.path(), Some("2020-01-01T00:00:00Z")).await;
        let first = ended.session.read().await.opened;
        assert_ne!(opened(ended.session(None).await), first);

        // Gone meanwhile: an error that says so, not the old credentials.
        let ended = transport(folder.path(), Some("2020-01-01T00:00:00Z")).await;
        std::fs::remove_file(folder.path().join("kubeconfig")).unwrap();
        assert!(matches!(ended.session(None).await, Err(ApiError::Failed(_))));
    }

    #[test]
    fn query_values_are_encoded() {
        assert_eq!(encode("seaway.dev/service in (a,b)"), "seaway.dev%2Fservice%20in%20%28a%2Cb%29");
    }
}
