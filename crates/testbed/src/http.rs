//! A small blocking client for one API server, for tests that look at a cluster without the product's own client.
//!
//! It takes a new connection for each request: after a killed and restarted server there is no stale one.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use serde_json::Value;
use ureq::{
    Agent,
    http::{Request, StatusCode},
    tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig},
};

use crate::pki::Credential;

/// A server that answers later than this is as good as dead for a test.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// Larger than any list that a test makes, small enough not to fill the memory.
const BODY_LIMIT: u64 = 256 << 20;

/// The user agent of these requests in the audit log.
pub const USER_AGENT: &str = "seaway-testbed";

/// Status code and body of an answer. A body that is not JSON is a JSON string.
pub type Answer = (u16, Value);

pub(crate) struct Client {
    agent: Agent,
    server: String,
}

impl Client {
    pub(crate) fn new(server: &str, authority: &str, credential: &Credential) -> anyhow::Result<Self> {
        let root = Certificate::from_pem(authority.as_bytes())?;
        let chain = [Certificate::from_pem(credential.certificate.as_bytes())?];
        let key = PrivateKey::from_pem(credential.key.as_bytes())?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[root]))
            .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .timeout_global(Some(REQUEST_LIMIT))
            .build()
            .new_agent();
        Ok(Self { agent, server: server.to_owned() })
    }

    /// Sends a request with a JSON body, or none.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        user_agent: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.server);
        let builder = Request::builder()
            .method(method)
            .uri(&url)
            .header("user-agent", user_agent)
            .header("accept", "application/json");
        let answer = match body {
            None => self.agent.run(builder.body(())?),
            Some(body) => {
                let bytes = serde_json::to_vec(body)?;
                self.agent.run(builder.header("content-type", content_type).body(bytes)?)
            }
        };
        let mut answer = answer.map_err(|e| anyhow!("{method} {url}: {e}"))?;
        let bytes = answer
            .body_mut()
            .with_config()
            .limit(BODY_LIMIT)
            .read_to_vec()
            .with_context(|| format!("cannot read the answer of {method} {url}"))?;
        Ok((answer.status().as_u16(), to_value(&bytes)))
    }

    /// Whether the server answers this path with 200 right now.
    pub(crate) fn is_ok(&self, path: &str) -> bool {
        self.send("GET", path, "", USER_AGENT, None).is_ok_and(|(status, _)| status == StatusCode::OK.as_u16())
    }
}

fn to_value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_json_is_text() {
        assert_eq!(to_value(b"ok"), Value::String("ok".to_owned()));
        assert_eq!(to_value(b"{\"a\":1}"), serde_json::json!({"a": 1}));
    }
}
