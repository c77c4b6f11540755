//! A kustomization as a service's source.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use seaway_core::{
    declaration::{KustomizeSource, Service},
    diagnostic::{Diagnostic, codes, excerpt},
};

use super::{Native, whole};

use crate::{
    Prepared, Rendering, TargetContext, Tree,
    generated::{Made, Product, text_on},
    kustomize::{build, remotes},
    memo::Memo,
    patches::Patches,
    remote::{Locked, Remotes, Source},
};

/// A tree with kustomizations, each built once.
pub(crate) struct Kustomization {
    service: Service,
    overlay: String,
    tree: Tree,
    remotes: Remotes,
    patches: Option<Arc<Patches>>,
    /// What the overlays that were built have from elsewhere.
    elsewhere: Mutex<BTreeMap<Source, Locked>>,
    /// What each overlay gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl Kustomization {
    pub(crate) fn prepare(
        service: &Service,
        source: &KustomizeSource,
        tree: &Tree,
        remotes: &Remotes,
        patches: Option<Arc<Patches>>,
    ) -> Self {
        Self {
            service: service.clone(),
            overlay: source.overlay.clone(),
            tree: tree.clone(),
            remotes: remotes.clone(),
            patches,
            elsewhere: Mutex::default(),
            known: Memo::new(),
        }
    }

    fn product(&self, overlay: &str) -> Result<Product, Vec<Diagnostic>> {
        let view = self.remotes.view();
        let survey = remotes(&self.tree, &[overlay.to_owned()], view);
        let built = build(&self.tree, overlay, &survey.remotes, &Native::new(view))?;
        let locked = survey.named.into_iter().filter_map(|source| {
            let locked = view.lock.get(&source)?.clone();
            Some((source, locked))
        });
        // A panic elsewhere cannot leave the map half changed: each use is one call.
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).extend(locked);
        let made = built.objects.into_iter().map(|one| Made { manifest: one.manifest, file: one.file.into() });
        let made: Vec<Made> = made.collect();
        if made.is_empty() {
            return Err(vec![super::empty(&self.tree, overlay)]);
        }
        Ok(Product::new(made, built.remarks).patched(self.patches.clone()))
    }
}

/// The folder of the kustomization on a target, relative to the tree.
pub(super) fn folder_on(service: &Service, target: &TargetContext, overlay: &str) -> Result<String, Vec<Diagnostic>> {
    let overlay = text_on(service, target, &service.file, overlay)?;
    let outside = || {
        let message = format!("the overlay `{}` is not below the source's `path`", excerpt(&overlay));
        let help = "let `path` be the folder that holds both the overlay and its bases";
        vec![Diagnostic::error(codes::KUSTOMIZE_PATH, message).at(whole(&service.file)).help(help)]
    };
    if overlay.starts_with('/') {
        return Err(outside());
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in overlay.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(outside)?),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

impl Prepared for Kustomization {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let folder = folder_on(&self.service, target, &self.overlay)?;
        let product = self.known.get(folder.clone(), || Arc::new(self.product(&folder)));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }

    fn elsewhere(&self) -> BTreeMap<Source, Locked> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
