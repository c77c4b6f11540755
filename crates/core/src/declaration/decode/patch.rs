//! `patches` of a service.

use super::{items, text};
use crate::{
    declaration::{Patch, PatchChange, PatchTarget, path},
    yaml::Node,
};

/// Reads the patches. One without a change was refused by the rules.
pub(super) fn patches(file: &str, spec: &Node) -> Vec<Patch> {
    items(spec, "patches").iter().filter_map(|node| patch(file, node)).collect()
}

fn patch(file: &str, node: &Node) -> Option<Patch> {
    let change = match node.get("patch") {
        Some(inline) => PatchChange::Inline(inline.clone()),
        None => PatchChange::File(path::resolve(file, text(node, "path")?).ok()?),
    };
    Some(Patch { change, target: node.get("target").map(target), span: node.span })
}

fn target(node: &Node) -> PatchTarget {
    let of = |key: &str| text(node, key).unwrap_or_default().to_owned();
    PatchTarget {
        group: of("group"),
        version: of("version"),
        kind: of("kind"),
        name: of("name"),
        namespace: of("namespace"),
        label_selector: of("labelSelector"),
        annotation_selector: of("annotationSelector"),
    }
}
