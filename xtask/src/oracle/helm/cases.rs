//! Which charts with which values.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use seaway_core::yaml;
use seaway_render::{Tree, helm::chart::Chart};
use serde_json::Value;

use super::{fetch::Helm, variants};

/// Charts that are written for functions and features. Files `values/*.yaml` and `values/*.flags`
/// (`--set a=1`, one a line) beside a chart's folder `chart` are cases.
pub(super) const OWN_CHARTS: &str = "tests/charts";

/// The case with a chart's own values alone.
const DEFAULTS: &str = "defaults";

/// A chart with values files.
pub(super) struct Case {
    pub(super) chart: String,
    pub(super) name: String,
    /// Folder or packed chart.
    pub(super) folder: PathBuf,
    pub(super) values: Vec<PathBuf>,
    /// Flags such as `--set` with their texts, in the order in which Helm takes the flags.
    pub(super) flags: Vec<(String, String)>,
    /// The cluster that is rendered for.
    pub(super) cluster: Cluster,
}

/// A cluster as a chart sees it.
#[derive(Clone, Copy)]
pub(super) struct Cluster {
    name: &'static str,
    pub(super) version: &'static str,
    /// Kinds of objects besides those that Helm knows by itself.
    pub(super) apis: &'static [&'static str],
    /// Whether the release is there already.
    pub(super) is_upgrade: bool,
}

const CLUSTER: Cluster = Cluster { name: "", version: "v1.35.0", apis: &[], is_upgrade: false };

/// Clusters that charts treat in their own way.
const OTHER_CLUSTERS: [Cluster; 4] = [
    Cluster { name: "upgraded", is_upgrade: true, ..CLUSTER },
    Cluster { name: "old", version: "v1.19.3", ..CLUSTER },
    Cluster { name: "managed", version: "v1.27.16-eks-a737599", ..CLUSTER },
    Cluster {
        name: "equipped",
        apis: &[
            "monitoring.coreos.com/v1",
            "monitoring.coreos.com/v1/ServiceMonitor",
            "monitoring.coreos.com/v1/PodMonitor",
            "cert-manager.io/v1",
            "cert-manager.io/v1/Certificate",
            "gateway.networking.k8s.io/v1",
            "gateway.networking.k8s.io/v1/HTTPRoute",
            "security.openshift.io/v1",
            "route.openshift.io/v1",
            "policy/v1beta1/PodSecurityPolicy",
            "autoscaling.k8s.io/v1",
            "autoscaling.k8s.io/v1/VerticalPodAutoscaler",
        ],
        ..CLUSTER
    },
];

impl Case {
    /// Reads the chart.
    pub(super) fn load(&self) -> Result<Chart, String> {
        if self.folder.is_file() {
            let packed = fs::read(&self.folder).map_err(|error| error.to_string())?;
            return Chart::from_archive(&packed).map_err(|error| error.to_string());
        }
        let mut tree = Tree::new("");
        add(&mut tree, &self.folder, "").map_err(|error| format!("{error:#}"))?;
        Chart::from_tree(&tree, "").map_err(|error| error.to_string())
    }
}

fn add(tree: &mut Tree, folder: &Path, prefix: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("a name that is not text")?;
        let inside = format!("{prefix}{name}");
        if path.is_dir() {
            add(tree, &path, &format!("{inside}/"))?;
        } else {
            tree.insert(inside, fs::read(&path)?).map_err(|finding| anyhow::anyhow!(finding.message))?;
        }
    }
    Ok(())
}

/// A chart as `helm create` makes it, by each Helm.
pub(super) fn created(helms: &[Helm], work: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for helm in helms {
        let folder = work.join(format!("created-{}", helm.name));
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(&helm.program);
        command.args(["create", &format!("created-{}", helm.name)]).current_dir(&folder).env("HOME", work);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "`helm create` of {} ended with {status}", helm.name);
        folders.push(folder);
    }
    Ok(folders)
}

/// Every chart in the folders with its cases.
pub(super) fn find(folders: &[PathBuf], work: &Path) -> anyhow::Result<Vec<Case>> {
    let mut cases = Vec::new();
    let own = Path::new(OWN_CHARTS).canonicalize().ok();
    for folder in folders {
        let folder = folder.canonicalize().with_context(|| format!("{} is not there", folder.display()))?;
        let is_own = own.as_ref().is_some_and(|own| folder.starts_with(own));
        let start = cases.len();
        search(&folder, work, !is_own, &mut cases)?;
        ensure!(cases.len() > start, "no chart in {}", folder.display());
    }
    Ok(cases)
}

