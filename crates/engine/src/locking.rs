//! Locking and bringing what services name elsewhere: round by round, because what a tree names is known once it is here.
//!
//! Nothing is written but the cache. Whoever calls writes the new lock, whole or not at all.

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{Service, Workspace},
    diagnostic::Diagnostic,
};
use seaway_render::{
    Need, TargetContext, Tree, needs,
    remote::{Lock, Locked, Missing, Source, View, Why},
};

use crate::{
    DiskSources, Error,
    fetch::{FetchError, Fetcher, Wish},
};

/// Most rounds: each finds what the trees of the one before name.
const ROUNDS_MAX: usize = 64;

/// What may be locked anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locking {
    /// Nothing: what is not locked is an error.
    Refused,
    /// What is not locked yet.
    Missing,
    /// Everything.
    All,
}

/// One source that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What.
    pub source: Source,
    /// What it is locked to.
    pub locked: Locked,
    /// Whether it was locked already.
    pub was_locked: bool,
}

/// What is locked now.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The lock of the workspace with everything that these services name, and nothing else.
    pub lock: Lock,
    /// What was fetched.
    pub fetched: Vec<Fetched>,
}

/// Fetches until nothing of these services is missing.
///
/// # Errors
/// When declarations or sources have errors, when a source cannot be fetched, is not what was locked, or is not locked
/// and must be.
pub fn gather(
    sources: &DiskSources,
    workspace: &Workspace,
    services: &[&Service],
    locking: Locking,
    fetcher: &mut Fetcher<'_>,
) -> Result<Gathered, Error> {
    let asked: Vec<Asked<'_>> =
        services.iter().map(|service| Asked::of(sources, workspace, service)).collect::<Result<_, _>>()?;
    let mut lock = if locking == Locking::All { Lock::default() } else { sources.lock().clone() };
    let mut fetched = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let needs = all_needs(&asked, View { lock: &lock, store: sources.store() })?;
        let missing: Vec<&Need> = needs.values().filter(|need| !need.is_here).collect();
        if missing.is_empty() {
            let own = |source: &Source| needs.get(source).is_some_and(|need| !need.has_own_lock);
            lock.retain(own);
            return Ok(Gathered { lock, fetched });
        }
        if locking == Locking::Refused {
            refuse_unlocked(&missing)?;
        }
        for need in missing {
            let now = fetch(sources, need, fetcher)?;
            if !need.has_own_lock {
                lock.insert(need.source.clone(), now.clone());
            }
            fetched.push(Fetched { source: need.source.clone(), locked: now, was_locked: need.locked.is_some() });
        }
    }
    let error = FetchError::new(format!("sources name further ones in more than {ROUNDS_MAX} rounds"));
    Err(FetchError { hint: Some("look for a source that names itself".to_owned()), ..error }.into())
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

fn all_needs(asked: &[Asked<'_>], view: View<'_>) -> Result<BTreeMap<Source, Need>, Error> {
    let mut all: BTreeMap<Source, Need> = BTreeMap::new();
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

fn refuse_unlocked(missing: &[&Need]) -> Result<(), Error> {
    let finding =
        |need: &&Need| Missing { source: need.source.clone(), why: Why::NotLocked }.finding(need.place.clone());
    let findings: Vec<Diagnostic> = missing.iter().filter(|need| need.locked.is_none()).map(finding).collect();
    if findings.is_empty() { Ok(()) } else { Err(Error::Findings(findings)) }
}

fn fetch(sources: &DiskSources, need: &Need, fetcher: &mut Fetcher<'_>) -> Result<Locked, Error> {
    let source = &need.source;
    let wish = Wish {
        source,
        locked: need.locked.as_ref(),
        token_variable: need.token_variable.as_deref(),
        asked_variable: need.asked_variable.as_deref(),
    };
    let named = format!("cannot fetch `{source}`, named in {}", need.place);
    let (resolved, tree) = fetcher.fetch(&wish).map_err(|error| error.within(named))?;
    let digest = tree.digest();
    let expected = need.locked.as_ref().map(|locked| &locked.digest).or(need.stated.as_ref());
    if let Some(expected) = expected.filter(|expected| **expected != digest) {
        let mut error = FetchError::new(format!("`{source}` is not what was locked"));
        error.causes.push(format!("expected {}, found {}", expected.short(), digest.short()));
        let hint = "somebody changed what a tag, version or file stands for; look before you lock it again";
        return Err(FetchError { hint: Some(hint.to_owned()), ..error }.into());
    }
    sources.store().put(tree)?;
    Ok(Locked { resolved, digest })
}
