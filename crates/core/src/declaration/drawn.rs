//! Where random values and the time come from, for charts that ask for them.

use jiff::Timestamp;

/// What charts may draw: the same declaration with the same key gives the same values, so that a plan can be made
/// again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// What the time is for charts. Another time draws other values.
    pub at: Timestamp,
    /// The secret that random values are drawn from; `None` = random values are refused.
    pub key: Option<DrawKey>,
    /// Who shares drawn values.
    pub per: DrawnPer,
}

/// Where a secret to draw from is: only references to it are declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DrawKey {
    /// A file: absolute, or relative to the workspace.
    File(String),
    /// A variable of the process.
    Variable(String),
}

impl std::fmt::Display for DrawKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file `{path}`"),
            Self::Variable(name) => write!(f, "the variable `{name}`"),
        }
    }
}

/// Who shares drawn values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DrawnPer {
    /// Nobody: each cluster has its own, as with Helm.
    #[default]
    Target,
    /// The clusters of an environment.
    Environment,
    /// All clusters.
    Service,
}

impl DrawnPer {
    /// How it is written.
    pub const ALL: [(&'static str, Self); 3] =
        [("target", Self::Target), ("environment", Self::Environment), ("service", Self::Service)];

    /// The words alone.
    pub const WORDS: &[&str] = &[Self::ALL[0].0, Self::ALL[1].0, Self::ALL[2].0];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, per)| *per == self).map_or("target", |(word, _)| word)
    }
}
