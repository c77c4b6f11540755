//! Releases of kept plans: what each service's objects were rendered from, and by what.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    digest::Digest,
    ids::{EnvironmentName, ServiceName},
    plan::Plan,
    provenance::{Provenance, RenderedBy},
};
use serde::Serialize;

use super::{Args, is_named, show};
use crate::{error::Error, exit::Exit, output::table::Cell, session::Session};

/// A service in a release.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    release: Digest,
    environment: EnvironmentName,
    service: ServiceName,
    /// Plans of this release.
    plans: BTreeSet<Digest>,
    /// Over everything that the source is made of.
    source: Digest,
    provenance: Option<Provenance>,
    /// What was rendered, by digest, with the number of targets that it is for.
    contents: BTreeMap<Digest, usize>,
}

pub(super) async fn list(session: &Session<'_>, args: &Args) -> Result<Exit, Error> {
    let engine = session.engine().await?;
    let plans = engine.plans().await.map_err(|error| session.explain(error))?;
    let is_wanted = |plan: &Plan| {
        args.environment.as_deref().is_none_or(|name| name == plan.environment.as_str())
            && is_named(args, &plan.release)
    };
    let rows = rows(plans.into_iter().filter(|(_, plan)| is_wanted(plan)));
    show(
        session.context,
        &rows,
        &["RELEASE", "ENVIRONMENT", "SERVICE", "SOURCE", "FROM", "RENDERED BY", "CONTENTS", "TARGETS"],
        |row| {
            let source =
                row.provenance.as_ref().map_or_else(String::new, |from| format!("{} {}", from.kind, from.place));
            let targets: usize = row.contents.values().sum();
            let (contents, targets) = (row.contents.len().to_string(), targets.to_string());
            [
                row.release.short(),
                row.environment.as_str(),
                row.service.as_str(),
                &source,
                &origin(row),
                &renderer(row),
                &contents,
                &targets,
            ]
            .map(Cell::from)
            .to_vec()
        },
    )
}

/// One row for each service of a release; plans of equal content share them.
fn rows(plans: impl Iterator<Item = (Digest, Plan)>) -> Vec<Row> {
    let mut rows = BTreeMap::<(Digest, EnvironmentName, ServiceName), Row>::new();
    for (hash, plan) in plans {
        for (service, policy) in &plan.services {
            let key = (plan.release.clone(), plan.environment.clone(), service.clone());
            let row = rows.entry(key).or_insert_with(|| Row {
                release: plan.release.clone(),
                environment: plan.environment.clone(),
                service: service.clone(),
                plans: BTreeSet::new(),
                source: policy.source.clone(),
                provenance: policy.provenance.clone(),
                contents: contents(&plan, service),
            });
            row.plans.insert(hash.clone());
        }
    }
    rows.into_values().collect()
}

fn contents(plan: &Plan, service: &ServiceName) -> BTreeMap<Digest, usize> {
    let mut contents = BTreeMap::new();
    let planned = plan.targets().flat_map(|(_, target)| &target.services).filter(|planned| planned.service == *service);
    for planned in planned {
        *contents.entry(planned.content.clone()).or_default() += 1;
    }
    contents
}

/// What was locked elsewhere, or the digest of the files here.
fn origin(row: &Row) -> String {
    let Some(from) = &row.provenance else { return row.source.short().to_owned() };
    match from.elsewhere.as_slice() {
        [] => format!("files {}", from.files.short()),
        [one] if one.resolved.is_empty() => one.digest.short().to_owned(),
        [one] => one.resolved.chars().take(20).collect(),
        many => format!("{} locked sources", many.len()),
    }
}

fn renderer(row: &Row) -> String {
    match row.provenance.as_ref().map(|from| &from.renderer) {
        None => String::new(),
        Some(RenderedBy::Native { version }) => format!("seaway {version}"),
        Some(RenderedBy::External { program, digest, .. }) => format!("{program} {}", digest.short()),
    }
}
