//! An external renderer: it renders the source that there is, and is named by a whole digest.

use crate::{
    declaration::{ExternalRenderer, findings::Findings, load::Declared},
    diagnostic::{Diagnostic, codes, excerpt},
    digest::Digest,
};

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let mut findings = Findings::new(one.file, findings);
    let Some(node) = one.spec("renderer") else { return };
    let given: Vec<&str> = ExternalRenderer::KINDS.into_iter().filter(|kind| node.get(kind).is_some()).collect();
    let source = one.spec("source").and_then(|source| source.entries().first()).map(|entry| entry.key.text.as_str());
    match (given.as_slice(), source) {
        ([kind], Some(source)) if *kind != source => {
            let message = format!("the renderer is for `{kind}`, the source is `{}`", excerpt(source));
            let help = "name the renderer of the source that there is, or remove `renderer`".to_owned();
            findings.error(codes::SOURCE_KEYS, node.span, message, Some(help));
        }
        ([_], _) => {}
        _ => {
            let message = format!("`renderer` needs exactly one of `helm`, `kustomize`, found {}", given.len());
            let help = "such as `helm: external`".to_owned();
            findings.error(codes::MISSING_KEY, node.span, message, Some(help));
        }
    }
    let digest = node.get("sha256").and_then(|node| Some((node, node.text()?)));
    if let Some((node, text)) = digest
        && Digest::parse(&format!("sha256:{text}")).is_none()
    {
        let message = format!("expected 64 hexadecimal digits, found `{}`", excerpt(text));
        let help = "`sha256sum` prints them".to_owned();
        findings.error(codes::WRONG_TYPE, node.span, message, Some(help));
    }
}
