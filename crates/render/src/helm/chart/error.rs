//! Why a chart cannot be read.

use thiserror::Error;

use crate::yaml;

/// A fault of a chart's files.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}{message}", prefix(file, *line, *column))]
pub struct ChartError {
    /// The file in the chart; empty for the chart as a whole.
    pub file: String,
    /// Line, from 1; 0 = the whole file.
    pub line: u32,
    /// Column, from 1; 0 = the whole line.
    pub column: u32,
    /// What was found and what was expected.
    pub message: String,
}

fn prefix(file: &str, line: u32, column: u32) -> String {
    match (file, line, column) {
        ("", _, _) => String::new(),
        (file, 0, _) => format!("{file}: "),
        (file, line, 0) => format!("{file}:{line}: "),
        (file, line, column) => format!("{file}:{line}:{column}: "),
    }
}

impl ChartError {
    pub(crate) fn whole(message: impl Into<String>) -> Self {
        Self::of("", message)
    }

    pub(crate) fn of(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message: message.into() }
    }

    pub(crate) fn yaml(file: &str, error: &yaml::Error) -> Self {
        Self { file: file.to_owned(), line: error.line, column: error.column, message: error.problem.clone() }
    }

    /// The same fault of a file that stands in a chart in this folder.
    #[must_use]
    pub(crate) fn inside(mut self, folder: &str) -> Self {
        self.file = if self.file.is_empty() { folder.to_owned() } else { format!("{folder}/{}", self.file) };
        self
    }
}
