//! What a test may do to a cluster: the faults that real clusters have.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use serde_json::Value;

use crate::{
    audit,
    binaries::Program,
    cluster::Cluster,
    control_plane::{AUDIT_LOG, STAGES},
    stages::{Images, stages},
};

/// What the node's program renews to say that it is there.
const NODE_LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-0";

/// How often the node's program is started for a repair.
const REPAIRS: u32 = 4;
/// How long pods may take to notice a repair.
const REPAIR_TIME: Duration = Duration::from_secs(25);

impl Cluster {
    /// Kills the API server in the middle of whatever it does. Connections break, new ones are refused.
    ///
    /// # Errors
    /// When it does not end.
    pub fn kill_apiserver(&self) -> anyhow::Result<()> {
        self.kill(Program::ApiServer)
    }

    /// Stops the API server without ending it. Connections stay open, and nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause_apiserver(&self) -> anyhow::Result<()> {
        self.pause(Program::ApiServer, true)
    }

    /// Lets a paused API server go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume_apiserver(&self) -> anyhow::Result<()> {
        self.pause(Program::ApiServer, false)
    }

    /// Kills the API server if it runs, starts it on the same port and data, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn restart_apiserver(&self) -> anyhow::Result<()> {
        self.kill(Program::ApiServer)?;
        self.start_program(Program::ApiServer)?;
        self.wait_api_ready()
    }

    /// Kills etcd: the API server still answers, but reads and writes hang until they time out.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop_etcd(&self) -> anyhow::Result<()> {
        self.kill(Program::Etcd)
    }

    /// Starts etcd again on the same port and data, and waits until the API server is ready.
    ///
    /// # Errors
    /// When the API server does not become ready.
    pub fn start_etcd(&self) -> anyhow::Result<()> {
        self.start_program(Program::Etcd)?;
        self.wait_api_ready()
    }

    /// Makes images that end in `-broken` and `-crash` work, as if good ones had been pushed under the same names.
    /// Returns when no pod waits for one any more.
    ///
    /// # Errors
    /// When the API server does not answer, the node's program cannot be started, or it does not let go of a pod.
    pub fn repair_images(&self) -> anyhow::Result<()> {
        // Rarely kwok misses a pod as it starts; another start looks again.
        for _ in 0..REPAIRS {
            self.restart_node(Images::Repaired)?;
            let until = Instant::now() + REPAIR_TIME;
            while Instant::now() < until {
                if !self.has_pods_without_image()? {
                    return Ok(());
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        bail!("after {REPAIRS} starts of the node's program there are still pods that wait for an image")
    }

    /// Whether a pod waits for an image, or for its container to be started again.
    fn has_pods_without_image(&self) -> anyhow::Result<bool> {
        let (status, pods) = self.get("/api/v1/pods")?;
        if status != 200 {
            bail!("the API server refused to list pods with status {status}: {pods}");
        }
        let waits = |pod: &Value| {
            let containers = pod["status"]["containerStatuses"].as_array();
            containers.into_iter().flatten().any(|container| {
                let reason = container["state"]["waiting"]["reason"].as_str();
                matches!(reason, Some("ImagePullBackOff" | "CrashLoopBackOff"))
            })
        };
        let goes = |pod: &Value| !pod["metadata"]["deletionTimestamp"].is_null();
        Ok(pods["items"].as_array().into_iter().flatten().any(|pod| waits(pod) && !goes(pod)))
    }

    /// Makes images that end in `-broken` and `-crash` fail again, for pods that are created from now on.
    ///
    /// # Errors
    /// When the API server does not answer, or the node's program cannot be started.
    pub fn break_images(&self) -> anyhow::Result<()> {
        self.restart_node(Images::AsNamed)
    }

    fn restart_node(&self, images: Images) -> anyhow::Result<()> {
        self.kill(Program::Kwok)?;
        self.write(STAGES, &stages(images))?;
        // The next one takes over the node only when the lease of the one before is over or gone.
        let (status, answer) = self.delete(NODE_LEASE)?;
        if status != 200 && status != 404 {
            bail!("the API server refused to delete the node's lease with status {status}: {answer}");
        }
        self.start_program(Program::Kwok)
    }

    /// Ends a program if it runs. It is not our child any more afterwards, so that waiting does not miss it.
    fn kill(&self, program: Program) -> anyhow::Result<()> {
        let process = self.processes().remove(&program);
        if let Some(process) = process {
            process.kill()?;
        }
        if program == Program::ApiServer {
            audit::end_last_line(&self.dir().join(AUDIT_LOG))?;
        }
        Ok(())
    }

    fn pause(&self, program: Program, paused: bool) -> anyhow::Result<()> {
        match self.processes().get_mut(&program) {
            Some(process) => process.pause(paused),
            None => bail!("{} of {} does not run", program.name(), self.name()),
        }
    }
}
