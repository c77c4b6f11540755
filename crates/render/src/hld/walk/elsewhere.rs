//! What components name elsewhere: found in the store by the lock, and laid where the original has it.

use std::sync::Arc;

use seaway_core::{diagnostic::codes, digest::Digest};

use super::{
    super::{
        component::{Component, Field, Method},
        ground::At,
        reach::Part,
        source::Wanted,
        trouble::Trouble,
    },
    Mode, Visit, Walk,
};
use crate::{
    kustomize,
    remote::{Absence, Source, View, without_credentials},
};

/// Who names a source.
#[derive(Clone, Copy)]
pub(super) struct Naming<'c> {
    component: &'c Component,
    /// Names of the entries that lead to it.
    entry: &'c str,
    /// What it says the source is.
    stated: Option<&'c Digest>,
}

impl<'c> Naming<'c> {
    /// The component names its own source.
    pub(super) fn own(component: &'c Component, entry: &'c str) -> Self {
        Self { component, entry, stated: component.digest.as_ref() }
    }

    /// What the component is made of names a further one.
    pub(super) fn further(component: &'c Component, entry: &'c str) -> Self {
        Self { component, entry, stated: None }
    }
}

impl Walk<'_> {
    pub(super) fn fetch_component(
        &mut self,
        trouble: &mut Trouble<'_>,
        from: &At,
        component: &Component,
        entry: &str,
    ) -> Option<At> {
        let source = git(component, "");
        let folder = self.grounds.child(from, &format!("components/{}", component.name.text));
        self.fetch(trouble, source, Naming::own(component, entry), folder)
    }

    /// Notes what a kustomization names elsewhere. Whether it may, and what is missing, is said when it is built.
    pub(super) fn survey_kustomization(&mut self, visit: &Visit) {
        if self.mode == Mode::Render {
            return;
        }
        let component = &visit.component;
        let at = match component.method() {
            Method::Git => visit.chart.clone(),
            Method::Helm | Method::Http | Method::Local => self.grounds.join(&visit.at, &component.path.text).ok(),
        };
        let Some(at) = at else { return };
        self.ask(&at, Part::Everything);
        let view = View { lock: self.request.lock, store: self.request.store };
        let survey = kustomize::remotes(self.grounds.tree(at.ground), &[at.path], view);
        for path in survey.own {
            self.ask(&At { ground: at.ground, path }, Part::Everything);
        }
        for source in survey.named {
            let locked = self.request.lock.get(&source).map(|locked| locked.digest.clone());
            let is_here = locked.as_ref().is_some_and(|digest| self.request.store.tree(digest).is_ok());
            self.want(&source, Naming::further(component, &visit.entry), locked.as_ref(), is_here);
        }
    }

    pub(super) fn download(&mut self, trouble: &mut Trouble<'_>, visit: &Visit) {
        let component = &visit.component;
        let url = &component.source;
        if !(url.text.ends_with(".yaml") || url.text.ends_with(".yml")) {
            let message =
                format!("expected a URL of a `.yaml` or `.yml` file, found `{}`", without_credentials(&url.text));
            trouble.error(codes::HLD_BAD_SOURCE, Some(url.place.clone()), message, "");
            return;
        }
        let folder = self.grounds.child(&visit.at, &format!("components/{}", component.name.text));
        let source = Source::File { url: url.text.to_string() };
        let at = self.fetch(trouble, source, Naming::own(component, &visit.entry), folder);
        if let Some(at) = at {
            self.ask(&at, Part::Everything);
        }
    }

    /// The root of a tree from elsewhere, which lies at `folder`.
    pub(super) fn fetch(
        &mut self,
        trouble: &mut Trouble<'_>,
        source: Source,
        naming: Naming<'_>,
        folder: At,
    ) -> Option<At> {
        let component = naming.component;
        let place = component.source.place.clone();
        if source.url().is_empty() {
            let message = format!("a component with `method: {}` needs `source`", component.method.text);
            trouble.error(codes::HLD_BAD_SOURCE, Some(component.place.clone()), message, "");
            return None;
        }
        let locked = self.request.lock.get(&source).map(|locked| locked.digest.clone());
        let tree = locked.as_ref().map(|digest| self.request.store.tree(digest));
        let is_damaged = matches!(tree, Some(Err(Absence::Damaged)));
        let tree = tree.and_then(Result::ok);
        self.want(&source, naming, locked.as_ref(), tree.is_some());
        if let (Some(stated), Some(locked)) = (naming.stated, &locked)
            && stated != locked
        {
            let message =
                format!("`{source}` is locked to {}, the component states {}", locked.short(), stated.short());
            trouble.error(codes::HLD_NOT_LOCKED, Some(place), message, "lock it again, or correct `digest`");
            return None;
        }
        if let Some(tree) = tree {
            return Some(self.grounds.mount(folder, tree));
        }
        if locked.is_none() && self.mode == Mode::Reach {
            return Some(folder);
        }
        if locked.is_none() && self.grounds.has_folder(&folder) {
            let message = format!("`{source}` is taken from `{}` and not locked", self.grounds.shown(&folder));
            let help = "run `seaway hld lock`, so that the same commit renders the same tomorrow";
            trouble.trap(codes::HLD_NOT_LOCKED, Some(place), message, help);
            return Some(folder);
        }
        if self.mode == Mode::Render {
            let [lock, install] = match self.request.settings.is_of_service {
                false => ["run `seaway hld lock`", "run `seaway hld install`"],
                true => ["run `seaway lock`", "run `seaway install`"],
            };
            let (code, message, help) = match locked {
                Some(_) if is_damaged => {
                    let message = format!("the kept copy of `{source}` is not what was locked");
                    (codes::SOURCE_DAMAGED, message, format!("{install}, which fetches it again"))
                }
                Some(_) => (codes::HLD_NOT_FETCHED, format!("`{source}` is not here"), install.to_owned()),
                None => (codes::HLD_NOT_LOCKED, format!("`{source}` is not locked"), lock.to_owned()),
            };
            trouble.error(code, Some(place), message, &help);
        }
        None
    }

    fn want(&mut self, source: &Source, naming: Naming<'_>, locked: Option<&Digest>, is_here: bool) {
        if !self.known.insert(source.clone()) {
            return;
        }
        self.wanted.push(Wanted {
            token_variable: match source {
                Source::Git { .. } | Source::File { .. } => self.access.variable(source.url()).map(str::to_owned),
                Source::Chart { .. } => None,
            },
            asked_variable: match source {
                Source::Git { .. } | Source::File { .. } => self.access.asked(source.url()).map(str::to_owned),
                Source::Chart { .. } => None,
            },
            source: source.clone(),
            component: naming.entry.to_owned(),
            place: naming.component.source.place.clone(),
            stated: naming.stated.cloned(),
            locked: locked.cloned(),
            is_here,
        });
    }
}

/// The repository that a component names, or a folder of it.
pub(super) fn git(component: &Component, path: &str) -> Source {
    let text = |field: &Field| -> String { Arc::clone(&field.text).to_string() };
    Source::Git {
        url: text(&component.source),
        branch: text(&component.branch),
        version: text(&component.version),
        path: path.to_owned(),
    }
}
