//! Hooks, as data. Whoever runs them decides whether, where and with what rights.

use std::fmt;

use seaway_core::digest::Digest;
use serde::Serialize;

/// When a hook was meant to run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Before the component's subcomponents are fetched.
    BeforeInstall,
    /// After they are fetched.
    AfterInstall,
    /// Before the component's manifest is made.
    BeforeGenerate,
    /// After it.
    AfterGenerate,
}

impl Event {
    /// Each, in the order in which they come.
    pub const ALL: [Self; 4] = [Self::BeforeInstall, Self::AfterInstall, Self::BeforeGenerate, Self::AfterGenerate];

    /// The key in the component file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeInstall => "before-install",
            Self::AfterInstall => "after-install",
            Self::BeforeGenerate => "before-generate",
            Self::AfterGenerate => "after-generate",
        }
    }

    /// Reads the key.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Commands of one component for one event, in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    /// The component, by the names of the entries that lead to it; empty for the root.
    pub component: String,
    /// When they were meant to run.
    pub event: Event,
    /// Shell commands; none is empty.
    pub commands: Vec<String>,
    /// The folder they were meant to run in.
    pub folder: String,
    /// Whether the component comes from elsewhere.
    pub is_remote: bool,
    /// Whether the repository lists the component as trusted.
    pub is_trusted: bool,
    /// Where the folder is, for whoever runs them.
    #[serde(skip)]
    pub home: Home,
}

/// A folder of one of the trees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    /// The fetched tree; `None` = the repository itself.
    pub tree: Option<Digest>,
    /// Folder in it; empty = its root.
    pub path: String,
}

impl Hook {
    /// Whether a command that asks for hooks runs this one: those of the repository, and of fetched components that it
    /// trusts.
    pub fn may_run(&self) -> bool {
        !self.is_remote || self.is_trusted
    }
}
