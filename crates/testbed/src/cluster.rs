//! One running cluster: its programs, its API and its audit log.
//!
//! What a test may break on purpose is in [`crate::faults`].

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::{
    audit::{self, Audit, AuditEvent, AuditMark},
    binaries::{Binaries, Program},
    cache::create_dir,
    control_plane::{
        ADMIN_GROUP, ADMIN_USER, AUDIT_LOG, AUDIT_POLICY, CONTROLLER_USER, NODE_USER, Plan, Ports, SCHEDULER_USER,
        STAGES, kubeconfig_of,
    },
    http::{Answer, Client, USER_AGENT},
    kubeconfig,
    pki::{Authority, Credential, Validity},
    process::{Lifetime, Process},
    run_folder::RunFolder,
    stages::{Images, stages},
};

/// How often something that cannot be waited for is looked at again.
const POLL: Duration = Duration::from_millis(50);

/// The log of an answered request follows within a millisecond; this is for a machine that is very busy.
const AUDIT_LIMIT: Duration = Duration::from_secs(10);

/// The one node of each cluster.
const NODE: &str = "node-0";

/// A real Kubernetes control plane on loopback with one simulated node.
pub struct Cluster {
    name: String,
    dir: PathBuf,
    kubeconfig: PathBuf,
    url: String,
    ports: Ports,
    authority: Authority,
    admin: Credential,
    client: Client,
    binaries: Binaries,
    folder: Arc<RunFolder>,
    ready_limit: Duration,
    marks: AtomicU64,
    processes: Mutex<BTreeMap<Program, Process>>,
}

/// What all clusters of one testbed share.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) binaries: Binaries,
    pub(crate) folder: Arc<RunFolder>,
    pub(crate) audit: Audit,
    pub(crate) ready_limit: Duration,
}

impl Cluster {
    /// Starts all programs and waits until pods can be scheduled.
    pub(crate) fn start(name: &str, setting: Setting) -> anyhow::Result<Self> {
        let cluster = Self::prepare(name, setting).with_context(|| format!("cannot prepare cluster {name}"))?;
        cluster.start_programs().with_context(|| format!("cannot start cluster {name}"))?;
        Ok(cluster)
    }

    fn prepare(name: &str, setting: Setting) -> anyhow::Result<Self> {
        let Setting { binaries, folder, audit, ready_limit } = setting;
        let dir = folder.path().join(name);
        create_dir(&dir)?;
        let [api, etcd, etcd_peer] = folder.claim_ports()?;
        let url = format!("https://127.0.0.1:{api}");
        let authority = Authority::new(name)?;
        authority.write_server_files(&dir)?;
        let admin = authority.client(ADMIN_USER, Some(ADMIN_GROUP), Validity::Valid)?;
        let client = Client::new(&url, authority.certificate(), &admin)?;
        let cluster = Self {
            name: name.to_owned(),
            kubeconfig: dir.join("kubeconfig"),
            dir,
            url,
            ports: Ports { api, etcd, etcd_peer },
            authority,
            admin,
            client,
            binaries,
            folder,
            ready_limit,
            marks: AtomicU64::new(0),
            processes: Mutex::new(BTreeMap::new()),
        };
        cluster.write_kubeconfig(&cluster.kubeconfig, &cluster.admin)?;
        for (program, user) in [
            (Program::ControllerManager, CONTROLLER_USER),
            (Program::Scheduler, SCHEDULER_USER),
            (Program::Kwok, NODE_USER),
        ] {
            let credential = cluster.authority.client(user, Some(ADMIN_GROUP), Validity::Valid)?;
            cluster.write_kubeconfig(&cluster.dir.join(kubeconfig_of(program)), &credential)?;
        }
        cluster.write(AUDIT_POLICY, &audit::policy(audit))?;
        cluster.write(STAGES, &stages(Images::AsNamed))?;
        Ok(cluster)
    }

