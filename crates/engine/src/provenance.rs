//! What is recorded of where rendered objects come from.

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{ConfigValue, Drawn, Environment, Layer, Service, resolve},
    digest::Digest,
    ids::TargetName,
    plan::{PlannedValue, Selected},
    provenance::{DrawnFrom, Elsewhere, Network, Provenance, RenderedBy},
};
use seaway_render::{
    Remotes, Tree, origin,
    remote::{Locked, Source},
};
use serde_json::json;

/// Where the objects of a service come from.
pub(crate) fn provenance(
    service: &Service,
    (tree, patches): (&Tree, &Tree),
    elsewhere: &BTreeMap<Source, Locked>,
    remotes: &Remotes,
    network: Option<Network>,
) -> Provenance {
    let mut all = elsewhere.clone();
    // The whole source is elsewhere: its tree was looked up before anything was rendered.
    let whole = origin(service).and_then(|source| Some((remotes.view().lock.get(&source)?.clone(), source)));
    all.extend(whole.map(|(locked, source)| (source, locked)));
    let elsewhere = all.into_iter().map(|(source, locked)| Elsewhere {
        source: source.to_string(),
        resolved: locked.resolved,
        digest: locked.digest,
    });
    Provenance {
        kind: service.source.kind().to_owned(),
        place: service.source.place().into_owned(),
        files: tree.digest(),
        patches: patches.files().next().is_some().then(|| patches.digest()),
        elsewhere: elsewhere.collect(),
        drawn: None,
        renderer: match &service.renderer {
            None => RenderedBy::Native { version: seaway_render::VERSION.to_owned() },
            Some(external) => RenderedBy::External {
                program: external.path.clone(),
                digest: external.digest.clone(),
                network: network.unwrap_or(Network::Open),
            },
        },
    }
}

/// What a service's charts drew from.
pub(crate) fn drawn_from(drawn: &Drawn, key: Option<Digest>) -> DrawnFrom {
    DrawnFrom { at: drawn.at, key, per: drawn.per.word().to_owned() }
}

/// Over everything that a source is made of.
pub(crate) fn source_digest(provenance: &Provenance) -> Digest {
    if provenance.elsewhere.is_empty() && provenance.patches.is_none() && provenance.drawn.is_none() {
        return provenance.files.clone();
    }
    let further: Vec<_> = provenance.elsewhere.iter().map(|one| json!([one.source, one.digest])).collect();
    match &provenance.drawn {
        None => Digest::of_json(&json!([provenance.files, provenance.patches, further])),
        Some(drawn) => Digest::of_json(&json!([provenance.files, provenance.patches, further, drawn])),
    }
}

/// The configuration of a service on a target, each value with its layer; `None` = it has none.
pub(crate) fn planned_values(
    service: &Service,
    environment: &Environment,
    target: &Selected<'_>,
) -> Option<(TargetName, BTreeMap<String, PlannedValue>)> {
    if service.config.is_empty() {
        return None;
    }
    // What cannot be resolved was refused when the target was rendered.
    let resolved = resolve(service, environment, target.region, target.cluster).ok()?;
    let planned = |(key, found): (String, ConfigValue)| {
        let layer = match found.origin {
            Layer::Default => "default".to_owned(),
            Layer::Global => "global".to_owned(),
            Layer::Environment(name) => format!("environment {name}"),
            Layer::Region(name) => format!("region {name}"),
            Layer::Cluster(name) => format!("cluster {name}"),
        };
        (key, PlannedValue { value: found.value, layer })
    };
    Some((target.cluster.name.clone(), resolved.into_iter().map(planned).collect()))
}
