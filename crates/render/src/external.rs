//! The way out: a program of somebody else renders instead of this one, for a source that native rendering does not cover.
//!
//! What it is called with is decided here and is a pure function; running it is the business of a [`Program`]. What it
//! prints goes the same way as what is rendered natively.

use std::sync::Arc;

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes},
    provenance::Network,
};

use crate::Tree;

/// One call. The program sees these files in a folder of its own, and nothing else is given to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Call {
    /// Files by path in the folder, in which it is started.
    pub files: Vec<(String, Arc<[u8]>)>,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// A program that can be run.
pub trait Program: Send + Sync {
    /// What it prints on standard output.
    ///
    /// # Errors
    /// Why, without a place, when it cannot be run, fails, takes too long or prints too much.
    fn run(&self, call: &Call) -> Result<Vec<u8>, Diagnostic>;

    /// What the runs so far could reach.
    fn network(&self) -> Network;
}

impl Call {
    /// Adds the files of a tree below a folder.
    pub(crate) fn lay(&mut self, folder: &str, tree: &Tree) {
        self.files.extend(tree.under("").map(|(path, bytes)| (format!("{folder}/{path}"), Arc::clone(bytes))));
    }

    /// Adds a file.
    pub(crate) fn write(&mut self, path: impl Into<String>, text: String) {
        self.files.push((path.into(), text.into_bytes().into()));
    }
}

/// The text that a program printed.
pub(crate) fn text_of(program: &dyn Program, call: &Call, place: &Place) -> Result<String, Vec<Diagnostic>> {
    let said = program.run(call).map_err(|finding| vec![finding.at(place.clone())])?;
    String::from_utf8(said)
        .map_err(|_| vec![Diagnostic::error(codes::EXTERNAL, "expected UTF-8 text from the program").at(place.clone())])
}
