//! Renders inside one process: Seaway's example and a program around Helm's library, which print the same JSON.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::{
    build,
    process::{Ended, measure},
};

/// The program around Helm's library.
const HELM_LIBRARY: &str = "bench/helm-library";

/// Seconds of each time.
#[derive(Debug, Deserialize)]
pub(super) struct Times {
    /// Reading, parsing and rendering.
    pub(super) once: Vec<f64>,
    /// Rendering what was read before.
    pub(super) again: Vec<f64>,
    /// Documents of a render: the tools must agree on it.
    pub(super) documents: usize,
}

/// Both programs, built.
pub(super) struct Programs {
    seaway: PathBuf,
    helm_library: PathBuf,
}

impl Programs {
    /// Builds them: the Go program into `folder`.
    pub(super) fn build(folder: &Path) -> anyhow::Result<Self> {
        let seaway = build(&["--package", "seaway-render", "--example", "render_cost"], "examples/render_cost")?;
        let helm_library = folder.join("helm-library");
        println!("building {HELM_LIBRARY}");
        let mut go = Command::new(env::var_os("GO").unwrap_or_else(|| "go".into()));
        let go = go.current_dir(HELM_LIBRARY).args(["build", "-trimpath", "-o"]).arg(&helm_library).arg(".");
        let status = go.status().context("Go is needed for Helm's library")?;
        ensure!(status.success(), "`go build` in {HELM_LIBRARY} ended with {status}");
        Ok(Self { seaway, helm_library })
    }

    /// Seaway's renderer over a chart.
    pub(super) fn seaway_helm(&self, chart: &Path, repeats: u32) -> anyhow::Result<Times> {
        let mut command = Command::new(&self.seaway);
        command.arg("helm").arg(chart).arg(repeats.to_string());
        Ok(times(command)?.0)
    }

    /// Seaway's renderer over a kustomization.
    pub(super) fn seaway_kustomize(&self, tree: &Path, folder: &str, repeats: u32) -> anyhow::Result<Times> {
        let mut command = Command::new(&self.seaway);
        command.arg("kustomize").arg(tree).arg(folder).arg(repeats.to_string());
        Ok(times(command)?.0)
    }

    /// One chart for a fleet, with what the process cost.
    pub(super) fn seaway_fleet(&self, chart: &Path, clusters: u32, threads: u32) -> anyhow::Result<(Times, Ended)> {
        let mut command = Command::new(&self.seaway);
        command.arg("clusters").arg(chart).arg(clusters.to_string()).arg(threads.to_string());
        times(command)
    }

    /// Helm's library over a chart.
    pub(super) fn helm_library(&self, chart: &Path, repeats: u32) -> anyhow::Result<Times> {
        let mut command = Command::new(&self.helm_library);
        command.arg(chart).arg(repeats.to_string());
        Ok(times(command)?.0)
    }
}

fn times(command: Command) -> anyhow::Result<(Times, Ended)> {
    let what = format!("{command:?}");
    let ended = measure(command)?.expect_code(&what, &[0])?;
    let times = serde_json::from_str(&ended.stdout).with_context(|| format!("{what} printed no figures"))?;
    Ok((times, ended))
}
