//! From files to a chart.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    CHART_DEPTH_MAX, CHARTS_MAX, Chart, ChartError, File, Metadata,
    archive::{self, Allowance, FILE_BYTES_MAX},
    ignore::Rules,
};
use crate::{
    Tree,
    helm::values::{merge_documents, with_floats},
    yaml::{self, Limits},
};

/// Most nodes of the values and metadata of all charts in one: several copies of them exist while a chart is rendered.
/// The largest public charts have a tenth.
const VALUES_NODES_MAX: usize = 200_000;
/// Most bytes of text in them, for the same reason. The largest public charts have a twentieth.
const VALUES_TEXT_BYTES_MAX: usize = 16 << 20;

/// Most work of reading them, in steps as in [`Limits`]. The largest public charts need a tenth.
const STEPS_MAX: u64 = 6_000_000;

const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

impl Chart {
    /// Reads the chart in a folder of the tree; `""` is the tree's root.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub fn from_tree(tree: &Tree, folder: &str) -> Result<Self, ChartError> {
        let files: Vec<(&str, &Arc<[u8]>)> = tree.under(folder).collect();
        let rules = match files.iter().find(|(path, _)| *path == ".helmignore") {
            Some((_, data)) => Rules::parse(text(".helmignore", data)?)?,
            None => Rules::parse("")?,
        };
        let mut kept = Vec::with_capacity(files.len());
        for (path, data) in files {
            if !rules.leave_out(path)? {
                if data.len() as u64 > FILE_BYTES_MAX {
                    return Err(ChartError::of(path, format!("the file is larger than {FILE_BYTES_MAX} bytes")));
                }
                kept.push(File { name: path.to_owned(), data: Arc::clone(data) });
            }
        }
        Loader { ignoring: rules.steps_used(), ..Loader::new() }.whole(kept)
    }

    /// Reads a packed chart (`.tgz`).
    ///
    /// # Errors
    /// The first fault, with its file in the archive.
    pub fn from_archive(packed: &[u8]) -> Result<Self, ChartError> {
        let mut loader = Loader::new();
        let files = archive::unpack(packed, &mut loader.allowance)?;
        loader.whole(files)
    }
}

struct Loader {
    charts: usize,
    allowance: Allowance,
    /// What all charts together may hold in values and metadata.
    limits: Limits,
    /// Work of the rules that leave files out, in steps.
    ignoring: u64,
}

impl Loader {
    fn new() -> Self {
        let limits = Limits {
            nodes: VALUES_NODES_MAX,
            text_bytes: VALUES_TEXT_BYTES_MAX,
            steps: STEPS_MAX,
            ..Limits::default()
        };
        Self { charts: 0, allowance: Allowance::new(), limits, ignoring: 0 }
    }

    /// The chart with all that is in it, and what reading it took.
    fn whole(mut self, files: Vec<File>) -> Result<Chart, ChartError> {
        let mut chart = self.chart(files, 0)?;
        chart.effort = self.allowance.steps_used() + (STEPS_MAX - self.limits.steps) + self.ignoring;
        Ok(chart)
    }

    fn chart(&mut self, mut files: Vec<File>, depth: usize) -> Result<Chart, ChartError> {
        self.charts += 1;
        if self.charts > CHARTS_MAX || depth > CHART_DEPTH_MAX {
            let message = format!("more than {CHARTS_MAX} charts, or charts in each other {CHART_DEPTH_MAX} deep");
            return Err(ChartError::whole(message));
        }
        for file in &mut files {
            if file.data.starts_with(BYTE_ORDER_MARK) {
                file.data = Arc::from(file.data.get(BYTE_ORDER_MARK.len()..).unwrap_or_default());
            }
        }
        let Some(metadata) = files.iter().find(|file| file.name == "Chart.yaml") else {
            return Err(ChartError::whole("`Chart.yaml` is missing"));
        };
        let metadata = Metadata::read("Chart.yaml", &value("Chart.yaml", &metadata.data, &mut self.limits)?)?;
        let mut chart = Chart {
            metadata,
            values: Map::new(),
            schema: None,
            templates: Vec::new(),
            files: Vec::new(),
            dependencies: Vec::new(),
            effort: 0,
        };
        let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
        for file in files {
            self.sort(file, &mut chart, &mut subcharts)?;
        }
        chart.metadata.validate()?;
        for (name, files) in subcharts {
            if let Some(subchart) = self.subchart(&name, files, depth)? {
                chart.dependencies.push(subchart);
            }
        }
        Ok(chart)
    }

