//! Why a chart cannot be rendered.

use thiserror::Error;

use crate::helm::{
    template::TemplateError,
    values::{CoalesceError, LayerError},
};

/// Why a chart cannot be rendered with these options.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum ReleaseError {
    /// The chart is a library.
    #[error("`{0}` is a library chart, which has nothing to install; use it as a dependency")]
    Library(String),
    /// Declared dependencies are not in `charts/`.
    #[error("declared in Chart.yaml but missing in charts/: {}; run `helm dependency build`", .0.join(", "))]
    MissingDependencies(Vec<String>),
    /// The cluster is too old or too new.
    #[error("the chart needs Kubernetes `{constraint}`, the target has {version}")]
    KubeVersion {
        /// What the chart asks for.
        constraint: String,
        /// What there is.
        version: String,
    },
    /// A layer of values cannot be read.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A subchart's values are no mapping.
    #[error(transparent)]
    Values(#[from] CoalesceError),
    /// The values do not fit the chart's schema.
    #[error("the values do not fit the chart's schema:\n{}", .0.join("\n"))]
    Schema(Vec<String>),
    /// Templates that cannot be parsed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Parse(Vec<TemplateError>),
    /// A template that failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A rendered document that Kubernetes could not read.
    #[error("{source_file}: the rendered document is not usable: {}{problem}", at(*line, *column))]
    Document {
        /// The template.
        source_file: String,
        /// Line in the document, from 1; 0 = unknown.
        line: u32,
        /// Column in the document, from 1; 0 = unknown.
        column: u32,
        /// What is wrong.
        problem: String,
        /// The document. It may be a Secret.
        text: String,
    },
}

fn at(line: u32, column: u32) -> String {
    match (line, column) {
        (0, _) => String::new(),
        (line, 0) => format!("line {line}: "),
        (line, column) => format!("line {line}, column {column}: "),
    }
}
