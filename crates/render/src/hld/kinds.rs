//! The types of components.

/// What a component makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing of its own; it has a file.
    Component,
    /// What a chart renders to.
    Helm,
    /// The files of a folder.
    Static,
    /// What a kustomization builds.
    Kustomize,
    /// Another word: nothing, without a file.
    Unknown,
}

impl Kind {
    /// The words of the types.
    pub(super) const WORDS: [&'static str; 4] = ["component", "helm", "static", "kustomize"];

    /// Reads the word. Kustomizations are no part of the original format, and thus only of the strict profile.
    pub(super) fn parse(word: &str, is_strict: bool) -> Option<Self> {
        match word {
            "" | "component" => Some(Self::Component),
            "helm" => Some(Self::Helm),
            "static" => Some(Self::Static),
            "kustomize" if is_strict => Some(Self::Kustomize),
            _ => None,
        }
    }

    /// The word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Helm => "helm",
            Self::Static => "static",
            Self::Kustomize => "kustomize",
            Self::Unknown => "unknown",
        }
    }
}
