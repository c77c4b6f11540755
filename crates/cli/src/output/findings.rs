//! Findings with their place in the source, in colour.

use std::{collections::BTreeMap, fs, path::PathBuf};

use seaway_core::diagnostic::{Diagnostic, Part, Severity, render as render_parts};

use crate::terminal::{Paint, Role};

/// Largest file that is read again for an excerpt, in bytes; the loader takes no larger ones.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Texts of files that findings name, each read once.
#[derive(Debug)]
pub struct Sources {
    root: Option<PathBuf>,
    texts: BTreeMap<String, Option<String>>,
}

impl Sources {
    /// Files below a workspace.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()), texts: BTreeMap::new() }
    }

    /// No files: findings are shown without excerpts.
    pub fn none() -> Self {
        Self { root: None, texts: BTreeMap::new() }
    }

    /// The same with files whose text is known already.
    #[must_use]
    pub fn and(mut self, files: impl Iterator<Item = (String, String)>) -> Self {
        self.texts.extend(files.map(|(path, text)| (path, Some(text))));
        self
    }

    fn text(&mut self, file: &str) -> Option<&str> {
        let root = self.root.clone();
        let read = || {
            let path = root?.join(file);
            let is_readable = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= FILE_BYTES_MAX);
            // An excerpt is a courtesy: without it the finding still names its place.
            if is_readable { fs::read_to_string(path).ok() } else { None }
        };
        self.texts.entry(file.to_owned()).or_insert_with(read).as_deref()
    }
}

/// One finding and an empty line.
pub fn render(finding: &Diagnostic, sources: &mut Sources, paint: Paint) -> String {
    let source = finding.place.as_ref().and_then(|place| sources.text(&place.file));
    let painted = render_parts(finding, source, &|part, text| match role(part) {
        Some(role) => paint.apply(role, text),
        None => text.to_owned(),
    });
    painted + "\n"
}

const fn role(part: Part) -> Option<Role> {
    match part {
        Part::Severity(severity) => Some(severity_role(severity)),
        Part::Message => Some(Role::Strong),
        Part::Frame => Some(Role::Dim),
        Part::Source => None,
        Part::Marker => Some(Role::Bad),
        Part::Help => Some(Role::Info),
    }
}

/// The colour of a finding.
pub const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Remark => Role::Info,
        Severity::Warning => Role::Warn,
        Severity::Error => Role::Bad,
    }
}
