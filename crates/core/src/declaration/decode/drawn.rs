//! `drawn` of a service.

use super::text;
use crate::{
    declaration::{DrawKey, Drawn, DrawnPer, path},
    yaml::Node,
};

/// Reads what charts may draw. What cannot be read was refused by the checks.
pub(super) fn drawn(file: &str, spec: &Node) -> Option<Drawn> {
    let node = spec.get("drawn")?;
    let per = text(node, "per").and_then(|word| DrawnPer::ALL.into_iter().find(|(known, _)| *known == word));
    Some(Drawn {
        at: text(node, "at")?.parse().ok()?,
        key: node.get("key").and_then(|key| draw_key(file, key)),
        per: per.map(|(_, per)| per).unwrap_or_default(),
    })
}

fn draw_key(file: &str, node: &Node) -> Option<DrawKey> {
    match (text(node, "file"), text(node, "env")) {
        (Some(path), _) if path.starts_with('/') => Some(DrawKey::File(path.to_owned())),
        (Some(path), _) => Some(DrawKey::File(path::resolve(file, path).ok()?)),
        (None, name) => name.map(|name| DrawKey::Variable(name.to_owned())),
    }
}
