//! Errors at the edge: what, why, and what to do next. Never a debug print.

use serde::Serialize;

use crate::{
    exit::Exit,
    output::text::printable,
    terminal::{Paint, Role},
};

/// Why a command ended early.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    /// How the process ends.
    pub exit: Exit,
    /// What could not be done; a lower-case fragment. Empty = everything has been said already.
    pub what: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl From<seaway_engine::fetch::FetchError> for Error {
    fn from(error: seaway_engine::fetch::FetchError) -> Self {
        Self { causes: error.causes, hint: error.hint, ..Self::new(error.what) }
    }
}

impl Error {
    /// An error without cause or advice yet.
    pub fn new(what: impl Into<String>) -> Self {
        Self { exit: Exit::Error, what: what.into(), causes: Vec::new(), hint: None }
    }

    /// A rule said no.
    pub fn refused(what: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, ..Self::new(what) }
    }

    /// The command ends like this; everything has been said already.
    pub fn said(exit: Exit) -> Self {
        Self { exit, ..Self::new("") }
    }

    /// The same with the chain of a library's error as causes.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let chain = std::iter::successors(Some(cause), |cause| cause.source());
        for text in chain.map(ToString::to_string) {
            // Some libraries repeat their source in their own text.
            if !self.causes.iter().any(|said| said.contains(&text)) {
                self.causes.push(text);
            }
        }
        self
    }

    /// The same with one more cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// For people.
    pub fn render(&self, paint: Paint) -> String {
        let mut out = format!("{} {}\n", paint.apply(Role::Bad, "error:"), printable(&self.what));
        for (i, cause) in self.causes.iter().enumerate() {
            let frame = if i + 1 == self.causes.len() { "╰─▶" } else { "├─▶" };
            let indent = format!("\n  {}    ", if i + 1 == self.causes.len() { " " } else { "│" });
            let text = cause.lines().map(printable).collect::<Vec<_>>().join(&indent);
            out += &format!("  {} {text}\n", paint.apply(Role::Dim, frame));
        }
        if let Some(hint) = &self.hint {
            out += &format!("{} {}\n", paint.apply(Role::Info, "hint:"), printable(hint));
        }
        out
    }

    /// For programs: one line of JSON.
    pub fn render_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Shown<'a> {
            error: &'a str,
            causes: &'a [String],
            hint: Option<&'a str>,
            exit_code: u8,
        }
        let shown =
            Shown { error: &self.what, causes: &self.causes, hint: self.hint.as_deref(), exit_code: self.exit.code() };
        // A struct of texts and a number always becomes JSON.
        serde_json::to_string(&shown).unwrap_or_default() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_what_next() {
        let cause = std::io::Error::other("no such file");
        let error = Error::new("cannot read `plan.json`").because(&cause).cause("line one\nline two").hint("make one");
        insta::assert_snapshot!(error.render(Paint::plain()), @r"
        error: cannot read `plan.json`
          ├─▶ no such file
          ╰─▶ line one
               line two
        hint: make one
        ");
        insta::assert_snapshot!(error.render_json(), @r#"{"error":"cannot read `plan.json`","causes":["no such file","line one\nline two"],"hint":"make one","exitCode":1}"#);
    }

    #[test]
    fn a_cause_is_said_once() {
        #[derive(Debug)]
        struct Outer(std::io::Error);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "store: {}", self.0)
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::new("x").because(&Outer(std::io::Error::other("disk full")));
        assert_eq!(error.causes, ["store: disk full"]);
    }
}