    fn sort(
        &mut self,
        file: File,
        chart: &mut Chart,
        subcharts: &mut BTreeMap<String, Vec<File>>,
    ) -> Result<(), ChartError> {
        let is_old = chart.metadata.api_version == "v1";
        match file.name.as_str() {
            "Chart.yaml" | "Chart.lock" => {}
            "values.yaml" => chart.values = default_values(&file.data, &mut self.limits)?,
            "values.schema.json" => chart.schema = Some(file.data),
            "requirements.yaml" => {
                let value = value("requirements.yaml", &file.data, &mut self.limits)?;
                chart.metadata.read_requirements("requirements.yaml", &value)?;
                if is_old {
                    chart.files.push(file);
                }
            }
            "requirements.lock" => {
                if is_old {
                    chart.files.push(file);
                }
            }
            name if name.starts_with("templates/") => chart.templates.push(file),
            name => match name.strip_prefix("charts/") {
                Some(inside) if !name.ends_with(".prov") => {
                    let (chart_name, _) = inside.split_once('/').unwrap_or((inside, ""));
                    let inside = File { name: inside.to_owned(), data: file.data };
                    subcharts.entry(chart_name.to_owned()).or_default().push(inside);
                }
                Some(_) | None => chart.files.push(file),
            },
        }
        Ok(())
    }

    fn subchart(&mut self, name: &str, files: Vec<File>, depth: usize) -> Result<Option<Chart>, ChartError> {
        let folder = format!("charts/{name}");
        if name.starts_with(['_', '.']) {
            return Ok(None);
        }
        let files = if name.ends_with(".tgz") {
            let packed = files.into_iter().find(|file| file.name == name);
            let Some(packed) = packed else { return Err(ChartError::of(&folder, "expected a file, found a folder")) };
            archive::unpack(&packed.data, &mut self.allowance).map_err(|error| error.inside(&folder))?
        } else {
            let strip = |file: File| {
                let (_, rest) = file.name.split_once('/')?;
                Some(File { name: rest.to_owned(), data: file.data })
            };
            files.into_iter().filter_map(strip).collect()
        };
        self.chart(files, depth + 1).map(Some).map_err(|error| error.inside(&folder))
    }
}

fn text<'a>(file: &str, data: &'a [u8]) -> Result<&'a str, ChartError> {
    std::str::from_utf8(data).map_err(|_| ChartError::of(file, "expected UTF-8 text"))
}

fn value(file: &str, data: &[u8], limits: &mut Limits) -> Result<Value, ChartError> {
    yaml::read_within(text(file, data)?, limits).map_err(|error| ChartError::yaml(file, &error))
}

/// All documents of `values.yaml`, later ones over earlier ones.
fn default_values(data: &[u8], limits: &mut Limits) -> Result<Map<String, Value>, ChartError> {
    const FILE: &str = "values.yaml";
    let documents = yaml::read_all(text(FILE, data)?, limits).map_err(|error| ChartError::yaml(FILE, &error))?;
    let mut values = Map::new();
    for document in documents {
        match with_floats(document) {
            Value::Object(entries) => merge_documents(&mut values, entries),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(ChartError::of(FILE, "expected a mapping"));
            }
        }
    }
    Ok(values)
}
