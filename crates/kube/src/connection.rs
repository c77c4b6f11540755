//! From a kubeconfig and a context to a connection.
//!
//! A connection is a reference until here; credentials are read from the kubeconfig, stay inside the HTTP client
//! and are never printed. Errors name file and context, and the nearest context when there is none of that name.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use seaway_core::{
    declaration::Connection,
    execution::{Failure, FailureKind},
};

use crate::{
    hub::Hub,
    kinds::{Key, Kinds},
    observe::Applied,
    transport::{Counts, Transport},
};

/// Longest wait for a TCP and TLS handshake: a live API server answers in milliseconds, across oceans in one second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest kubeconfig. Files with hundreds of contexts stay below one MiB.
const KUBECONFIG_BYTES_MAX: u64 = 8 << 20;
/// Longest time for reading a kubeconfig and the files that it names, which may lie on a network.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// One Kubernetes cluster. Cheap to clone; clones share connections, limits and watches.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub transport: Transport,
    pub kinds: Kinds,
    pub hub: Hub,
    /// What this process applied, so that waits do not take an older reading for the new one.
    pub applied: Mutex<HashMap<Key, Applied>>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("server", &self.inner.transport.server).finish_non_exhaustive()
    }
}

impl Cluster {
    /// Reads the kubeconfig and prepares the connection. No request is sent yet.
    ///
    /// # Errors
    /// [`FailureKind::Misconfigured`] when the kubeconfig or the context cannot be used, [`FailureKind::Denied`]
    /// when the credentials cannot be had.
    pub async fn connect(workspace_root: &Path, connection: &Connection) -> Result<Self, Failure> {
        let files = kubeconfig_files(workspace_root, connection.kubeconfig.as_deref())?;
        let source = Source { files, context: connection.context.clone() };
        let session = source.open().await?;
        let transport = Transport::new(source, session, connection.limits.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                transport,
                kinds: Kinds::default(),
                hub: Hub::default(),
                applied: Mutex::default(),
            }),
        })
    }

    /// The requests sent so far, by all clones.
    pub fn requests(&self) -> Counts {
        self.inner.transport.counts()
    }

    /// Address of the API server.
    pub fn server(&self) -> &str {
        &self.inner.transport.server
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }
}

/// Where connection and credentials come from; read again when the credentials are no longer good.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub files: Vec<PathBuf>,
    pub context: String,
}

/// A client with the credentials of now.
#[derive(Clone)]
pub(crate) struct Session {
    pub client: kube::Client,
    pub server: String,
    pub opened: Instant,
    /// When the credentials end.
    pub expires: Option<jiff::Timestamp>,
}

impl Source {
    /// Reads the kubeconfig, runs its credential plugin if it has one, and makes a client.
    pub(crate) async fn open(&self) -> Result<Session, Failure> {
        let source = self.clone();
        let mut config = on_thread(move || source.config()).await?;
        let folder = self.files.first().and_then(|file| file.parent());
        let opened = Instant::now();
        let expires = crate::credential::resolve(&mut config.auth_info, folder).await?;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let source = self.clone();
        // Legacy providers of credentials are programs that block.
        let client = on_thread(move || source.client(config)).await?;
        Ok(Session { client, server, opened, expires })
    }

    fn shown(&self) -> String {
        self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(":")
    }

    fn failure(&self, kind: FailureKind, why: &str) -> Failure {
        Failure::new(kind, format!("context `{}` of kubeconfig `{}`: {why}", self.context, self.shown()))
    }

    fn config(&self) -> Result<Config, Failure> {
        let kubeconfig = read(&self.files, &self.shown())?;
        if !kubeconfig.contexts.iter().any(|found| found.name == self.context) {
            return Err(no_context(&kubeconfig, &self.context, &self.shown()));
        }
        let options = KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options);
        let mut config = tokio::runtime::Handle::current()
            .block_on(config)
            .map_err(|error| self.failure(FailureKind::Misconfigured, &plain(&error)))?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Limits of time are kept per request, because watches must not have them.
        config.read_timeout = None;
        config.write_timeout = None;
        // Repeating is decided in `Transport`, within the limits of the cluster.
        config.default_retry = false;
        // Compressing costs an API server on the same machine more than it saves.
        config.disable_compression |= is_loopback(&config.cluster_url);
        Ok(config)
    }

    fn client(&self, config: Config) -> Result<kube::Client, Failure> {
        kube::Client::try_from(config).map_err(|error| match error {
            kube::Error::InferKubeconfig(error) => self.failure(FailureKind::Misconfigured, &plain(&error)),
            kube::Error::Auth(error) => self
                .failure(FailureKind::Denied, &format!("no credentials: {}", provider_error(&error)))
                .help("run the credential program of the context by hand to see what it says"),
            other => self.failure(FailureKind::Misconfigured, &crate::failure::clean(&other.to_string(), 300)),
        })
    }
}

