//! A kustomization as a service's source.

use std::sync::Arc;

use seaway_core::{
    declaration::{KustomizeSource, Service},
    diagnostic::{Diagnostic, Place, codes, excerpt},
};

use crate::{
    Prepared, Rendering, TargetContext, Tree,
    generated::{Made, Product, text_on},
    kustomize::{RemoteSources, build},
    memo::Memo,
};

/// A tree with kustomizations, each built once.
pub(crate) struct Kustomization {
    service: Service,
    overlay: String,
    tree: Tree,
    /// What each overlay gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl Kustomization {
    pub(crate) fn prepare(service: &Service, source: &KustomizeSource, tree: &Tree) -> Self {
        let (service, tree) = (service.clone(), tree.clone());
        Self { service, overlay: source.overlay.clone(), tree, known: Memo::new() }
    }

    fn product(&self, overlay: &str) -> Result<Product, Vec<Diagnostic>> {
        let built = build(&self.tree, overlay, &RemoteSources::none(), &super::charts::Charts)?;
        let made = built.objects.into_iter().map(|one| Made { manifest: one.manifest, file: one.file.into() });
        let made: Vec<Made> = made.collect();
        if made.is_empty() {
            return Err(vec![super::empty(&self.tree, overlay)]);
        }
        Ok(Product::new(made, built.remarks))
    }

    /// The folder of the kustomization on a target, relative to the tree.
    fn folder(&self, target: &TargetContext) -> Result<String, Vec<Diagnostic>> {
        let overlay = text_on(&self.service, target, &self.service.file, &self.overlay)?;
        let mut parts: Vec<&str> = Vec::new();
        for part in overlay.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop().ok_or_else(|| self.outside(&overlay))?),
                part => parts.push(part),
            }
        }
        if overlay.starts_with('/') {
            return Err(self.outside(&overlay));
        }
        Ok(parts.join("/"))
    }

    fn outside(&self, overlay: &str) -> Vec<Diagnostic> {
        let message = format!("the overlay `{}` is not below the source's `path`", excerpt(overlay));
        let place = Place { file: self.service.file.clone(), line: 0, column: 0, offset: 0, len: 0 };
        let help = "let `path` be the folder that holds both the overlay and its bases";
        vec![Diagnostic::error(codes::KUSTOMIZE_PATH, message).at(place).help(help)]
    }
}

impl Prepared for Kustomization {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let folder = self.folder(target)?;
        let product = self.known.get(folder.clone(), || Arc::new(self.product(&folder)));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }
}
