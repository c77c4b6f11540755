//! Charts: what a folder or an archive holds, read once.
//!
//! ```text
//!  Tree ──ignore rules──┐
//!                       ├──► files ──load──► Chart ──dependency::select(values)──► Chart for these values
//!  .tgz ──archive───────┘
//! ```
//!
//! Nothing is looked up outside the given files: a dependency is in `charts/` or it is missing.

mod archive;
mod dependency;
mod error;
mod ignore;
mod load;
mod metadata;

use std::sync::Arc;

pub use archive::{ARCHIVE_BYTES_MAX, FILE_BYTES_MAX};
pub(crate) use dependency::{missing, select};
pub use error::ChartError;
pub(crate) use metadata::scalar_text;
pub use metadata::{Dependency, Import, Maintainer, Metadata};
use serde_json::{Map, Value};

/// Most charts in one chart, subcharts of subcharts included. The largest public umbrella charts have 40.
pub const CHARTS_MAX: usize = 500;
/// How deeply charts may stand in each other.
pub const CHART_DEPTH_MAX: usize = 16;

/// A chart with its subcharts. Numbers in values are floating point, as they are to templates.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What `Chart.yaml` says. The name is the alias where the chart is used under one.
    pub metadata: Metadata,
    /// `values.yaml`.
    pub values: Map<String, Value>,
    /// `values.schema.json`.
    pub schema: Option<Arc<[u8]>>,
    /// Files under `templates/`, in the order of their paths.
    pub templates: Vec<File>,
    /// Everything else that is not a subchart: `.Files`, definitions under `crds/`.
    pub files: Vec<File>,
    /// The charts under `charts/`.
    pub dependencies: Vec<Chart>,
    /// Work of reading it with all charts in it, in steps: a render takes them from its own.
    pub(crate) effort: u64,
}

/// A file of a chart.
#[derive(Clone, Debug)]
pub struct File {
    /// Path in the chart, with `/`.
    pub name: String,
    /// Its bytes, without a byte order mark.
    pub data: Arc<[u8]>,
}

impl Chart {
    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Files under `crds/` that hold manifests.
    pub fn definitions(&self) -> impl Iterator<Item = &File> {
        let is_manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|ending| name.ends_with(ending));
        self.files.iter().filter(move |file| file.name.starts_with("crds/") && is_manifest(&file.name))
    }
}

#[cfg(test)]
mod tests;