/// Each file as a further case of every chart.
pub(super) fn with_values(cases: &mut Vec<Case>, files: &[PathBuf]) -> anyhow::Result<()> {
    let plain: Vec<(String, PathBuf)> = cases
        .iter()
        .filter(|case| case.name == DEFAULTS)
        .map(|case| (case.chart.clone(), case.folder.clone()))
        .collect();
    for file in files {
        let file = file.canonicalize().with_context(|| format!("{} is not there", file.display()))?;
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        cases.extend(plain.iter().map(|(chart, folder)| Case {
            chart: chart.clone(),
            name: name.clone(),
            folder: folder.clone(),
            values: vec![file.clone()],
            flags: Vec::new(),
            cluster: CLUSTER,
        }));
    }
    Ok(())
}

fn search(folder: &Path, work: &Path, is_foreign: bool, cases: &mut Vec<Case>) -> anyhow::Result<()> {
    if folder.join("Chart.yaml").is_file() {
        return of_chart(folder, folder.parent(), work, is_foreign, cases);
    }
    if folder.is_file() {
        return of_chart(folder, None, work, is_foreign, cases);
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|ending| ending == "tgz") {
            search(&entry, work, is_foreign, cases)?;
        }
    }
    Ok(())
}

/// A chart's cases; one that was not written for tests is tried with far more values and clusters.
fn of_chart(
    chart: &Path,
    around: Option<&Path>,
    work: &Path,
    is_foreign: bool,
    cases: &mut Vec<Case>,
) -> anyhow::Result<()> {
    let own = chart.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let parent = around.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let name = if own == "chart" { parent.to_owned() } else { own.to_owned() };
    let case = |case: &str, values: Vec<PathBuf>| Case {
        chart: name.clone(),
        name: case.to_owned(),
        folder: chart.to_owned(),
        values,
        flags: Vec::new(),
        cluster: CLUSTER,
    };
    cases.push(case(DEFAULTS, Vec::new()));
    if is_foreign {
        cases.extend(OTHER_CLUSTERS.map(|cluster| Case { cluster, ..case(cluster.name, Vec::new()) }));
    }
    for folder in [around.map(|around| around.join("values")), Some(chart.join("ci"))].into_iter().flatten() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        files.sort();
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
            match file.extension().and_then(|ending| ending.to_str()) {
                Some("yaml") => cases.push(case(&stem, vec![file])),
                Some("flags") => cases.push(Case { flags: flags(&file)?, ..case(&stem, Vec::new()) }),
                Some(_) | None => {}
            }
        }
    }
    for file in further_values(chart)? {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        cases.push(case(&stem, vec![file]));
    }
    let Ok(text) = fs::read_to_string(chart.join("values.yaml")) else { return Ok(()) };
    let defaults = yaml::read("values.yaml", &text, &mut Vec::new()).first().map(yaml::Node::to_json);
    let Some(Value::Object(defaults)) = defaults else { return Ok(()) };
    let mut changes = variants::all_at_once(&defaults);
    if is_foreign {
        changes.extend(variants::one_by_one(&defaults));
    }
    for (kind, changed) in changes {
        let file = work.join(format!("values-{}.yaml", cases.len()));
        fs::write(&file, Value::Object(changed).to_string())?;
        cases.push(case(&kind, vec![file]));
    }
    Ok(())
}

/// `values-prod.yaml` and the like beside the chart's own values.
fn further_values(chart: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(entries) = fs::read_dir(chart) else { return Ok(Vec::new()) };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_other = name.starts_with("values-") || name.starts_with("values_") || name.ends_with("-values.yaml");
        is_other && name.ends_with(".yaml")
    });
    files.sort();
    Ok(files)
}

/// One flag a line, as on the command line.
fn flags(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = fs::read_to_string(file)?;
    let text = text.trim_end();
    let flag = |line: &str| line.split_once(' ').map(|(flag, text)| (flag.to_owned(), text.to_owned()));
    text.lines().map(|line| flag(line).with_context(|| format!("{}: `{line}`", file.display()))).collect()
}
