//! The command lines of the five programs of a cluster.
//!
//! Nothing here starts a process; the flags are pure functions of names, folders and ports.

use std::{path::Path, process::Command};

use crate::binaries::{Binaries, Program};

/// The cluster's address of the API server, the first of [`SERVICE_RANGE`].
pub(crate) const SERVICE_IP: &str = "10.0.0.1";
const SERVICE_RANGE: &str = "10.0.0.0/24";

/// The user of the merged kubeconfig, in the group of administrators.
pub(crate) const ADMIN_USER: &str = "admin";
pub(crate) const ADMIN_GROUP: &str = "system:masters";
/// The user under which kwok reports for its node.
pub(crate) const NODE_USER: &str = "kwok";
pub(crate) const CONTROLLER_USER: &str = "system:kube-controller-manager";
pub(crate) const SCHEDULER_USER: &str = "system:kube-scheduler";
/// Users of requests that are the cluster's own.
pub(crate) const INTERNAL_USERS: [&str; 4] = [NODE_USER, CONTROLLER_USER, SCHEDULER_USER, "system:apiserver"];

pub(crate) const AUDIT_LOG: &str = "audit.log";
pub(crate) const AUDIT_POLICY: &str = "audit-policy.yaml";
pub(crate) const STAGES: &str = "stages.yaml";

/// Megabytes; the log is not to be rotated, because its reader knows one file.
const AUDIT_LOG_LIMIT_MB: &str = "100000";

/// The loopback ports of one cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) api: u16,
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
}

/// What the command lines depend on. Files without a folder are in the cluster's folder, the working directory.
pub(crate) struct Plan<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) ports: Ports,
    pub(crate) folder: &'a Path,
}

/// The file with the credentials of a program that talks to the API server.
pub(crate) fn kubeconfig_of(program: Program) -> String {
    format!("{}.kubeconfig", program.name())
}

impl Plan<'_> {
    pub(crate) fn command(&self, program: Program) -> Command {
        let mut command = self.binaries.command(program);
        match program {
            Program::Etcd => self.etcd(&mut command),
            Program::ApiServer => self.api_server(&mut command),
            Program::ControllerManager => self.controller_manager(&mut command),
            Program::Scheduler => {
                self.client_of_api(&mut command, program, &["--leader-elect=false", "--secure-port=0"])
            }
            Program::Kwok => self.kwok(&mut command),
        }
        command
    }

    fn etcd(&self, command: &mut Command) {
        let client = format!("http://127.0.0.1:{}", self.ports.etcd);
        let peer = format!("http://127.0.0.1:{}", self.ports.etcd_peer);
        command
            .args(["--name=test", "--data-dir=etcd"])
            // The data need not survive a power cut, only a killed process.
            .arg("--unsafe-no-fsync")
            .arg(format!("--listen-client-urls={client}"))
            .arg(format!("--advertise-client-urls={client}"))
            .arg(format!("--listen-peer-urls={peer}"))
            .arg(format!("--initial-advertise-peer-urls={peer}"))
            .arg(format!("--initial-cluster=test={peer}"));
    }

    fn api_server(&self, command: &mut Command) {
        command
            .arg(format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd))
            .arg(format!("--secure-port={}", self.ports.api))
            .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
            // Several API servers share this address; none may write it into the endpoints of `kubernetes`.
            .arg("--endpoint-reconciler-type=none")
            .arg(format!("--service-cluster-ip-range={SERVICE_RANGE}"))
            .args(["--tls-cert-file=apiserver.crt", "--tls-private-key-file=apiserver.key", "--client-ca-file=ca.crt"])
            .args(["--authorization-mode=RBAC", "--allow-privileged=true"])
            .args([
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=service-accounts.pub",
                "--service-account-signing-key-file=service-accounts.key",
            ])
            .arg(format!("--audit-policy-file={AUDIT_POLICY}"))
            .arg(format!("--audit-log-path={AUDIT_LOG}"))
            .arg(format!("--audit-log-maxsize={AUDIT_LOG_LIMIT_MB}"));
    }

    fn controller_manager(&self, command: &mut Command) {
        self.client_of_api(
            command,
            Program::ControllerManager,
            &[
                "--leader-elect=false",
                "--secure-port=0",
                "--service-account-private-key-file=service-accounts.key",
                "--root-ca-file=ca.crt",
            ],
        );
    }

    fn kwok(&self, command: &mut Command) {
        command.arg("--config").arg(self.folder.join(STAGES));
        self.client_of_api(command, Program::Kwok, &["--manage-all-nodes=true", "--node-lease-duration-seconds=40"]);
    }

    fn client_of_api(&self, command: &mut Command, program: Program, flags: &[&str]) {
        command.arg("--kubeconfig").arg(self.folder.join(kubeconfig_of(program))).args(flags);
    }
}
