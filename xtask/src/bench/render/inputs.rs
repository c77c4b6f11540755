//! The charts that are rendered: as `helm create` makes them, our own, and a large one of many charts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use super::Bench;

/// Charts inside the large one: about as many as the largest public charts have.
const SUBCHARTS: usize = 20;

/// A chart with the name that the report has for it.
pub(super) struct Chart {
    pub(super) name: &'static str,
    pub(super) folder: PathBuf,
    /// Whether it is rendered for a fleet as well.
    pub(super) is_for_fleets: bool,
}

pub(super) fn charts(bench: &Bench<'_>) -> anyhow::Result<Vec<Chart>> {
    let folder = bench.work.path().join("charts");
    fs::create_dir_all(&folder)?;
    create(bench, &folder, "created")?;
    let created = folder.join("created");
    let full = folder.join("full");
    copy(&created, &full)?;
    let values = fs::read_to_string(full.join("values.yaml"))?;
    fs::write(full.join("values.yaml"), values.replace("enabled: false", "enabled: true"))?;
    umbrella(bench, &folder)?;
    let own = |path: &str| std::path::absolute(path).context("a path of our own");
    Ok(vec![
        Chart { name: "helm create", folder: created, is_for_fleets: true },
        Chart { name: "helm create, all switched on", folder: full, is_for_fleets: false },
        Chart { name: "tests/charts: stack", folder: own("tests/charts/stack/chart")?, is_for_fleets: false },
        Chart { name: "20 subcharts", folder: folder.join("umbrella"), is_for_fleets: true },
    ])
}

fn create(bench: &Bench<'_>, folder: &Path, name: &str) -> anyhow::Result<()> {
    let helm = bench.helms.last().context("no Helm")?;
    let output = Command::new(&helm.program)
        .args(["create", name])
        .current_dir(folder)
        .env("HOME", bench.work.path())
        .output()
        .with_context(|| format!("cannot start {}", helm.program.display()))?;
    ensure!(output.status.success(), "`helm create` ended with {}", output.status);
    Ok(())
}

/// A chart without templates of its own, with many charts in it.
fn umbrella(bench: &Bench<'_>, folder: &Path) -> anyhow::Result<()> {
    let umbrella = folder.join("umbrella");
    let charts = umbrella.join("charts");
    fs::create_dir_all(&charts)?;
    let mut declared = "apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n".to_owned();
    for number in 0..SUBCHARTS {
        let name = format!("part{number}");
        create(bench, &charts, &name)?;
        declared += &format!("- {{name: {name}, version: 0.1.0}}\n");
    }
    fs::write(umbrella.join("Chart.yaml"), declared)?;
    fs::write(umbrella.join("values.yaml"), "global: {region: west}\n")?;
    Ok(())
}

/// Copies a folder.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A workspace with one service and one cluster; `source` is the service's.
pub(super) fn workspace(folder: &Path, source: &str) -> anyhow::Result<()> {
    const ENVIRONMENT: &str = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: one}]
  regions: [{name: west, stage: one, clusters: [{name: c1}]}]
";
    let service = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: bench}}\nspec:\n  source: {source}\n  namespace: bench\n"
    );
    fs::create_dir_all(folder.join("environments"))?;
    fs::write(folder.join("environments/prod.yaml"), ENVIRONMENT)?;
    fs::create_dir_all(folder.join("bench"))?;
    fs::write(folder.join("bench/seaway.yaml"), service)?;
    Ok(())
}
