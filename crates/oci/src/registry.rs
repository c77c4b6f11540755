//! Asking a registry.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use seaway_core::digest::Digest;
use serde::Deserialize;
use ureq::{
    Agent, Body,
    config::RedirectAuthHeaders,
    http::Response,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::{Error, Repository, challenge::Challenge};

/// The layer of a chart's manifest that holds the packed chart.
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// Manifests that are taken.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Largest manifest, list of tags or token, in bytes.
const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// Most tags of a repository.
const TAGS_MAX: usize = 50_000;
/// Most pages of a list of tags.
const PAGES_MAX: usize = 100;
/// Most redirects of one request: registries send blobs from elsewhere.
const REDIRECTS_MAX: u32 = 3;

/// Bounds of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest time.
    pub time: Duration,
    /// Most bytes of a blob.
    pub bytes: u64,
}

impl Default for Limits {
    /// Two minutes and 64 MiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(120), bytes: 64 << 20 }
    }
}

/// One repository of a registry, and the token for it.
#[derive(Debug)]
pub struct Registry {
    agent: Agent,
    limits: Limits,
    scheme: &'static str,
    repository: Repository,
    /// User and password, for the registry and its token server.
    credential: Option<(String, String)>,
    authorization: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Registry {
    /// A client for one repository. `allows_plain` = unencrypted HTTP, which anybody on the way can read and change.
    pub fn new(
        repository: Repository,
        credential: Option<(String, String)>,
        limits: Limits,
        allows_plain: bool,
    ) -> Self {
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
        let scheme = if allows_plain { "http" } else { "https" };
        Self { agent, limits, scheme, repository, credential, authorization: None }
    }

    /// Every tag, in the registry's order.
    ///
    /// # Errors
    /// When the registry does not give them.
    pub fn tags(&mut self) -> Result<Vec<String>, Error> {
        let mut tags: Vec<String> = Vec::new();
        let mut last: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let from = last.as_ref().map(|last| format!("&last={last}")).unwrap_or_default();
            let bytes = self.get(&format!("tags/list?n=1000{from}"), None, ANSWER_BYTES_MAX, "such repository")?;
            let page: Tags = serde_json::from_slice(&bytes).map_err(|error| self.unusable(error.to_string()))?;
            // A tag becomes part of the next URL: what is no tag is not asked for.
            let page: Vec<String> = page.tags.unwrap_or_default().into_iter().filter(|tag| is_tag(tag)).collect();
            let newest = page.last().cloned();
            let is_new = newest.is_some() && newest != last && !newest.as_ref().is_some_and(|tag| tags.contains(tag));
            if !is_new {
                return Ok(tags);
            }
            tags.extend(page);
            if tags.len() > TAGS_MAX {
                return Err(self.unusable(format!("it has more than {TAGS_MAX} tags")));
            }
            last = newest;
        }
        Ok(tags)
    }

    /// The packed chart behind a tag, checked against its digest.
    ///
    /// # Errors
    /// When there is no such tag, it is no chart, or the registry does not give it.
    pub fn chart(&mut self, tag: &str) -> Result<Vec<u8>, Error> {
        if !is_tag(tag) {
            let reference = tag.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err(Error::BadReference { reference, why: "cannot be a tag" });
        }
        let what = format!("tag `{tag}` in `{}`", self.repository.path);
        let bytes = self.get(&format!("manifests/{tag}"), Some(MANIFEST), ANSWER_BYTES_MAX, &what)?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| self.unusable(error.to_string()))?;
        let layer = manifest.layers.iter().find(|layer| layer.media_type == CHART_LAYER);
        let layer = layer.ok_or_else(|| self.unusable("it holds no chart".to_owned()))?;
        let digest = Digest::parse(&layer.digest)
            .ok_or_else(|| self.unusable("the chart has a digest other than SHA-256".to_owned()))?;
        let blob = self.get(&format!("blobs/{digest}"), None, self.limits.bytes, "blob of the chart")?;
        if Digest::of(&blob) != digest {
            return Err(self.unusable("the chart does not have its digest".to_owned()));
        }
        Ok(blob)
    }

    fn get(&mut self, what: &str, accept: Option<&str>, limit: u64, missing: &str) -> Result<Vec<u8>, Error> {
        let Repository { registry, path } = &self.repository;
        let url = format!("{}://{registry}/v2/{path}/{what}", self.scheme);
        let mut answer = self.call(&url, accept, self.authorization.as_deref())?;
        if answer.status().as_u16() == 401 && self.authorization.is_none() {
            self.authorization = Some(self.authorize(&answer)?);
            answer = self.call(&url, accept, self.authorization.as_deref())?;
        }
        let registry = self.repository.registry.clone();
        match answer.status().as_u16() {
            200 => self.body(answer, limit),
            401 | 403 => Err(Error::Denied { registry }),
            404 => Err(Error::NotFound { registry, what: missing.to_owned() }),
            status => Err(Error::Status { registry, status }),
        }
    }

    fn call(&self, url: &str, accept: Option<&str>, authorization: Option<&str>) -> Result<Response<Body>, Error> {
        let mut request = self.agent.get(url);
        if let Some(accept) = accept {
            request = request.header("Accept", accept);
        }
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let registry = self.repository.registry.clone();
        request.call().map_err(|error| Error::NoAnswer { registry, why: error.to_string() })
    }

    fn body(&self, mut answer: Response<Body>, limit: u64) -> Result<Vec<u8>, Error> {
        let registry = self.repository.registry.clone();
        match answer.body_mut().with_config().limit(limit).read_to_vec() {
            Ok(bytes) => Ok(bytes),
            Err(ureq::Error::BodyExceedsLimit(limit)) => Err(Error::TooLarge { registry, limit }),
            Err(error) => Err(Error::NoAnswer { registry, why: error.to_string() }),
        }
    }

    /// The header that a registry wants: a token from the server that it names, or user and password.
    fn authorize(&self, answer: &Response<Body>) -> Result<String, Error> {
        let denied = || Error::Denied { registry: self.repository.registry.clone() };
        let basic = self
            .credential
            .as_ref()
            .map(|(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        let header = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(challenge) = Challenge::read(header) else { return basic.ok_or_else(denied) };
        // An unencrypted token server is as good as none, unless the registry itself is asked without encryption.
        if !challenge.realm.starts_with("https://") && self.scheme == "https" {
            return Err(denied());
        }
        let answer = self.call(&challenge.url(&self.repository.path), None, basic.as_deref())?;
        if answer.status().as_u16() != 200 {
            return Err(denied());
        }
        let bytes = self.body(answer, ANSWER_BYTES_MAX)?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|_| self.unusable("it gave no token".to_owned()))?;
        let token = token.token.or(token.access_token).ok_or_else(|| self.unusable("it gave no token".to_owned()))?;
        let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        is_plain.then(|| format!("Bearer {token}")).ok_or_else(denied)
    }

    fn unusable(&self, why: String) -> Error {
        Error::Answer { registry: self.repository.registry.clone(), why }
    }
}

/// `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`
fn is_tag(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=128).contains(&text.len()) && !text.starts_with(['.', '-']) && text.chars().all(is_plain)
}
