//! Edits: functions from a file's bytes to new bytes. Nothing is written here.
//!
//! A YAML file is changed by putting text in at a known place, and the result is read again: unless it says exactly what
//! the edit means, and all else as before, it is not taken. Comments, order and quoting therefore stay. What cannot be
//! changed in place (anchors, lists in brackets) is written anew without comments in the compat profile, with a
//! warning, and refused in the strict one.

mod add;
mod items;
mod remove;
mod set;
mod splice;
mod value;

pub use add::{NewEntry, add};
pub use remove::remove;
pub use set::{Assignments, set};

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes, has_errors},
    yaml::{self, Node},
};
use serde_json::Value;

use super::{Profile, generate::no_thread};
use crate::Tree;

/// Largest file that is edited, in bytes.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// A file with its new content.
#[derive(Clone, PartialEq, Debug)]
pub struct Edited {
    /// Path in the tree.
    pub path: String,
    /// New content.
    pub bytes: Vec<u8>,
    /// Whether there was no such file.
    pub is_new: bool,
    /// Warnings.
    pub remarks: Vec<Diagnostic>,
}

/// A file under edit.
struct Draft {
    path: String,
    shown: String,
    text: String,
    is_json: bool,
    is_new: bool,
    profile: Profile,
    remarks: Vec<Diagnostic>,
}

impl Draft {
    /// The file `<stem>.yaml`, else `<stem>.json`, in a folder; a new YAML file when there is none.
    fn open(tree: &Tree, folder: &str, stem: &str, profile: Profile) -> Result<Self, Vec<Diagnostic>> {
        let path = |ending: &str| match folder {
            "" => format!("{stem}.{ending}"),
            folder => format!("{folder}/{stem}.{ending}"),
        };
        let found = ["yaml", "json"].into_iter().find_map(|ending| Some((path(ending), tree.get(&path(ending))?)));
        let is_new = found.is_none();
        let (path, text) = match found {
            Some((path, bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => (path, text.to_owned()),
                Err(_) => {
                    let place = Place { file: tree.place_of(&path), line: 0, column: 0, offset: 0, len: 0 };
                    return Err(vec![Diagnostic::error(codes::NOT_TEXT, "expected UTF-8 text").at(place)]);
                }
            },
            None => (path("yaml"), String::new()),
        };
        let is_json = path.ends_with(".json");
        let shown = tree.place_of(&path);
        let draft = Self { path, shown, text, is_json, is_new, profile, remarks: Vec::new() };
        // A file that cannot be read is never written over.
        draft.read()?;
        Ok(draft)
    }

    fn read(&self) -> Result<Node, Vec<Diagnostic>> {
        parse(&self.shown, &self.text)
    }

    fn refuse(&self, message: impl Into<String>, help: &str) -> Vec<Diagnostic> {
        let place = Place { file: self.shown.clone(), line: 0, column: 0, offset: 0, len: 0 };
        vec![Diagnostic::error(codes::HLD_EDIT, message).at(place).help(help)]
    }

    /// Takes a changed text when it says what is meant; otherwise writes the file anew, where that is allowed.
    fn take(&mut self, changed: Option<String>, meant: &Value) -> Result<(), Vec<Diagnostic>> {
        if self.is_json {
            let mut text = serde_json::to_string_pretty(meant)
                .map_err(|error| self.refuse(format!("cannot be written as JSON: {error}"), ""))?;
            text.push('\n');
            self.text = text;
            return Ok(());
        }
        if let Some(text) = changed.filter(|text| parse(&self.shown, text).is_ok_and(|node| node.to_json() == *meant)) {
            self.text = text;
            return Ok(());
        }
        let help = "edit the file by hand, or write what is changed without anchors and brackets";
        if self.profile == Profile::Strict {
            return Err(self.refuse("the file cannot be changed in place", help));
        }
        let place = Place { file: self.shown.clone(), line: 0, column: 0, offset: 0, len: 0 };
        let message = "the file is written anew: comments and anchors are lost";
        self.remarks.push(Diagnostic::warning(codes::HLD_EDIT, message).at(place).help(help));
        self.text = crate::yaml::write(meant, crate::yaml::Style::Kubernetes);
        Ok(())
    }

    fn done(self) -> Edited {
        Edited { path: self.path, bytes: self.text.into_bytes(), is_new: self.is_new, remarks: self.remarks }
    }
}

/// The first document of a file.
fn parse(file: &str, text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut nodes =
        yaml::on_deep_stack(|| yaml::read_lenient(BYTES_MAX, file, text, &mut findings)).map_err(no_thread)?;
    if has_errors(&findings) {
        return Err(findings);
    }
    if nodes.len() > 1 {
        let place = Place { file: file.to_owned(), line: 0, column: 0, offset: 0, len: 0 };
        let finding =
            Diagnostic::error(codes::HLD_FURTHER_DOCUMENTS, "a file with more than one document is not edited");
        return Err(vec![finding.at(place)]);
    }
    Ok(nodes.pop().unwrap_or_else(Node::null))
}
