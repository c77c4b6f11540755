//! One request, within limits.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ureq::{
    Agent,
    config::RedirectAuthHeaders,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::Error;

/// Most redirects of one request. Release pages of forges need two.
const REDIRECTS_MAX: u32 = 5;

/// Bounds of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest time.
    pub time: Duration,
    /// Most bytes of an answer.
    pub bytes: u64,
}

impl Default for Limits {
    /// Two minutes and 64 MiB, three times the largest public index.
    fn default() -> Self {
        Self { time: Duration::from_secs(120), bytes: 64 << 20 }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Http {
    agent: Agent,
    limits: Limits,
    allows_plain: bool,
}

/// A URL and what was in it.
struct Target {
    url: String,
    authorization: Option<String>,
}

impl Http {
    /// A client that trusts the certificates of this machine. `allows_plain` = `http` too, which anybody on the way can
    /// read and change.
    pub fn new(limits: Limits, allows_plain: bool) -> Self {
        let found = rustls_native_certs::load_native_certs().certs;
        let certificates: Vec<_> = found.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .https_only(!allows_plain)
            .max_redirects(REDIRECTS_MAX)
            .redirect_auth_headers(RedirectAuthHeaders::Never)
            .timeout_global(Some(limits.time))
            .user_agent("seaway")
            .build()
            .new_agent();
        Self { agent, limits, allows_plain }
    }

    /// The bytes at a URL. A user and password in the URL, or else the token, are sent to its host alone.
    ///
    /// # Errors
    /// When there is no answer, another one than 200, or it is too large.
    pub fn get(&self, url: &str, token: Option<&str>) -> Result<Vec<u8>, Error> {
        let target = self.target(url)?;
        let mut request = self.agent.get(&target.url);
        let bearer = token.map(|token| format!("Bearer {token}"));
        if let Some(authorization) = target.authorization.or(bearer) {
            request = request.header("Authorization", authorization);
        }
        let failed = |error: ureq::Error| Error::NoAnswer { url: target.url.clone(), why: error.to_string() };
        let mut answer = request.call().map_err(failed)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(Error::Status { url: target.url, status });
        }
        match answer.body_mut().with_config().limit(self.limits.bytes).read_to_vec() {
            Ok(bytes) => Ok(bytes),
            Err(ureq::Error::BodyExceedsLimit(limit)) => Err(Error::TooLarge { url: target.url, limit }),
            Err(error) => Err(failed(error)),
        }
    }

    fn target(&self, url: &str) -> Result<Target, Error> {
        let (clean, authorization) = split(url);
        let bad = |why| Error::BadUrl { url: clean.clone(), why };
        let scheme = clean.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("https") => {}
            Some("http") if self.allows_plain => {}
            Some("http") => return Err(bad("is not encrypted, which is not allowed")),
            _ => return Err(bad("is no HTTP URL")),
        }
        if clean.chars().any(|c| c.is_control() || c == ' ') {
            return Err(bad("has spaces or control characters in it"));
        }
        Ok(Target { url: clean, authorization })
    }
}

/// The URL without `user:password@`, and what stood there as a header.
fn split(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => {
            let basic = format!("Basic {}", STANDARD.encode(&rest[..at]));
            (format!("{scheme}://{}", &rest[at + 1..]), Some(basic))
        }
        None => (url.to_owned(), None),
    }
}