    fn start_programs(&self) -> anyhow::Result<()> {
        self.start_program(Program::Etcd)?;
        self.start_program(Program::ApiServer)?;
        self.wait_api_ready()?;
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": NODE, "labels": {
                "kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            }},
        });
        let (status, answer) = self.post("/api/v1/nodes", &node)?;
        if status != 201 {
            bail!("the API server refused the node with status {status}: {answer}");
        }
        for program in [Program::ControllerManager, Program::Scheduler, Program::Kwok] {
            self.start_program(program)?;
        }
        self.wait("the node and the default service account to be ready", || self.can_run_pods())
    }

    pub(crate) fn start_program(&self, program: Program) -> anyhow::Result<()> {
        let plan = Plan { binaries: &self.binaries, ports: self.ports, folder: &self.dir };
        let mut processes = self.processes();
        // Whatever ran under this name must have ended before it starts anew: both would use the same port.
        drop(processes.remove(&program));
        let process = Process::start(program.name(), plan.command(program), &self.dir, self.folder.lifetime())?;
        self.folder.record(&format!("{}/{}", self.name, program.name()), process.id())?;
        processes.insert(program, process);
        Ok(())
    }

    pub(crate) fn wait_api_ready(&self) -> anyhow::Result<()> {
        // `/readyz` looks at etcd now and then only; a read goes there each time.
        self.wait("the API server to be ready", || {
            Ok(self.client.is_ok("/readyz") && self.client.is_ok("/api/v1/namespaces/kube-system"))
        })
    }

    /// Waits until `is_done`, as long as every program runs.
    pub(crate) fn wait(&self, what: &str, is_done: impl Fn() -> anyhow::Result<bool>) -> anyhow::Result<()> {
        let until = Instant::now() + self.ready_limit;
        loop {
            for process in self.processes().values_mut() {
                process.check_running()?;
            }
            if is_done()? {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("waited {:?} for {what}; logs are in {}", self.ready_limit, self.dir.display());
            }
            thread::sleep(POLL);
        }
    }

    fn can_run_pods(&self) -> anyhow::Result<bool> {
        let (status, node) = self.get(&format!("/api/v1/nodes/{NODE}"))?;
        let is_ready = status == 200
            && node["spec"]["taints"].as_array().is_none_or(Vec::is_empty)
            && node["status"]["conditions"]
                .as_array()
                .is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"));
        Ok(is_ready && self.get("/api/v1/namespaces/default/serviceaccounts/default")?.0 == 200)
    }

    /// `c1`, `c2`, …; also the name of the context.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The context of this cluster in [`crate::Testbed::kubeconfig`] and in its own kubeconfig.
    pub fn context(&self) -> &str {
        &self.name
    }

    /// `https://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig with this cluster alone.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The folder with logs, keys and data of this cluster.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a kubeconfig for another user, for tests of permissions and of certificates that have expired.
    /// Without a group the user may do nothing until a role is bound.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn kubeconfig_as(&self, user: &str, group: Option<&str>, validity: Validity) -> anyhow::Result<PathBuf> {
        let number = self.marks.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!("user-{number}.kubeconfig"));
        self.write_kubeconfig(&path, &self.authority.client(user, group, validity)?)?;
        Ok(path)
    }

    /// Reads an object, a list or any other path.
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.client.send("GET", path, "", USER_AGENT, None)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.client.send("POST", path, "application/json", USER_AGENT, Some(body))
    }

    /// Replaces an object.
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.client.send("PUT", path, "application/json", USER_AGENT, Some(body))
    }

    /// Server-side apply.
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn patch_apply(&self, path: &str, body: &Value, field_manager: &str, force: bool) -> anyhow::Result<Answer> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}fieldManager={field_manager}&force={force}");
        self.client.send("PATCH", &path, "application/apply-patch+yaml", USER_AGENT, Some(body))
    }

    /// Changes single fields (JSON merge patch).
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn patch_merge(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.client.send("PATCH", path, "application/merge-patch+json", USER_AGENT, Some(body))
    }

    /// Deletes an object, or what a path with a selector names.
    ///
    /// # Errors
    /// When no answer comes; a refusal is an answer.
    pub fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        self.client.send("DELETE", path, "", USER_AGENT, None)
    }

    /// Everything that the audit log holds. While the server runs, requests that were answered before are in it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit(&self) -> anyhow::Result<Vec<AuditEvent>> {
        self.complete_audit()?;
        audit::read(&self.dir.join(AUDIT_LOG), 0)
    }

    /// A mark for [`Cluster::audit_since`].
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit_mark(&self) -> anyhow::Result<AuditMark> {
        self.complete_audit()?;
        let micros = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
        Ok(AuditMark { offset: self.audit_length()?, micros: i64::try_from(micros)? })
    }

    /// The requests that the server received after the mark was made.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn audit_since(&self, mark: AuditMark) -> anyhow::Result<Vec<AuditEvent>> {
        self.complete_audit()?;
        let mut events = audit::read(&self.dir.join(AUDIT_LOG), mark.offset)?;
        events.retain(|event| event.received_micros >= mark.micros);
        Ok(events)
    }

    /// The server logs a request shortly after it has answered it. Sends one more and waits until that one is logged:
    /// then those before it are too. A server that does not answer logs nothing any more.
    fn complete_audit(&self) -> anyhow::Result<()> {
        let number = self.marks.fetch_add(1, Ordering::Relaxed);
        let offset = self.audit_length()?;
        // Not an object, so that a stopped etcd does not matter.
        let path = format!("/seaway-testbed-mark-{number}");
        if !self.api_server_answers() || self.client.send("DELETE", &path, "", audit::MARK_USER_AGENT, None).is_err() {
            return Ok(());
        }
        let log = self.dir.join(AUDIT_LOG);
        let until = Instant::now() + AUDIT_LIMIT;
        loop {
            let bytes = fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
            let new = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
            if String::from_utf8_lossy(new).lines().any(|line| line.contains(&path)) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{} lacks a request that was answered {AUDIT_LIMIT:?} ago", log.display());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn audit_length(&self) -> anyhow::Result<u64> {
        let log = self.dir.join(AUDIT_LOG);
        Ok(fs::metadata(&log).with_context(|| format!("cannot read {}", log.display()))?.len())
    }

    fn api_server_answers(&self) -> bool {
        self.processes().get(&Program::ApiServer).is_some_and(|process| !process.is_paused())
    }

    /// The entry of this cluster in a merged kubeconfig.
    pub(crate) fn kubeconfig_entry<'a>(&'a self, credential: &'a Credential) -> kubeconfig::Entry<'a> {
        kubeconfig::Entry { name: &self.name, server: &self.url, authority: self.authority.certificate(), credential }
    }

    pub(crate) fn admin(&self) -> &Credential {
        &self.admin
    }

    fn write_kubeconfig(&self, path: &Path, credential: &Credential) -> anyhow::Result<()> {
        kubeconfig::write(path, &[self.kubeconfig_entry(credential)])
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> anyhow::Result<()> {
        let path = self.dir.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    pub(crate) fn processes(&self) -> MutexGuard<'_, BTreeMap<Program, Process>> {
        // A test that panicked while it held the lock left a map that is still right: each change is one call.
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pids of the programs that run now.
    pub fn pids(&self) -> Vec<i32> {
        self.processes().values().map(|process| process.id().pid()).collect()
    }

    /// Asks the kernel to end all programs that end with us; dropping the cluster waits for them.
    pub(crate) fn begin_stop(&self) {
        if self.folder.lifetime() == Lifetime::Detached {
            return;
        }
        for process in self.processes().values_mut() {
            process.begin_kill();
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Testbed};

    #[test]
    fn the_server_knows_its_users_by_their_certificates() {
        let testbed = Testbed::start(Options::default()).unwrap();
        let cluster = testbed.cluster(0);
        let status_for = |group, validity, path: &str| {
            let credential = cluster.authority.client("guest", group, validity).unwrap();
            let client = Client::new(&cluster.url, cluster.authority.certificate(), &credential).unwrap();
            client.send("GET", path, "", "guest", None).unwrap().0
        };
        let secrets = "/api/v1/secrets";
        assert_eq!(status_for(None, Validity::Valid, "/version"), 200);
        assert_eq!(status_for(None, Validity::Valid, secrets), 403);
        assert_eq!(status_for(Some(ADMIN_GROUP), Validity::Valid, secrets), 200);
        assert_eq!(status_for(Some(ADMIN_GROUP), Validity::Expired, secrets), 401);

        let elsewhere = Authority::new("elsewhere").unwrap();
        let stranger = elsewhere.client(ADMIN_USER, Some(ADMIN_GROUP), Validity::Valid).unwrap();
        let client = Client::new(&cluster.url, cluster.authority.certificate(), &stranger).unwrap();
        assert_eq!(client.send("GET", secrets, "", "stranger", None).unwrap().0, 401);
        let client = Client::new(&cluster.url, elsewhere.certificate(), &cluster.admin).unwrap();
        let message = client.send("GET", secrets, "", "careful", None).unwrap_err().to_string();
        assert!(message.contains("ertificate"), "another cluster's server is refused: {message}");
    }
}
