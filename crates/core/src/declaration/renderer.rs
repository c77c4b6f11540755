//! The way out for a source that native rendering does not cover.

use crate::digest::Digest;

/// A program that renders instead of this one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternalRenderer {
    /// The kind of source that it renders: `helm` or `kustomize`.
    pub kind: &'static str,
    /// The file: absolute, or relative to the workspace.
    pub path: String,
    /// The digest that the file must have.
    pub digest: Digest,
}

impl ExternalRenderer {
    /// The kinds of sources that a program can render.
    pub const KINDS: [&'static str; 2] = ["helm", "kustomize"];
}
