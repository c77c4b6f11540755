//! `source` of a service.

use super::{boolean, text, texts};
use crate::{
    declaration::{HelmSource, HldProfile, HldSource, HookPolicy, KustomizeSource, Source, path},
    yaml::Node,
};

/// Reads a source. One that cannot be read becomes a folder without a name; the checks have refused it.
pub(super) fn source(file: &str, spec: &Node) -> Source {
    let nothing = Node::null();
    let source = spec.get("source").unwrap_or(&nothing);
    if let Some(node) = source.get("helm") {
        return Source::Helm(Box::new(helm(file, node)));
    }
    if let Some(node) = source.get("kustomize") {
        let overlay = text(node, "overlay").unwrap_or_default().to_owned();
        return Source::Kustomize(KustomizeSource { path: resolved(file, node, "path"), overlay });
    }
    if let Some(node) = source.get("hld") {
        let profile = match text(node, "profile") {
            Some("compat") => Some(HldProfile::Compat),
            Some(_) => Some(HldProfile::Strict),
            None => None,
        };
        let environments = texts(node, "environments").map(str::to_owned).collect();
        return Source::Hld(HldSource { path: resolved(file, node, "path"), environments, profile });
    }
    Source::Manifests { path: source.get("manifests").map(|node| resolved(file, node, "path")).unwrap_or_default() }
}

fn helm(file: &str, node: &Node) -> HelmSource {
    HelmSource {
        chart: resolved(file, node, "chart"),
        release_name: text(node, "releaseName").map(str::to_owned),
        value_files: texts(node, "valueFiles").filter_map(|text| path::resolve(file, text).ok()).collect(),
        values: node.get("values").cloned().unwrap_or_else(Node::null),
        include_crds: boolean(node, "includeCrds").unwrap_or(true),
        hooks: if text(node, "hooks") == Some("skip") { HookPolicy::Skip } else { HookPolicy::Phases },
        kube_version: text(node, "kubeVersion").map(str::to_owned),
        api_versions: texts(node, "apiVersions").map(str::to_owned).collect(),
    }
}

fn resolved(file: &str, node: &Node, key: &str) -> String {
    text(node, key).and_then(|text| path::resolve(file, text).ok()).unwrap_or_default()
}
