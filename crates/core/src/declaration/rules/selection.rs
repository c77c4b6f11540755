//! Where a service goes: names that exist, and at least one cluster.

use crate::{
    declaration::{Cluster, Environment, Region, Selector, Workspace, decode, findings::Findings, load::Declared},
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::Node,
};

pub(super) fn check(one: &Declared<'_>, workspace: &Workspace, findings: &mut Vec<Diagnostic>) {
    let Some(service) = decode::service(one.file, &one.document) else { return };
    let mut findings = Findings::new(one.file, findings);
    let selector = &service.targets;
    let nothing = Node::null();
    let targets = one.spec("targets").unwrap_or(&nothing);
    let environments: Vec<&Environment> = chosen(selector, workspace).collect();

    let mut is_unknown = false;
    for node in list(targets, "environments") {
        let known = || workspace.environments.keys().map(AsRef::as_ref);
        is_unknown |= unknown(node, "environment", codes::UNKNOWN_ENVIRONMENT, known, &mut findings);
    }
    for node in list(targets, "regions") {
        let known = || environments.iter().flat_map(|e| &e.regions).map(|region| region.name.as_str());
        is_unknown |= unknown(node, "region", codes::UNKNOWN_REGION, known, &mut findings);
    }
    let clusters: Vec<(&Environment, Option<&Region>, &Cluster)> = environments
        .iter()
        .flat_map(|environment| environment.clusters().map(move |(region, cluster)| (*environment, region, cluster)))
        .collect();
    unmatched(targets, &clusters, &mut findings);

    // A workspace of services alone is checked where its environments are.
    if is_unknown || workspace.environments.is_empty() {
        return;
    }
    let mut why = None;
    for (environment, region, cluster) in &clusters {
        match selector.mismatch(environment, *region, cluster) {
            None => return,
            Some(reason) => {
                why.get_or_insert(format!("{}: {reason}", cluster.name));
            }
        }
    }
    let span = one.document.get("spec").and_then(|spec| spec.entry("targets")).map(|entry| entry.key.span);
    let Some(span) = span.or_else(|| one.name().map(|name| name.span)) else { return };
    let message = format!("service `{}` selects no cluster in any environment", service.name);
    let help = match why {
        Some(why) => format!("widen `targets`; for example {why}"),
        None => "its environments have no clusters".to_owned(),
    };
    findings.error(codes::EMPTY_SELECTION, span, message, Some(help));
}

/// The environments that a selector admits.
pub(super) fn chosen<'a>(selector: &'a Selector, workspace: &'a Workspace) -> impl Iterator<Item = &'a Environment> {
    let chosen = &selector.environments;
    workspace.environments.values().filter(move |one| chosen.is_empty() || chosen.contains(&one.name))
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).map(Node::items).unwrap_or_default()
}

fn unknown<'a, K: Iterator<Item = &'a str>>(
    node: &Node,
    what: &str,
    code: &'static str,
    known: impl Fn() -> K,
    findings: &mut Findings<'_>,
) -> bool {
    let Some(name) = node.text() else { return true };
    if known().any(|one| one == name) {
        return false;
    }
    let message = format!("unknown {what} `{}`", excerpt(name));
    let help = match nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("name {what}s that are declared in the workspace"),
    };
    findings.error(code, node.span, message, Some(help));
    true
}

/// Warns of roles and labels that no cluster of the chosen environments has.
fn unmatched(targets: &Node, clusters: &[(&Environment, Option<&Region>, &Cluster)], findings: &mut Findings<'_>) {
    if clusters.is_empty() {
        return;
    }
    let clusters = || clusters.iter().map(|(_, _, cluster)| *cluster);
    for node in list(targets, "roles") {
        let Some(role) = node.text() else { continue };
        if !clusters().any(|cluster| cluster.roles.contains(role)) {
            let known = clusters().flat_map(|cluster| cluster.roles.iter().map(String::as_str));
            let help = nearest(role, known).map(|near| format!("did you mean `{near}`?"));
            let message = format!("no cluster has the role `{}`", excerpt(role));
            findings.warning(codes::NOTHING_MATCHES, node.span, message, help);
        }
    }
    for entry in targets.get("labels").map(Node::entries).unwrap_or_default() {
        let Some(value) = entry.value.text() else { continue };
        let key = &entry.key.text;
        if clusters().any(|cluster| cluster.labels.get(key).is_some_and(|label| label == value)) {
            continue;
        }
        let values = || clusters().filter_map(|cluster| cluster.labels.get(key).map(String::as_str));
        let help = match (nearest(value, values()), values().next()) {
            (Some(near), _) => Some(format!("did you mean `{key}: {near}`?")),
            (None, Some(other)) => Some(format!("clusters have `{key}: {other}`, for example")),
            (None, None) => {
                let keys = clusters().flat_map(|cluster| cluster.labels.keys().map(String::as_str));
                nearest(key, keys).map(|near| format!("did you mean the label `{near}`?"))
            }
        };
        let message = format!("no cluster has the label `{}: {}`", excerpt(key), excerpt(value));
        findings.warning(codes::NOTHING_MATCHES, entry.key.span, message, help);
    }
}
