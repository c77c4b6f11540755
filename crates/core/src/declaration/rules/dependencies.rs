//! `dependsOn`: services that exist, and no circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    declaration::{Workspace, findings::Findings, format::Kind, load::Declared},
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::Node,
};

pub(super) fn check(declared: &[Declared<'_>], workspace: &Workspace, findings: &mut Vec<Diagnostic>) {
    let services = || declared.iter().filter(|one| one.kind == Kind::Service);
    for one in services() {
        let mut findings = Findings::new(one.file, findings);
        for node in one.items("dependsOn") {
            let Some(name) = node.text() else { continue };
            let known = || workspace.services.keys().map(AsRef::as_ref);
            if known().any(|service: &str| service == name) {
                continue;
            }
            let message = format!("unknown service `{}`", excerpt(name));
            let help = match nearest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name services that are declared in the workspace".to_owned(),
            };
            findings.error(codes::UNKNOWN_SERVICE, node.span, message, Some(help));
        }
    }
    for circle in circles(workspace) {
        let spelled: Vec<&str> = circle.iter().copied().chain(circle.first().copied()).collect();
        let message = format!("services depend on each other in a circle: {}", spelled.join(" → "));
        let [from, to, ..] = spelled.as_slice() else { continue };
        let Some(one) = services().find(|one| one.name().and_then(Node::text) == Some(from)) else { continue };
        let Some(node) = one.items("dependsOn").iter().find(|node| node.text() == Some(to)) else { continue };
        let help = "remove one of these dependencies".to_owned();
        Findings::new(one.file, findings).error(codes::SERVICE_CYCLE, node.span, message, Some(help));
    }
}

/// Circles that share no service, each starting at its smallest name; none exactly when there is no circle.
///
/// A shortest way back is searched from each service in order of name. A breadth-first search needs no
/// recursion, so a long chain of services costs no stack.
fn circles(workspace: &Workspace) -> Vec<Vec<&str>> {
    let edges: BTreeMap<&str, Vec<&str>> = workspace
        .services
        .values()
        .map(|service| (service.name.as_str(), service.depends_on.iter().map(AsRef::as_ref).collect()))
        .collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in on_circles(&edges) {
        if told.contains(start) {
            continue;
        }
        if let Some(circle) = way_back(start, &edges) {
            told.extend(&circle);
            found.push(circle);
        }
    }
    found
}

/// Services that are left when those without dependencies, or without dependants, are taken away again and
/// again: cheap, and empty for every workspace without a circle.
fn on_circles<'a>(edges: &BTreeMap<&'a str, Vec<&'a str>>) -> Vec<&'a str> {
    let mut left: BTreeSet<&str> = edges.keys().copied().collect();
    for reversed in [false, true] {
        let mut waits_for: BTreeMap<&str, usize> = left.iter().map(|name| (*name, 0)).collect();
        let mut unblocks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, targets) in edges.iter().filter(|(from, _)| left.contains(*from)) {
            for to in targets.iter().filter(|to| left.contains(*to)) {
                let (waiting, first) = if reversed { (*to, *from) } else { (*from, *to) };
                *waits_for.entry(waiting).or_default() += 1;
                unblocks.entry(first).or_default().push(waiting);
            }
        }
        let mut free: Vec<&str> = waits_for.iter().filter(|(_, n)| **n == 0).map(|(name, _)| *name).collect();
        while let Some(name) = free.pop() {
            left.remove(name);
            for waiting in unblocks.remove(name).unwrap_or_default() {
                if let Some(count) = waits_for.get_mut(waiting) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(waiting);
                    }
                }
            }
        }
    }
    left.into_iter().collect()
}

fn way_back<'a>(start: &'a str, edges: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(from) = queue.pop_front() {
        for to in edges.get(from).into_iter().flatten() {
            if *to == start {
                let mut circle = vec![from];
                let mut at = from;
                while let Some(before) = came_from.get(at).filter(|_| at != start) {
                    circle.push(before);
                    at = before;
                }
                circle.reverse();
                return Some(circle);
            }
            if edges.contains_key(to) && !came_from.contains_key(to) {
                came_from.insert(to, from);
                queue.push_back(to);
            }
        }
    }
    None
}
