//! Looking for a component in a repository of definitions.

use std::collections::BTreeSet;

use crate::Tree;

/// Folder of a catalogue that holds one folder for each component.
const DEFINITIONS: &str = "definitions";

/// The folders directly below `definitions/` in which a file's path or text has the word, whatever the case, in the
/// order of the files; each once.
pub fn find<'a>(catalogue: &'a Tree, word: &str) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (path, bytes) in catalogue.under(DEFINITIONS) {
        let Some((name, _)) = path.split_once('/') else { continue };
        if seen.contains(name) {
            continue;
        }
        let is_hit = path.to_lowercase().contains(&word)
            || std::str::from_utf8(bytes).is_ok_and(|text| text.to_lowercase().contains(&word));
        if is_hit {
            seen.insert(name);
            found.push(name);
        }
    }
    found
}
