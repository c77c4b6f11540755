//! Collecting findings about one file.

use crate::{
    diagnostic::{Diagnostic, Severity},
    yaml::Span,
};

/// Findings about one file, in the order in which they were made.
pub(super) struct Findings<'a> {
    file: &'a str,
    list: &'a mut Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a str, list: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, list }
    }

    /// The file that they are about.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Span,
        message: String,
        help: Option<String>,
    ) {
        let place = Some(span.in_file(self.file));
        self.list.push(Diagnostic { code, severity, message, place, help, hides_source: false });
    }

    pub(super) fn error(&mut self, code: &'static str, span: Span, message: String, help: Option<String>) {
        self.add(Severity::Error, code, span, message, help);
    }

    pub(super) fn warning(&mut self, code: &'static str, span: Span, message: String, help: Option<String>) {
        self.add(Severity::Warning, code, span, message, help);
    }
}
