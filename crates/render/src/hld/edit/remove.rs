//! `remove`: entries of the component file.

use seaway_core::{
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::Node,
};
use serde_json::Value;

use super::{Draft, Edited, add::name_of, items::Items};
use crate::{Tree, hld::Profile};

/// Removes entries of the component in a folder and sorts the others. Unknown names are warnings.
///
/// # Errors
/// When there is no component file, or it cannot be read.
pub fn remove(tree: &Tree, folder: &str, profile: Profile, names: &[String]) -> Result<Edited, Vec<Diagnostic>> {
    let mut draft = Draft::open(tree, folder, "component", profile)?;
    if draft.is_new {
        let message = format!("no component file in `{}`", tree.place_of(if folder.is_empty() { "." } else { folder }));
        return Err(vec![Diagnostic::error(codes::HLD_NO_COMPONENT, message)]);
    }
    let node = draft.read()?;
    let mut meant = node.to_json();
    let mut known = Vec::new();
    if let Some(Value::Array(list)) = meant.get_mut("subcomponents") {
        known = list.iter().map(|entry| name_of(entry).to_owned()).collect();
        list.retain(|entry| !names.iter().any(|name| name == name_of(entry)));
        list.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    }
    for name in names.iter().filter(|name| !known.contains(name)) {
        let message = format!("no subcomponent `{}`", excerpt(name));
        let finding = Diagnostic::warning(codes::HLD_NO_COMPONENT, message);
        draft.remarks.push(match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
    }
    if meant == node.to_json() {
        return Ok(draft.done());
    }
    let changed = if draft.is_json { None } else { change(&draft.text, &node, names) };
    draft.take(changed, &meant)?;
    Ok(draft.done())
}

fn change(text: &str, root: &Node, names: &[String]) -> Option<String> {
    let mut items = Items::cut(text, root)?;
    items.items.retain(|(name, _)| !names.contains(name));
    items.sort();
    if !items.items.is_empty() {
        return Some(items.to_text());
    }
    let head = items.before.trim_end().strip_suffix("subcomponents:")?;
    Some(format!("{head}subcomponents: []\n{}", items.after))
}