/// Files, and programs that block, get a thread of their own.
async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::time::timeout(READ_LIMIT, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::new(FailureKind::Internal, "reading the kubeconfig was interrupted")),
        Err(_) => Err(Failure::new(
            FailureKind::Unreachable,
            format!("the kubeconfig could not be read within {READ_LIMIT:?}"),
        )),
    }
}

/// The files to read: the one that is named, else those of `KUBECONFIG` that exist, else `~/.kube/config`.
fn kubeconfig_files(workspace_root: &Path, named: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
    if let Some(path) = named {
        return Ok(vec![workspace_root.join(path)]);
    }
    if let Some(list) = std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        let all: Vec<PathBuf> = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect();
        let present: Vec<PathBuf> = all.iter().filter(|path| path.exists()).cloned().collect();
        return Ok(if present.is_empty() { all } else { present });
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).ok_or_else(|| {
        Failure::new(FailureKind::Misconfigured, "no kubeconfig is named, and there is no home folder to look in")
            .help("name a kubeconfig for the cluster in its environment")
    })?;
    Ok(vec![home.join(".kube").join("config")])
}

fn read(files: &[PathBuf], shown: &str) -> Result<Kubeconfig, Failure> {
    let mut merged: Option<Kubeconfig> = None;
    for file in files {
        let fail = |why: String| {
            Failure::new(FailureKind::Misconfigured, format!("kubeconfig `{}` {why}", file.display()))
                .help("a kubeconfig is named relative to the file that declares the cluster, or absolute")
        };
        let length = std::fs::metadata(file).map_err(|error| fail(format!("cannot be read: {error}")))?.len();
        if length > KUBECONFIG_BYTES_MAX {
            return Err(fail(format!("has {length} bytes, expected at most {KUBECONFIG_BYTES_MAX}")));
        }
        let next = Kubeconfig::read_from(file).map_err(|error| fail(format!("cannot be used: {}", plain(&error))))?;
        merged = Some(match merged {
            None => next,
            Some(first) => first.merge(next).map_err(|error| fail(plain(&error)))?,
        });
    }
    merged.ok_or_else(|| Failure::new(FailureKind::Misconfigured, format!("no kubeconfig in `{shown}`")))
}

fn no_context(kubeconfig: &Kubeconfig, context: &str, shown: &str) -> Failure {
    let names = kubeconfig.contexts.iter().map(|named| named.name.as_str());
    let nearest = names
        .map(|name| (strsim::damerau_levenshtein(name, context), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(context.len()) / 3)
        .min();
    let failure = Failure::new(FailureKind::Misconfigured, format!("kubeconfig `{shown}` has no context `{context}`"));
    match (nearest, kubeconfig.contexts.len()) {
        (Some((_, name)), _) => failure.help(format!("did you mean `{name}`?")),
        (None, 0) => failure.help("the file has no contexts at all"),
        (None, count) => failure.help(format!("`kubectl config get-contexts` lists the {count} there are")),
    }
}

/// The error without excerpts of the file, which may hold credentials.
fn plain(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("it is not valid YAML for a kubeconfig at line {} column {}", at.line(), at.column()),
            None => "it is not valid YAML for a kubeconfig".to_owned(),
        },
        other => crate::failure::clean(&other.to_string(), 300),
    }
}

/// The error without the output of the program, which may hold credentials.
fn provider_error(error: &kube::client::AuthError) -> String {
    match error {
        kube::client::AuthError::ReadTokenFile(error, path) => {
            format!("the token file `{}` cannot be read: {error}", path.display())
        }
        _ => "the credentials of the user are not usable".to_owned(),
    }
}

fn is_loopback(url: &http::Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
