//! Where rendered objects come from: the sources with their digests, and what rendered them.

use jiff::Timestamp;
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
    /// What its charts could draw random values and the time from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<DrawnFrom>,
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

/// What random values and the time are drawn from: with the key that has this name, the same values come again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrawnFrom {
    /// The time.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What tells the key apart from others, without giving it away; `None` = only the time was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// Who shares the values: `target`, `environment` or `service`.
    pub per: String,
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
