//! What a service names elsewhere, for whoever locks and fetches.

use std::collections::{BTreeMap, BTreeSet};

use seaway_core::{
    declaration::{ChartOrigin, Service, Source},
    diagnostic::{Diagnostic, Place, has_errors},
    digest::Digest,
};

use super::{hld::own_lock, kustomize::folder_on, origin, whole};
use crate::{
    TargetContext, Tree,
    generated::text_on,
    hld, kustomize,
    remote::{self, Locked, View},
};

/// One source that a service names elsewhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Need {
    /// What.
    pub source: remote::Source,
    /// Where it is named.
    pub place: Place,
    /// Environment variable that holds a token for it.
    pub token_variable: Option<String>,
    /// Variable that a fetched component asks for, which it does not get: a fetched component must not choose which
    /// secret is sent to whom.
    pub asked_variable: Option<String>,
    /// Digest that whoever names it states.
    pub stated: Option<Digest>,
    /// What it is locked to.
    pub locked: Option<Locked>,
    /// Whether its own definition locks it, in `hld.lock`; the lock of the workspace then does not.
    pub has_own_lock: bool,
    /// Whether its tree is in the store.
    pub is_here: bool,
}

/// What a service names elsewhere on these targets, as far as it can be known: what a missing tree names itself is only
/// known once it is here, so whoever fetches asks again until everything is here.
///
/// `tree` holds the files of the workspace; it does not count when the whole source is elsewhere.
///
/// # Errors
/// All findings, when the source cannot be read.
pub fn needs(
    service: &Service,
    tree: &Tree,
    targets: &[TargetContext],
    view: View<'_>,
) -> Result<Vec<Need>, Vec<Diagnostic>> {
    let mut all = Needs { place: whole(&service.file), view, found: BTreeMap::new() };
    let origin = origin(service);
    if let Some(source) = &origin {
        all.add(source.clone(), token_variable(&service.source));
    }
    let fetched = origin.as_ref().and_then(|source| view.get(source).ok());
    if origin.is_some() && fetched.is_none() {
        return Ok(all.found.into_values().collect());
    }
    let own = fetched.as_deref().unwrap_or(tree);
    match &service.source {
        Source::Manifests { .. } => {}
        Source::Helm(helm) => {
            let folder = match &helm.chart {
                ChartOrigin::Workspace { path } => path.as_str(),
                ChartOrigin::Repository { .. } | ChartOrigin::Git { .. } => "",
            };
            let chart = remote::whole(own, folder, origin.as_ref(), view);
            if has_errors(&chart.findings) {
                return Err(chart.findings);
            }
            chart.laid.into_iter().for_each(|source| all.add(source, None));
            chart.missing.into_iter().for_each(|missing| all.add(missing.source, None));
        }
        Source::Kustomize(source) => {
            let on = |target| folder_on(service, target, &source.overlay);
            let folders: BTreeSet<String> = targets.iter().map(on).collect::<Result<_, _>>()?;
            let folders: Vec<String> = folders.into_iter().collect();
            kustomize::remotes(own, &folders, view).named.into_iter().for_each(|source| all.add(source, None));
        }
        Source::Hld(source) => all.definition(service, source, own, targets)?,
    }
    Ok(all.found.into_values().collect())
}

impl Need {
    /// What a component names. `lock` is what locks for it.
    pub fn of(wanted: hld::Wanted, lock: &remote::Lock) -> Self {
        Self {
            place: wanted.place,
            token_variable: wanted.token_variable,
            asked_variable: wanted.asked_variable,
            stated: wanted.stated,
            locked: lock.get(&wanted.source).cloned(),
            has_own_lock: false,
            is_here: wanted.is_here,
            source: wanted.source,
        }
    }
}

fn token_variable(source: &Source) -> Option<String> {
    let git = source.git().map(|(git, _)| git);
    match source {
        Source::Helm(helm) => match &helm.chart {
            ChartOrigin::Workspace { .. } => None,
            ChartOrigin::Repository { token_variable, .. } => token_variable.clone(),
            ChartOrigin::Git { git, .. } => git.token_variable.clone(),
        },
        Source::Manifests { .. } | Source::Kustomize(_) | Source::Hld(_) => git?.token_variable.clone(),
    }
}

struct Needs<'a> {
    place: Place,
    view: View<'a>,
    found: BTreeMap<remote::Source, Need>,
}

impl Needs<'_> {
    fn add(&mut self, source: remote::Source, token_variable: Option<String>) {
        let locked = self.view.lock.get(&source).cloned();
        let is_here = locked.as_ref().is_some_and(|locked| self.view.store.tree(&locked.digest).is_ok());
        let need = Need {
            source: source.clone(),
            place: self.place.clone(),
            token_variable,
            asked_variable: None,
            stated: None,
            locked,
            has_own_lock: false,
            is_here,
        };
        self.found.entry(source).or_insert(need);
    }

    fn definition(
        &mut self,
        service: &Service,
        source: &seaway_core::declaration::HldSource,
        tree: &Tree,
        targets: &[TargetContext],
    ) -> Result<(), Vec<Diagnostic>> {
        let settings = super::hld::settings_of(source, tree)?;
        let own = own_lock(source, tree)?;
        let lock = self.view.lock.under(&own);
        let patterns = super::hld::patterns(source);
        let on = |target| patterns.iter().map(|name| text_on(service, target, &service.file, name)).collect();
        let sets: BTreeSet<Vec<String>> = targets.iter().map(on).collect::<Result<_, _>>()?;
        let sets: Vec<Vec<String>> = sets.into_iter().collect();
        for wanted in hld::wanted(tree, &source.path, &settings, &sets, &lock, self.view.store)? {
            let need = Need { has_own_lock: own.get(&wanted.source).is_some(), ..Need::of(wanted, &lock) };
            self.found.entry(need.source.clone()).or_insert(need);
        }
        Ok(())
    }
}
