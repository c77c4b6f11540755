//! A workspace and the clusters that it rolls out to.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use seaway_testbed::{Audit, AuditEvent, AuditMark, Cluster, Options, Testbed};
use serde_json::Value;
use tempfile::TempDir;

/// Namespace of the example application.
pub const NAMESPACE: &str = "shop";

pub struct Fleet {
    pub testbed: Testbed,
    pub workspace: TempDir,
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.out, self.err)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Fleet {
    /// So many clusters, and an empty workspace.
    pub fn bare(clusters: usize) -> Self {
        let testbed = Testbed::start(Options { clusters, audit: Audit::Writes, ..Options::default() }).unwrap();
        Self { testbed, workspace: tempfile::tempdir().unwrap() }
    }

    /// So many clusters, and a workspace whose environment is this.
    pub fn start(clusters: usize, environment: &str) -> Self {
        let fleet = Self::bare(clusters);
        fleet.write("environments/test.yaml", &environment.replace("KUBECONFIG", "kubeconfig"));
        std::fs::copy(fleet.testbed.kubeconfig(), fleet.path("environments/kubeconfig")).unwrap();
        fleet
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.workspace.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        seaway(self.workspace.path(), args)
    }

    pub fn seaway(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    /// Plans and runs everything, and returns the rollout's id.
    pub fn roll_out(&self) -> (String, Ran) {
        let ran = self.seaway(&["rollout", "start", "-e", "test", "--yes"]);
        (self.newest(), ran)
    }

    /// Id of the newest rollout.
    pub fn newest(&self) -> String {
        let list = self.seaway(&["rollout", "list", "-o", "json"]).expect(0).json();
        newest_of(&list).unwrap_or_else(|| panic!("no rollout in {list}"))
    }

    pub fn status(&self, rollout: &str) -> Value {
        self.seaway(&["rollout", "status", rollout, "-o", "json"]).json()
    }

    pub fn marks(&self) -> Vec<AuditMark> {
        self.testbed.clusters().iter().map(|cluster| cluster.audit_mark().unwrap()).collect()
    }

    /// What `seaway` wrote to each cluster since then.
    pub fn writes_since(&self, marks: Vec<AuditMark>) -> Vec<Vec<AuditEvent>> {
        let clusters = self.testbed.clusters().iter().zip(marks);
        clusters.map(|(cluster, mark)| ours(cluster.audit_since(mark).unwrap())).collect()
    }
}

pub fn newest_of(list: &Value) -> Option<String> {
    let rows = list.as_array().or_else(|| list["rollouts"].as_array())?;
    let newest = rows.iter().max_by_key(|row| row["createdAt"].as_str().unwrap_or_default().to_owned())?;
    newest["id"].as_str().map(str::to_owned)
}

pub fn seaway(workspace: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaway"));
    command.arg("-C").arg(workspace).args(args).stdin(Stdio::null()).env("SEAWAY_USER", "ann").env("NO_COLOR", "1");
    command.env_remove("KUBECONFIG");
    command
}

/// Writes of the `seaway` program, oldest first. Dry runs are no writes.
pub fn ours(events: Vec<AuditEvent>) -> Vec<AuditEvent> {
    let is_ours =
        |event: &AuditEvent| event.user_agent.starts_with("seaway/") && event.is_write() && !event.is_dry_run();
    let mut events: Vec<AuditEvent> = events.into_iter().filter(is_ours).collect();
    events.sort_by_key(|event| event.received_micros);
    events
}

pub fn deployment(cluster: &Cluster, name: &str) -> Value {
    cluster.get(&format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}")).unwrap().1
}
