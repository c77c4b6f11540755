//! Stages, regions, pairs, gates and names inside one environment.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    declaration::{findings::Findings, load::Declared},
    diagnostic::{Diagnostic, codes, excerpt, nearest},
    yaml::Node,
};

/// Most clusters in one environment. The figures for planning and rolling out are measured up to half of it.
pub const CLUSTERS_MAX: usize = 10_000;

/// The implicit stage of the global section.
const GLOBAL: &str = "global";

pub(super) fn check(one: &Declared<'_>, findings: &mut Vec<Diagnostic>) {
    let mut findings = Findings::new(one.file, findings);
    let stages = names(one.items("stages"));
    let regions = names(one.items("regions"));
    stage_names(&stages, &mut findings);
    region_names(one, &stages, &mut findings);
    stages_without_regions(one, &stages, &mut findings);
    pairs(one, &regions, &mut findings);
    gates(one, &mut findings);
    clusters(one, &mut findings);
}

/// Items that have a name, with it.
fn names(items: &[Node]) -> Vec<(&str, &Node)> {
    items.iter().filter_map(|item| item.get("name")).filter_map(|node| Some((node.text()?, node))).collect()
}

fn stage_names(stages: &[(&str, &Node)], findings: &mut Findings<'_>) {
    for (name, node) in stages.iter().filter(|(name, _)| *name == GLOBAL) {
        let message = format!("a stage cannot be named `{name}`: that is the stage of the global clusters");
        let help = "give it another name".to_owned();
        findings.error(codes::RESERVED_STAGE_NAME, node.span, message, Some(help));
    }
    unique("stage", stages, findings);
}

fn unique(what: &str, names: &[(&str, &Node)], findings: &mut Findings<'_>) {
    let mut places: BTreeMap<&str, &Node> = BTreeMap::new();
    for (name, node) in names {
        match places.get(name) {
            Some(first) => {
                let (name, first) = (excerpt(name), first.span.in_file(findings.file()));
                let message = format!("{what} `{name}` is declared twice, first in {first}");
                let help = "give each its own name, or remove one".to_owned();
                findings.error(codes::DUPLICATE_NAME, node.span, message, Some(help));
            }
            None => {
                places.insert(name, node);
            }
        }
    }
}

fn region_names(one: &Declared<'_>, stages: &[(&str, &Node)], findings: &mut Findings<'_>) {
    let mut places: BTreeMap<&str, (&Node, Option<&str>)> = BTreeMap::new();
    for region in one.items("regions") {
        let stage = region.get("stage").filter(|node| node.text().is_some());
        if let Some((node, name)) = stage.and_then(|node| Some((node, node.text()?))) {
            known_stage(name, node, stages, findings);
        }
        let Some(node) = region.get("name") else { continue };
        let Some(name) = node.text() else { continue };
        let stage = stage.and_then(Node::text);
        let Some((first, first_stage)) = places.get(name) else {
            places.insert(name, (node, stage));
            continue;
        };
        let place = first.span.in_file(findings.file());
        let name = excerpt(name);
        match (stage, first_stage) {
            (Some(stage), Some(first)) if stage != *first => {
                let (stage, first) = (excerpt(stage), excerpt(first));
                let message = format!(
                    "region `{name}` is in stage `{stage}` and in stage `{first}` ({place}), expected one stage"
                );
                let help = "list the region once, with all its clusters".to_owned();
                findings.error(codes::REGION_IN_TWO_STAGES, node.span, message, Some(help));
            }
            _ => {
                let message = format!("region `{name}` is declared twice, first in {place}");
                let help = "list the region once, with all its clusters".to_owned();
                findings.error(codes::DUPLICATE_NAME, node.span, message, Some(help));
            }
        }
    }
}

fn known_stage(name: &str, node: &Node, stages: &[(&str, &Node)], findings: &mut Findings<'_>) {
    // Without any stage that can be read, one finding about the stages is enough.
    if stages.is_empty() || stages.iter().any(|(stage, _)| *stage == name) {
        return;
    }
    let message = format!("unknown stage `{}`", excerpt(name));
    let help = match nearest(name, stages.iter().map(|(stage, _)| *stage)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if name == GLOBAL => "clusters of the whole fleet belong under `spec.global.clusters`".to_owned(),
        None => "declare it under `spec.stages`".to_owned(),
    };
    findings.error(codes::UNKNOWN_STAGE, node.span, message, Some(help));
}

