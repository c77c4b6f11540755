//! Why a build stops. Kustomize stops at the first fault, and so does this.

use seaway_core::diagnostic::{Diagnostic, Place, codes, excerpt};

/// A fault with its place.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// File in the tree, line and column; 0 = the whole file or line.
    pub(crate) place: Option<(String, u32, u32)>,
}

pub(crate) type Outcome<T> = Result<T, Box<Fault>>;

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, message: message.into(), help: None, place: None })
    }

    /// A step that cannot be done on what there is.
    pub(crate) fn step(message: impl Into<String>) -> Box<Self> {
        Self::new(codes::KUSTOMIZE_STEP, message)
    }

    /// A field of the kustomization or of a file that it names.
    pub(crate) fn field(message: impl Into<String>) -> Box<Self> {
        Self::new(codes::KUSTOMIZE_FIELD, message)
    }

    pub(crate) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// The same fault at a place, when it has none yet.
    pub(crate) fn at(mut self: Box<Self>, file: &str, line: u32, column: u32) -> Box<Self> {
        if self.place.is_none() {
            self.place = Some((file.to_owned(), line, column));
        }
        self
    }

    /// The same fault with what was being done before it.
    pub(crate) fn within(mut self: Box<Self>, context: &str) -> Box<Self> {
        self.message = format!("{context}: {}", self.message);
        self
    }

    pub(crate) fn diagnostic(&self, place_of: impl Fn(&str) -> String) -> Diagnostic {
        let mut finding = Diagnostic::error(self.code, self.message.clone());
        finding.help.clone_from(&self.help);
        finding.place = self.place.as_ref().map(|(file, line, column)| Place {
            file: place_of(file),
            line: *line,
            column: *column,
            offset: 0,
            len: 0,
        });
        // Files of secrets may be named by any kustomization.
        finding.hides_source = true;
        finding
    }
}

/// Text from outside in backticks.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", excerpt(text))
}
