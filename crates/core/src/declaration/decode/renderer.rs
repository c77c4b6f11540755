//! `renderer` of a service.

use super::text;
use crate::{
    declaration::{ExternalRenderer, path},
    digest::Digest,
    yaml::Node,
};

/// Reads the renderer. One that cannot be read was refused by the checks and rules.
pub(super) fn renderer(file: &str, spec: &Node) -> Option<ExternalRenderer> {
    let node = spec.get("renderer")?;
    let kind = ExternalRenderer::KINDS.into_iter().find(|kind| node.get(kind).is_some())?;
    let written = text(node, "path")?;
    let path = if written.starts_with('/') { written.to_owned() } else { path::resolve(file, written).ok()? };
    Some(ExternalRenderer { kind, path, digest: Digest::parse(&format!("sha256:{}", text(node, "sha256")?))? })
}
