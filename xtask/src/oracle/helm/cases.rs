//! Which charts with which values.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use seaway_core::yaml;
use seaway_render::{Tree, helm::chart::Chart};
use serde_json::{Map, Value, json};

use super::fetch::Helm;

/// Charts that are written for functions and features. Files `values/*.yaml` and `values/*.flags`
/// (`--set a=1`, one a line) beside a chart's folder `chart` are cases.
pub(super) const OWN_CHARTS: &str = "tests/charts";

/// A chart with values files.
pub(super) struct Case {
    pub(super) chart: String,
    pub(super) name: String,
    /// Folder or packed chart.
    pub(super) folder: PathBuf,
    pub(super) values: Vec<PathBuf>,
    /// Flags such as `--set` with their texts, in the order in which Helm takes the flags.
    pub(super) flags: Vec<(String, String)>,
}

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
    for folder in folders {
        let folder = folder.canonicalize().with_context(|| format!("{} is not there", folder.display()))?;
        search(&folder, work, &mut cases)?;
    }
    Ok(cases)
}

fn search(folder: &Path, work: &Path, cases: &mut Vec<Case>) -> anyhow::Result<()> {
    if folder.join("Chart.yaml").is_file() {
        return of_chart(folder, folder.parent(), work, cases);
    }
    if folder.is_file() {
        return of_chart(folder, None, work, cases);
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() || entry.extension().is_some_and(|ending| ending == "tgz") {
            search(&entry, work, cases)?;
        }
    }
    Ok(())
}

fn of_chart(chart: &Path, around: Option<&Path>, work: &Path, cases: &mut Vec<Case>) -> anyhow::Result<()> {
    let own = chart.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let parent = around.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let name = if own == "chart" { parent.to_owned() } else { own.to_owned() };
    let case = |case: &str, values: Vec<PathBuf>| Case {
        chart: name.clone(),
        name: case.to_owned(),
        folder: chart.to_owned(),
        values,
        flags: Vec::new(),
    };
    cases.push(case("defaults", Vec::new()));
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
    let Ok(text) = fs::read_to_string(chart.join("values.yaml")) else { return Ok(()) };
    let defaults = yaml::read("values.yaml", &text, &mut Vec::new()).first().map(yaml::Node::to_json);
    let Some(Value::Object(defaults)) = defaults else { return Ok(()) };
    for (kind, changed) in [("flipped", changed(&defaults, flip)), ("filled", changed(&defaults, fill))] {
        if changed.is_empty() {
            continue;
        }
        let file = work.join(format!("{name}-{kind}-{}.yaml", cases.len()));
        fs::write(&file, Value::Object(changed).to_string())?;
        cases.push(case(kind, vec![file]));
    }
    Ok(())
}

/// One flag a line, as on the command line.
fn flags(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = fs::read_to_string(file)?;
    let flag = |line: &str| line.split_once(' ').map(|(flag, text)| (flag.to_owned(), text.to_owned()));
    text.lines().map(|line| flag(line).with_context(|| format!("{}: `{line}`", file.display()))).collect()
}

/// Only what the change gives another value.
fn changed(values: &Map<String, Value>, change: fn(&Value) -> Option<Value>) -> Map<String, Value> {
    let one = |value: &Value| match value {
        Value::Object(inner) if !inner.is_empty() => {
            let inner = changed(inner, change);
            (!inner.is_empty()).then_some(Value::Object(inner))
        }
        other => change(other),
    };
    values.iter().filter_map(|(key, value)| Some((key.clone(), one(value)?))).collect()
}

fn flip(value: &Value) -> Option<Value> {
    value.as_bool().map(|truth| Value::Bool(!truth))
}

/// Something where there was nothing.
fn fill(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if text.is_empty() => Some(json!("filled")),
        Value::Object(entries) if entries.is_empty() => Some(json!({"filled": "yes"})),
        Value::Array(items) if items.is_empty() => Some(json!([{"name": "filled", "value": "1"}])),
        Value::Null => Some(json!("filled")),
        _ => None,
    }
}
