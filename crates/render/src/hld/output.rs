//! The files that a run makes: one per component, by where the component stands.

use std::collections::{BTreeMap, btree_map};

use seaway_core::diagnostic::codes;

use super::{trouble::Trouble, walk::Visit};

/// Most bytes of all files of one run: manifests of tens of thousands of objects.
const BYTES_MAX: usize = 256 * 1024 * 1024;

/// Files by path, below the folder of the environment set.
#[derive(Default)]
pub(super) struct Output {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Which component made a file.
    makers: BTreeMap<String, String>,
    bytes: usize,
}

/// The folder of an environment set, below the repository's root.
pub(super) fn folder(environments: &[String]) -> String {
    match environments {
        [] => "generated/common".to_owned(),
        names => format!("generated/{}", names.join("-")),
    }
}

impl Output {
    /// Adds a component's file. Folder by the entries' names, file by the component's own name.
    pub(super) fn add(&mut self, trouble: &mut Trouble<'_>, visit: &Visit, text: String) {
        let name = &visit.component.name.text;
        let path = match visit.logical.as_str() {
            "" => format!("{name}.yaml"),
            folder => format!("{folder}/{name}.yaml"),
        };
        let who = |entry: &str| if entry.is_empty() { "the root".to_owned() } else { format!("component `{entry}`") };
        match self.makers.entry(path.clone()) {
            btree_map::Entry::Occupied(other) => {
                let message = format!("`{path}` is made by {} and by {}", who(other.get()), who(&visit.entry));
                let help = "give one of them another name: one would overwrite the other";
                trouble.error(codes::HLD_OUTPUT_TWICE, Some(visit.component.name.place.clone()), message, help);
                return;
            }
            btree_map::Entry::Vacant(free) => drop(free.insert(visit.entry.clone())),
        }
        if text.is_empty() && trouble.is_strict() {
            return;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > BYTES_MAX {
            let message = format!("the output has more than {BYTES_MAX} bytes");
            trouble.error(codes::HLD_TOO_LARGE, Some(visit.component.place.clone()), message, "split the repository");
            return;
        }
        self.files.insert(path, text.into_bytes());
    }
}
