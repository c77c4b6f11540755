//! What services name elsewhere.

use seaway_core::{
    declaration::{Service, Workspace},
    diagnostic::Diagnostic,
};
use seaway_render::{
    TargetContext, Tree, needs,
    remote::{LOCK_FILE, View},
};

use super::{Gathered, Gathering, Locking, Needs};
use crate::{DiskSources, Error, fetch::Fetcher};

/// Fetches until nothing of these services is missing.
///
/// # Errors
/// When declarations or sources have errors, when a source cannot be fetched, is not what was locked, or is not locked
/// and must be.
pub fn of_services(
    sources: &DiskSources,
    workspace: &Workspace,
    services: &[&Service],
    locking: Locking,
    fetcher: &mut Fetcher<'_>,
) -> Result<Gathered, Error> {
    let asked: Vec<Asked<'_>> =
        services.iter().map(|service| Asked::of(sources, workspace, service)).collect::<Result<_, _>>()?;
    let store = sources.store();
    Gathering { store, file: LOCK_FILE, locking, fetcher }
        .gather(sources.lock(), &mut |lock| all_needs(&asked, View { lock, store }))
}

/// A service with what does not change from round to round.
struct Asked<'a> {
    service: &'a Service,
    tree: Tree,
    targets: Vec<TargetContext>,
}

impl<'a> Asked<'a> {
    fn of(sources: &DiskSources, workspace: &Workspace, service: &'a Service) -> Result<Self, Error> {
        let mut targets = Vec::new();
        let mut findings = Vec::new();
        for environment in workspace.environments.values() {
            // Whatever state a cluster is in: what is locked must not change with it.
            for (region, cluster) in environment.clusters() {
                if service.targets.mismatch(environment, region, cluster).is_some() {
                    continue;
                }
                match TargetContext::of(service, environment, region, cluster) {
                    Ok(target) => targets.push(target),
                    Err(found) => findings.extend(found),
                }
            }
        }
        if findings.is_empty() {
            Ok(Self { service, tree: sources.local(service)?, targets })
        } else {
            Err(Error::Findings(findings))
        }
    }
}

fn all_needs(asked: &[Asked<'_>], view: View<'_>) -> Result<Needs, Error> {
    let mut all = Needs::new();
    let mut findings: Vec<Diagnostic> = Vec::new();
    for one in asked {
        match needs(one.service, &one.tree, &one.targets, view) {
            Ok(found) => {
                for need in found {
                    let known = all.entry(need.source.clone()).or_insert_with(|| need.clone());
                    // Locked by the workspace when anybody needs that; a token of anybody who names one.
                    known.has_own_lock &= need.has_own_lock;
                    known.token_variable = known.token_variable.take().or(need.token_variable);
                }
            }
            Err(found) => findings.extend(found),
        }
    }
    if findings.is_empty() { Ok(all) } else { Err(Error::Findings(findings)) }
}
