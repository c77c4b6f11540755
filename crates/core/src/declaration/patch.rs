//! Patches of a service: changes to what its source renders, whatever kind of source it is.

use crate::yaml::{Node, Span};

/// One patch.
#[derive(Clone, PartialEq, Debug)]
pub struct Patch {
    /// Where the change stands.
    pub change: PatchChange,
    /// Which objects; `None` = the one that a strategic merge patch names itself.
    pub target: Option<PatchTarget>,
    /// Where the patch is declared.
    pub span: Span,
}

/// Where the change stands. A mapping is a strategic merge patch, a list a JSON patch (RFC 6902). With placeholders.
#[derive(Clone, PartialEq, Debug)]
pub enum PatchChange {
    /// In the declaration: a mapping, a list, or a text with one of the two.
    Inline(Node),
    /// In a file of the workspace.
    File(String),
}

/// Which objects; an empty text means any. Names, namespaces, kinds, groups and versions are regular expressions for the
/// whole text, as in Kustomize.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PatchTarget {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace; objects that name none have the service's.
    pub namespace: String,
    /// Selector of labels, as in Kubernetes.
    pub label_selector: String,
    /// Selector of annotations.
    pub annotation_selector: String,
}
