//! Source and namespace of one service.

use crate::{
    SYSTEM_NAMESPACE,
    declaration::{findings::Findings, load::Declared, path},
    diagnostic::{Diagnostic, codes, excerpt},
    yaml::Node,
};

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let mut findings = Findings::new(one.file, findings);
    let manifests = one.spec("source").and_then(|source| source.get("manifests"));
    let path = manifests.filter(|node| node.get("git").is_none()).and_then(|node| node.get("path"));
    if let Some((node, text)) = path.and_then(|node| Some((node, node.text()?)))
        && let Ok(folder) = path::resolve(one.file, text)
        && path::is_inside(one.file, &folder)
    {
        let message = format!("`{}` holds this declaration itself", excerpt(text));
        let help = "keep manifests in a folder of their own, such as `manifests`".to_owned();
        findings.error(codes::BAD_PATH, node.span, message, Some(help));
    }
    if let Some(node) = one.spec("namespace").filter(|node| node.text() == Some(SYSTEM_NAMESPACE)) {
        let message = format!("namespace `{SYSTEM_NAMESPACE}` belongs to Seaway itself");
        let help = "choose another namespace".to_owned();
        findings.error(codes::RESERVED_NAMESPACE, node.span, message, Some(help));
    }
    if let Some(targets) = one.spec("targets")
        && let Some(regions) = targets.entry("regions")
        && targets.get("global").map(Node::to_json) == Some(true.into())
    {
        let message = "`regions` cannot be given together with `global: true`: global clusters are in no region";
        let help = "remove one of the two; declare a second service for the other".to_owned();
        findings.error(codes::REGIONS_OF_GLOBAL, regions.key.span, message.to_owned(), Some(help));
    }
}
