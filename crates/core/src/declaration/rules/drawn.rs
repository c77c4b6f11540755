//! Drawn values: only what this program renders can be given them.

use crate::{
    declaration::{findings::Findings, load::Declared},
    diagnostic::{Diagnostic, codes},
};

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let mut findings = Findings::new(one.file, findings);
    let Some(node) = one.spec("drawn") else { return };
    if one.spec("renderer").is_some() {
        let message = "a program that renders draws its own values".to_owned();
        let help = "remove `drawn`, or `renderer`".to_owned();
        findings.error(codes::SOURCE_KEYS, node.span, message, Some(help));
    }
    if one.spec("source").is_some_and(|source| source.get("manifests").is_some()) {
        let message = "`drawn` is for charts, and manifests have none".to_owned();
        findings.error(codes::SOURCE_KEYS, node.span, message, Some("remove `drawn`".to_owned()));
    }
}
