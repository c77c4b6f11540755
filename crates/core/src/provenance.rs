//! Where rendered objects come from: the sources with their digests, and what rendered them.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Where the objects of a service come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// Kind of the source: `manifests`, `helm`, `kustomize` or `hld`.
    pub kind: String,
    /// Where it is: a path in the workspace, or an address.
    pub place: String,
    /// Digest of the files of the source, or of those of the workspace beside a chart from elsewhere.
    pub files: Digest,
    /// Digest of the files of patches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patches: Option<Digest>,
    /// Everything from elsewhere, as it was locked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
    /// What rendered it.
    pub renderer: RenderedBy,
}

/// One source from elsewhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Elsewhere {
    /// What, as it is named.
    pub source: String,
    /// Its commit or version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolved: String,
    /// Digest of its files.
    pub digest: Digest,
}

/// What rendered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum RenderedBy {
    /// This program.
    Native {
        /// Its version.
        version: String,
    },
    /// A program of somebody else, because the service says so.
    External {
        /// Its file, as declared.
        program: String,
        /// Digest of the file.
        digest: Digest,
        /// Whether it had a network.
        network: Network,
    },
}

/// Whether a program had a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Network {
    /// It had none.
    None,
    /// The system did not allow to take it away.
    Open,
}
