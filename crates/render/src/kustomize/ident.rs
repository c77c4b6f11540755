//! Which object a resource is: group, version, kind, name and namespace, and when two of them are the same.

use super::{node::Node, schema};

/// The namespace of objects that belong to none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";
const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

impl Gvk {
    pub(crate) fn of(node: &Node) -> Self {
        let kind = node.get("kind").map_or("", Node::raw);
        Self::parse(node.get("apiVersion").map_or("", Node::raw), kind)
    }

    pub(crate) fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether a selector, of which empty parts mean anything, selects this.
    pub(crate) fn is_selected(&self, selector: &Gvk) -> bool {
        let fits = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        fits(&self.group, &selector.group) && fits(&self.version, &selector.version) && fits(&self.kind, &selector.kind)
    }

    /// As [`Gvk::is_selected`], for the kind of an object and this as selector.
    pub(crate) fn selects(&self, object: &Node) -> bool {
        let fits = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        if !fits(object.get("kind").map_or("", Node::raw), &self.kind) {
            return false;
        }
        let api_version = object.get("apiVersion").map_or("", Node::raw);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        fits(group, &self.group) && fits(version, &self.version)
    }

    /// For sorting, where an empty part comes last.
    pub(crate) fn sort_text(&self) -> String {
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        [or(&self.group, "~G"), or(&self.version, "~V"), or(&self.kind, "~K")].join("_")
    }

    /// `kind.version.group`.
    pub(crate) fn shown(&self) -> String {
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        [or(&self.kind, "[noKind]"), or(&self.version, "[noVer]"), or(&self.group, "[noGrp]")].join(".")
    }
}

/// An object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) is_cluster_scoped: bool,
}

impl ResId {
    pub(crate) fn new(
        gvk: Gvk,
        name: impl Into<String>,
        namespace: impl Into<String>,
        scopes: &schema::Scopes,
    ) -> Self {
        let is_cluster_scoped = scopes.is_cluster_scoped(&gvk);
        Self { gvk, name: name.into(), namespace: namespace.into(), is_cluster_scoped }
    }

    pub(crate) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            DEFAULT_NAMESPACE
        } else {
            &self.namespace
        }
    }

    pub(crate) fn is_same_namespace(&self, other: &ResId) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// The same object.
    pub(crate) fn is_same(&self, other: &ResId) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.is_same_namespace(other)
    }

    /// Whether a selector, of which empty parts mean anything, selects this.
    pub(crate) fn is_selected_by(&self, selector: &ResId) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.is_same_namespace(self))
            && self.gvk.is_selected(&selector.gvk)
    }

    /// The text that tells two objects apart as [`ResId::is_same`] does.
    pub(crate) fn key(&self) -> (String, String, String) {
        (self.gvk.shown(), self.effective_namespace().to_owned(), self.name.clone())
    }
}

impl std::fmt::Display for ResId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let excerpt = seaway_core::diagnostic::excerpt;
        let kind = if self.gvk.kind.is_empty() { "object" } else { &self.gvk.kind };
        write!(f, "{}", excerpt(kind))?;
        if !self.gvk.group.is_empty() {
            write!(f, ".{}", excerpt(&self.gvk.group))?;
        }
        write!(f, " `")?;
        if !self.namespace.is_empty() && !self.is_cluster_scoped {
            write!(f, "{}/", excerpt(&self.namespace))?;
        }
        write!(f, "{}`", excerpt(&self.name))
    }
}
