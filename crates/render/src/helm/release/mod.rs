//! A chart with values becomes the documents of a release.
//!
//! ```text
//!  Chart + Options ──layers, switches, coalesce, schema──► values
//!      values ──roots──► what each chart's templates see
//!      Program (shared by targets) ──Session──► text ──split──► documents, hooks, notes
//! ```
//!
//! The order of every step is Helm's: files from the deepest path up, because templates change shared maps; documents by
//! path and place, then by kind.

mod capabilities;
mod document;
mod error;
mod hook;
mod known_versions;
mod order;
mod render;
mod roots;
mod split;
mod stream;

pub use capabilities::Capabilities;
pub use document::Document;
pub use error::ReleaseError;
pub use hook::{DeletePolicy, Event, Hook};
pub use render::Renderer;
pub use split::parse_stream;
pub use stream::read_stream;

use super::{functions::Entropy, template::Limits, values::Layer};

/// What a chart is rendered with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Values over those of the chart, later layers over earlier ones.
    pub layers: Vec<Layer>,
    /// Whether the release is there already: `.Release.IsUpgrade`.
    pub is_upgrade: bool,
    /// `.Release.Revision`
    pub revision: u32,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// Where random values and the time come from.
    pub entropy: Entropy,
    /// What the templates may use.
    pub limits: Limits,
    /// Whether a missing key is an error.
    pub strict: bool,
}

impl Options {
    /// What `helm template NAME --namespace NAMESPACE` uses.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            layers: Vec::new(),
            is_upgrade: false,
            revision: 1,
            capabilities: Capabilities::default(),
            entropy: Entropy::Refuse,
            limits: Limits::default(),
            strict: false,
        }
    }
}

/// What a chart renders to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Release {
    /// Definitions under `crds/`, which come before everything else.
    pub definitions: Vec<Document>,
    /// Documents in the order in which Helm installs them.
    pub documents: Vec<Document>,
    /// Documents that Helm runs at certain moments instead of installing them.
    pub hooks: Vec<Hook>,
    /// What the chart tells the person who installs it.
    pub notes: Option<String>,
    /// What did not fit, without being an error.
    pub warnings: Vec<String>,
    /// What it took of its limits.
    pub usage: Usage,
}

/// What a render took of its limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Steps, of [`Limits::steps`].
    pub steps: u64,
    /// Bytes that the templates wrote, of [`Limits::output_bytes`].
    pub output_bytes: usize,
    /// Values of all documents, each document counted as 32 more.
    pub document_values: usize,
}

/// Most of [`Usage::document_values`].
pub const DOCUMENT_VALUES_MAX: usize = crate::yaml::NODES_MAX;

#[cfg(test)]
mod tests;
