//! One request: limited, timed, counted, repeated when the server asks for patience.
//!
//! Everything that goes to an API server goes through [`Transport`]; nothing else names the HTTP client. Bodies
//! are bytes, so that an object is written and read once. Log lines name verb, path and status, never a body.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use seaway_core::declaration::Limits;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::failure::{ApiError, ApiStatus};

/// Largest answer. A page of 500 objects of the largest size that etcd takes (1.5 MiB) does not fit: such a page
/// is refused rather than kept in memory, and no real namespace holds it.
const ANSWER_BYTES_MAX: usize = 512 << 20;
/// Shortest pause before a throttled request is repeated, when the server names none.
const THROTTLE_PAUSE: Duration = Duration::from_millis(250);
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
    client: kube::Client,
    /// Address, for messages.
    pub server: String,
    pub limits: Limits,
    permits: Semaphore,
    counts: [AtomicU64; 7],
}

impl Transport {
    pub(crate) fn new(client: kube::Client, server: String, limits: Limits) -> Self {
        let permits = Semaphore::new(limits.concurrent_requests.max(1) as usize);
        Self { client, server, limits, permits, counts: Default::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        let [list, get, watch, patch, create, delete, other] =
            std::array::from_fn(|i| self.counts[i].load(Ordering::Relaxed));
        Counts { list, get, watch, patch, create, delete, other }
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
            let retry_after = retry_after(&response);
            let limit = if status.is_success() { ANSWER_BYTES_MAX } else { ERROR_BYTES_MAX };
            let body = Limited::new(response.into_body(), limit)
                .collect()
                .await
                .map_err(|error| ApiError::broken(&*error))?
                .to_bytes();
            Ok(Answer { status, retry_after, body })
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

    async fn send(&self, ask: &Ask) -> Result<Response<Body>, ApiError> {
        self.counts[ask.verb as usize].fetch_add(1, Ordering::Relaxed);
        let request = ask.request()?;
        self.client.send(request).await.map_err(|error| ApiError::of_client(&error))
    }

    /// Opens a watch: the answer's head must come within the request timeout, its body may go on.
    pub(crate) async fn open(&self, ask: &Ask) -> Result<Response<Body>, ApiError> {
        let sent = tokio::time::timeout(self.timeout(), self.send(ask)).await;
        let response = sent.unwrap_or_else(|_| Err(ApiError::Timeout(self.timeout())))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        if status.is_success() {
            return Ok(response);
        }
        let body = Limited::new(response.into_body(), ERROR_BYTES_MAX).collect();
        let body = tokio::time::timeout(self.timeout(), body)
            .await
            .map_err(|_| ApiError::Timeout(self.timeout()))?
            .map_err(|error| ApiError::broken(&*error))?;
        Err(ApiStatus::read(status, retry_after, &body.to_bytes()).into())
    }
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
