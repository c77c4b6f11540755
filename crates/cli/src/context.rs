//! What every verb is given: where to write, in which form, for which workspace.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use serde::Serialize;

use crate::{
    cli::{Format, Global},
    error::Error,
    output::time::Now,
    principal,
    terminal::{self, Paint},
};

/// The settings of one call.
#[derive(Clone, Debug)]
pub struct Context {
    /// Folder given with `-C`; `None` = look for the workspace from the current folder upwards.
    pub folder: Option<PathBuf>,
    /// Form of the output.
    pub format: Format,
    /// Colours of standard output.
    pub paint: Paint,
    /// Colours of standard error.
    pub paint_err: Paint,
    /// How often `-v` was given.
    pub verbose: u8,
    user: Option<String>,
}

impl Context {
    /// From the global options.
    pub fn new(global: &Global) -> Self {
        Self {
            folder: global.workspace.clone(),
            format: global.output,
            paint: Paint::choose(global.color, io::stdout().is_terminal()),
            paint_err: Paint::choose(global.color, io::stderr().is_terminal()),
            verbose: global.verbose,
            user: global.user.clone(),
        }
    }

    /// Who acts.
    ///
    /// # Errors
    /// When nobody says.
    pub fn principal(&self) -> Result<seaway_core::ids::Principal, Error> {
        principal::find(self.user.as_deref())
    }

    /// Now.
    pub fn now(&self) -> Now {
        Now::system()
    }

    /// Columns for texts of standard output: those of the terminal, else 100.
    pub fn columns(&self) -> usize {
        const COLUMNS_OF_FILES: usize = 100;
        terminal::size().map_or(COLUMNS_OF_FILES, |size| size.columns)
    }

    /// Writes to standard output.
    ///
    /// # Errors
    /// When nobody reads it any more, which ends the command in silence, or it cannot be written.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Error::said(crate::exit::Exit::Done),
            _ => Error::new("cannot write to standard output").because(&error),
        })
    }

    /// Writes a remark to standard error. Nothing can be said about a failure to do so.
    pub fn remark(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Writes a value as JSON or YAML, or the text that `table` makes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn show<T: Serialize>(&self, value: &T, table: impl FnOnce() -> String) -> Result<(), Error> {
        match self.format {
            Format::Table => self.print(&table()),
            Format::Json => self.print(&json(value)?),
            Format::Yaml => self.print(&yaml(value)?),
        }
    }
}

/// Pretty JSON with a line break at the end.
///
/// # Errors
/// When the value has keys that are not text.
pub fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Error::new("cannot write the answer as JSON").because(&error))
}

/// YAML.
///
/// # Errors
/// When the value cannot be written as YAML.
pub fn yaml<T: Serialize>(value: &T) -> Result<String, Error> {
    // Through JSON, so that both forms always have the same keys and values.
    let value = serde_json::to_value(value).map_err(|error| Error::new("cannot write the answer").because(&error))?;
    serde_saphyr::to_string(&value).map_err(|error| Error::new("cannot write the answer as YAML").because(&error))
}
