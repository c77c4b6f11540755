//! Findings about declarations: code, place, what was expected, what to do.

pub mod codes;
mod render;

pub use render::{Part, render, render_plain};

use serde::Serialize;

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is refused.
    Remark,
    /// Probably not what was meant; nothing is refused.
    Warning,
    /// The declarations cannot be used.
    Error,
}

/// A place in a file of the workspace.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Path relative to the workspace, with `/`.
    pub file: String,
    /// Line, from 1; 0 = the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 = the whole line.
    pub column: u32,
    /// Byte offset in the file.
    pub offset: usize,
    /// Length in bytes; 0 when only the start is known.
    pub len: usize,
}

impl std::fmt::Display for Place {
    /// `file:line:column`, or `file:line`, or `file`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.line > 0 && self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// `SW` and four digits; each has a page in `docs/errors/`.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// Lower-case sentence fragment: what was found and what was expected.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do next, such as the nearest known name.
    pub help: Option<String>,
    /// Whether the text of the file around the place may hold secrets, so that it is not shown.
    #[serde(skip)]
    pub hides_source: bool,
}

impl Diagnostic {
    /// An error without a place or help yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), place: None, help: None, hides_source: false }
    }

    /// A warning without a place or help yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same finding at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Whether any of the findings is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// The candidate nearest to `name`, when it is near enough to be a slip of the keyboard.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let len = name.chars().count();
    let limit = (len / 3).max(1);
    candidates
        .into_iter()
        // The cheap test first: a fleet may offer ten thousand candidates.
        .filter(|candidate| candidate.chars().count().abs_diff(len) <= limit)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Text from outside for a message: at most 60 characters, control characters shown as `�`.
pub fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut out: String = text.chars().take(CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}
