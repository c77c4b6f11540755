//! `source` of a service.

use super::{boolean, text, texts};
use crate::{
    declaration::{ChartOrigin, Git, HelmSource, HldProfile, HldSource, HookPolicy, KustomizeSource, Source, path},
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
        let (path, git) = placed(file, node);
        return Source::Kustomize(KustomizeSource { path, git, overlay });
    }
    if let Some(node) = source.get("hld") {
        let profile = match text(node, "profile") {
            Some("compat") => Some(HldProfile::Compat),
            Some(_) => Some(HldProfile::Strict),
            None => None,
        };
        let environments = texts(node, "environments").map(str::to_owned).collect();
        let (path, git) = placed(file, node);
        return Source::Hld(HldSource { path, git, environments, profile });
    }
    let (path, git) = source.get("manifests").map(|node| placed(file, node)).unwrap_or_default();
    Source::Manifests { path, git }
}

/// The path, and the repository that it is in. In a repository it is relative to the root.
fn placed(file: &str, node: &Node) -> (String, Option<Git>) {
    match git(node) {
        Some(git) => (resolved("", node, "path"), Some(git)),
        None => (resolved(file, node, "path"), None),
    }
}

fn git(node: &Node) -> Option<Git> {
    Some(Git {
        url: text(node, "git")?.to_owned(),
        reference: text(node, "ref").unwrap_or_default().to_owned(),
        token_variable: token_variable(node),
    })
}

fn token_variable(node: &Node) -> Option<String> {
    text(node, "tokenVariable").map(str::to_owned)
}

fn chart(file: &str, node: &Node) -> ChartOrigin {
    if let Some(git) = git(node) {
        return ChartOrigin::Git { git, path: resolved("", node, "path") };
    }
    let version = || text(node, "version").unwrap_or_default().to_owned();
    if let Some(oci) = text(node, "oci") {
        let (url, name) = oci.trim_end_matches('/').rsplit_once('/').unwrap_or((oci, ""));
        let (url, name) = (url.to_owned(), name.to_owned());
        return ChartOrigin::Repository { url, name, version: version(), token_variable: None };
    }
    if let Some(url) = text(node, "repository") {
        let name = text(node, "chart").unwrap_or_default().to_owned();
        let token_variable = token_variable(node);
        return ChartOrigin::Repository { url: url.to_owned(), name, version: version(), token_variable };
    }
    ChartOrigin::Workspace { path: resolved(file, node, "chart") }
}

fn helm(file: &str, node: &Node) -> HelmSource {
    HelmSource {
        chart: chart(file, node),
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
