//! Patches: each has one change, of a form that can be one.

use crate::{
    declaration::{findings::Findings, load::Declared},
    diagnostic::{Diagnostic, codes},
    yaml::Yaml,
};

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let mut findings = Findings::new(one.file, findings);
    for node in one.items("patches") {
        let (inline, path) = (node.get("patch"), node.get("path"));
        if inline.is_some() == path.is_some() {
            let found = if inline.is_some() { "both" } else { "neither" };
            let message = format!("a patch needs `patch` or `path`, found {found}");
            let help = "`patch` holds the change itself, `path` names a file that does".to_owned();
            findings.error(codes::MISSING_KEY, node.span, message, Some(help));
        }
        let Some(inline) = inline else { continue };
        let is_list = match &inline.value {
            Yaml::Text(text) => text.trim_start().starts_with(['-', '[']),
            Yaml::List(_) => true,
            Yaml::Map(_) => false,
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => {
                let message = format!("expected a patch, found {}", inline.description());
                let help = "a mapping is merged into the object, a list is a JSON patch (RFC 6902)".to_owned();
                findings.error(codes::WRONG_TYPE, inline.span, message, Some(help));
                continue;
            }
        };
        let has_target = node.get("target").is_some_and(|target| !target.entries().is_empty());
        if is_list && !has_target {
            let message = "a JSON patch needs `target`: it names no object itself".to_owned();
            let help = "such as `target: {kind: Deployment, name: web}`".to_owned();
            findings.error(codes::MISSING_KEY, node.span, message, Some(help));
        }
    }
}
