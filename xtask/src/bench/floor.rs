//! The floor: the same objects in a plain loop of server-side-apply requests, without plan, inventory or reading
//! anything back. Nothing that applies objects one by one can be faster.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig},
};

/// An API server that answers later than this has a problem.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// One API server and the credentials for it.
pub(crate) struct Api {
    server: String,
    tls: TlsConfig,
}

impl Api {
    /// The server of a kubeconfig with one cluster and one user, as the testbed writes it.
    ///
    /// # Errors
    /// When the file is not one.
    pub(crate) fn of(kubeconfig: &Path) -> anyhow::Result<Self> {
        let text = fs::read(kubeconfig).with_context(|| format!("cannot read {}", kubeconfig.display()))?;
        let config: Value = serde_json::from_slice(&text)?;
        let text = |pointer: &str| {
            let value = config.pointer(pointer).and_then(Value::as_str);
            value.with_context(|| format!("{} has no `{pointer}`", kubeconfig.display()))
        };
        let pem = |pointer: &str| anyhow::Ok(BASE64_STANDARD.decode(text(pointer)?)?);
        let root = Certificate::from_pem(&pem("/clusters/0/cluster/certificate-authority-data")?)?.to_owned();
        let chain = [Certificate::from_pem(&pem("/users/0/user/client-certificate-data")?)?.to_owned()];
        let key = PrivateKey::from_pem(&pem("/users/0/user/client-key-data")?)?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[root]))
            .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Ok(Self { server: text("/clusters/0/cluster/server")?.to_owned(), tls })
    }

    /// Applies ConfigMaps in a namespace over so many connections, each of which sends its next request when the one
    /// before is answered. How long it took.
    ///
    /// # Errors
    /// When one is refused.
    pub(crate) fn apply(&self, namespace: &str, objects: &[Value], connections: usize) -> anyhow::Result<Duration> {
        let bodies = objects
            .iter()
            .map(|object| {
                let name = object["metadata"]["name"].as_str().context("an object has a name")?;
                let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}?fieldManager=floor&force=true");
                Ok((format!("{}{path}", self.server), serde_json::to_vec(object)?))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let next = AtomicUsize::new(0);
        let send_all = || {
            let agent = self.agent();
            while let Some((url, body)) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                patch(&agent, url, body)?;
            }
            anyhow::Ok(())
        };
        let began = Instant::now();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..connections).map(|_| scope.spawn(send_all)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("a connection panicked"))?)
        })?;
        Ok(began.elapsed())
    }

    /// A client that keeps one connection open.
    fn agent(&self) -> Agent {
        Agent::config_builder()
            .tls_config(self.tls.clone())
            .proxy(None)
            .http_status_as_error(false)
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .timeout_global(Some(REQUEST_LIMIT))
            .build()
            .new_agent()
    }
}

fn patch(agent: &Agent, url: &str, body: &[u8]) -> anyhow::Result<()> {
    let request = Request::builder()
        .method("PATCH")
        .uri(url)
        .header("user-agent", "seaway-bench-floor")
        .header("accept", "application/json")
        .header("content-type", "application/apply-patch+yaml")
        .body(body)?;
    let mut answer = agent.run(request).map_err(|e| anyhow!("PATCH {url}: {e}"))?;
    // Read to its end, or the connection could not be used again.
    let text = answer.body_mut().read_to_string()?;
    if !answer.status().is_success() {
        bail!("PATCH {url}: {}: {text}", answer.status());
    }
    Ok(())
}