fn stages_without_regions(one: &Declared<'_>, stages: &[(&str, &Node)], findings: &mut Findings<'_>) {
    let regions = one.items("regions");
    let used: BTreeSet<&str> = regions.iter().filter_map(|region| region.get("stage")?.text()).collect();
    if used.iter().any(|name| !stages.iter().any(|(stage, _)| stage == name)) {
        // Most likely one of these regions is meant, and that is a finding already.
        return;
    }
    for (name, node) in stages.iter().filter(|(name, _)| !used.contains(name) && *name != GLOBAL) {
        let message = format!("stage `{}` has no regions", excerpt(name));
        let help = "nothing changes in it; put a region into it or remove it".to_owned();
        findings.warning(codes::STAGE_WITHOUT_REGIONS, node.span, message, Some(help));
    }
}

fn pairs(one: &Declared<'_>, regions: &[(&str, &Node)], findings: &mut Findings<'_>) {
    let stage_of: BTreeMap<&str, &str> = one
        .items("regions")
        .iter()
        .filter_map(|region| Some((region.get("name")?.text()?, region.get("stage")?.text()?)))
        .collect();
    for pair in one.items("neverTogether") {
        for node in pair.items() {
            let Some(name) = node.text() else { continue };
            if regions.iter().any(|(region, _)| *region == name) {
                continue;
            }
            let message = format!("`neverTogether` names the unknown region `{}`", excerpt(name));
            let help = match nearest(name, regions.iter().map(|(region, _)| *region)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name two regions of this environment".to_owned(),
            };
            findings.error(codes::UNKNOWN_REGION_IN_PAIR, node.span, message, Some(help));
        }
        let [first, second] = pair.items() else { continue };
        let (Some(a), Some(b)) = (first.text(), second.text()) else { continue };
        let Some(stage) = stage_of.get(a).filter(|stage| stage_of.get(b) == Some(stage)) else { continue };
        let message = if a == b {
            format!("`neverTogether` pairs region `{}` with itself", excerpt(a))
        } else {
            let stage = excerpt(stage);
            format!("regions `{}` and `{}` are never together, but both are in stage `{stage}`", excerpt(a), excerpt(b))
        };
        let help = "put one of them into another stage".to_owned();
        findings.error(codes::PAIR_IN_ONE_STAGE, second.span, message, Some(help));
    }
}

fn gates(one: &Declared<'_>, findings: &mut Findings<'_>) {
    let stages = one.items("stages").iter().chain(one.spec("global"));
    for gate in stages.filter_map(|stage| stage.get("gates")).flat_map(Node::items) {
        let Some(approval) = gate.get("approval") else { continue };
        let Some(from) = approval.get("from") else { continue };
        let people: BTreeSet<&str> = from.items().iter().filter_map(Node::text).collect();
        let Some(count) = approval.get("count") else { continue };
        let crate::yaml::Yaml::Number(number) = &count.value else { continue };
        if !people.is_empty() && number.as_u64().is_some_and(|n| n > people.len() as u64) {
            let message = format!(
                "the gate asks for {number} approvals, but only {} {} may approve",
                people.len(),
                if people.len() == 1 { "person" } else { "people" }
            );
            let help = "it would never open; ask for fewer, or name more people".to_owned();
            findings.error(codes::APPROVAL_OUT_OF_REACH, count.span, message, Some(help));
        }
    }
}

fn clusters(one: &Declared<'_>, findings: &mut Findings<'_>) {
    let sections = one.items("regions").iter().chain(one.spec("global"));
    let clusters: Vec<&Node> = sections.filter_map(|section| section.get("clusters")).flat_map(Node::items).collect();
    let named: Vec<(&str, &Node)> = clusters
        .iter()
        .filter_map(|cluster| cluster.get("name"))
        .filter_map(|node| Some((node.text()?, node)))
        .collect();
    unique("cluster", &named, findings);
    if let Some(first_over) = clusters.get(CLUSTERS_MAX) {
        let message = format!("the environment has {} clusters, expected at most {CLUSTERS_MAX}", clusters.len());
        let help = "split the fleet into several environments".to_owned();
        findings.error(codes::TOO_MANY_CLUSTERS, first_over.span, message, Some(help));
    }
    if let Some(name) = one.name().filter(|_| clusters.is_empty()) {
        let message = format!("environment `{}` has no clusters", excerpt(name.text().unwrap_or_default()));
        let help = "list them under `clusters` of a region".to_owned();
        findings.warning(codes::ENVIRONMENT_WITHOUT_CLUSTERS, name.span, message, Some(help));
    }
}
