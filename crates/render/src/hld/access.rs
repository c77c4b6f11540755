//! `access.yaml`: which environment variable holds the token of a source. Never the token itself.

use std::collections::BTreeMap;

use seaway_core::{
    diagnostic::{Diagnostic, codes, excerpt, has_errors},
    yaml,
};

use super::{
    Settings,
    file::Parsed,
    ground::{At, Grounds},
    trouble::Trouble,
};
use crate::Tree;

/// The file's name.
pub(super) const FILE: &str = "access.yaml";
/// Largest file, in bytes: hundreds of sources.
const BYTES_MAX: usize = 256 * 1024;

/// Source, as it is written, → name of an environment variable. The first entry for a source counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    variables: BTreeMap<String, String>,
    /// What fetched trees ask for. They must not choose which of the user's variables is sent where.
    asked: BTreeMap<String, String>,
}

impl Access {
    /// The variable for a source. Only HTTP takes tokens; other transports have credentials of their own.
    pub fn variable(&self, url: &str) -> Option<&str> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        let is_http = matches!(scheme.as_deref(), Some("http" | "https"));
        is_http.then(|| self.variables.get(url).map(String::as_str)).flatten()
    }

    /// The variable that a fetched tree asks for, when the repository itself names none.
    pub(super) fn asked(&self, url: &str) -> Option<&str> {
        if self.variables.contains_key(url) { None } else { self.asked.get(url).map(String::as_str) }
    }

    /// Adds what a folder's file says.
    pub(super) fn read(&mut self, grounds: &Grounds<'_>, trouble: &mut Trouble<'_>, folder: &At) {
        let at = grounds.child(folder, FILE);
        let Some(bytes) = grounds.read(&at) else { return };
        let file = grounds.place(&at).file;
        let text = String::from_utf8_lossy(bytes);
        let mut findings = Vec::new();
        let nodes = yaml::read_lenient(BYTES_MAX, &file, &text, &mut findings);
        let is_faulty = has_errors(&findings);
        for mut finding in findings {
            // Somebody may have put a token where the variable's name belongs.
            finding.hides_source = true;
            trouble.add(finding);
        }
        let Some(node) = nodes.into_iter().next().filter(|_| !is_faulty) else { return };
        let parsed = Parsed { file: file.as_str().into(), text: text.into_owned(), node };
        for entry in parsed.node.entries() {
            match entry.value.text() {
                Some(variable) if is_variable(variable) => {
                    let into = if folder.ground == 0 { &mut self.variables } else { &mut self.asked };
                    into.entry(entry.key.text.clone()).or_insert_with(|| variable.to_owned());
                }
                _ => {
                    let url = crate::remote::without_credentials(&excerpt(&entry.key.text));
                    let message = format!("the value for `{url}` is not the name of an environment variable");
                    let help =
                        "write the variable's name, such as `CHARTS_TOKEN`, never a token; if this is one, revoke it";
                    let mut finding = Diagnostic::error(codes::HLD_BAD_SOURCE, message).help(help);
                    finding = finding.at(parsed.place(entry.key.span));
                    finding.hides_source = true;
                    trouble.add(finding);
                }
            }
        }
    }
}

fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the file in one folder of a tree says.
///
/// # Errors
/// All findings.
pub fn access(tree: &Tree, folder: &str) -> Result<Access, Vec<Diagnostic>> {
    let settings = Settings::default();
    let read = yaml::on_deep_stack(|| {
        let grounds = Grounds::new(tree);
        let mut trouble = Trouble::new(&settings);
        let mut access = Access::default();
        access.read(&grounds, &mut trouble, &At { ground: 0, path: folder.to_owned() });
        (access, trouble.findings)
    });
    let (access, findings) = read.map_err(super::generate::no_thread)?;
    if has_errors(&findings) { Err(findings) } else { Ok(access) }
}
