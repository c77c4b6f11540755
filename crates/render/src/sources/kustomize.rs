//! A kustomization as a service's source.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use seaway_core::{
    declaration::{KustomizeSource, Service},
    diagnostic::{Diagnostic, codes, excerpt},
};

use serde_json::json;

use super::{Inputs, Native, whole};

use crate::{
    Prepared, Rendering, TargetContext, Tree,
    drawn::Draws,
    external::{Call, Program, text_of},
    generated::{Made, Product, text_on},
    helm::{functions::Entropy, release::parse_stream},
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
    draws: Draws,
    /// What builds instead of this program.
    program: Option<Arc<dyn Program>>,
    /// What the overlays that were built have from elsewhere.
    elsewhere: Mutex<BTreeMap<Source, Locked>>,
    /// What each overlay gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl Kustomization {
    pub(crate) fn prepare(
        service: &Service,
        source: &KustomizeSource,
        inputs: &Inputs<'_>,
        patches: Option<Arc<Patches>>,
        program: Option<Arc<dyn Program>>,
    ) -> Self {
        Self {
            service: service.clone(),
            overlay: source.overlay.clone(),
            tree: inputs.tree.clone(),
            remotes: inputs.remotes.clone(),
            patches,
            draws: Draws::of(service, inputs.key),
            program,
            elsewhere: Mutex::default(),
            known: Memo::new(),
        }
    }

    fn product(&self, overlay: &str, entropy: Entropy) -> Result<Product, Vec<Diagnostic>> {
        if let Some(program) = &self.program {
            return self.product_of(&**program, overlay);
        }
        let view = self.remotes.view();
        let survey = remotes(&self.tree, &[overlay.to_owned()], view);
        let built = build(&self.tree, overlay, &survey.remotes, &Native::new(view, entropy))?;
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

    /// What a program of somebody else builds. Remote bases are for native building: the program has no network.
    fn product_of(&self, program: &dyn Program, overlay: &str) -> Result<Product, Vec<Diagnostic>> {
        let place = whole(&self.service.file);
        let name = self.service.renderer.as_ref().map(|renderer| renderer.path.as_str()).unwrap_or_default();
        let verb = verb_of(name).to_owned();
        let mut call = Call { arguments: vec![verb, format!("source/{overlay}")], ..Call::default() };
        call.lay("source", &self.tree);
        let text = text_of(program, &call, &place)?;
        let documents = parse_stream(&text).map_err(|why| {
            let message = format!("the program prints what is no YAML: {why}");
            vec![Diagnostic::error(codes::EXTERNAL, message).at(place)]
        })?;
        let file: Arc<str> = self.tree.place_of(overlay).into();
        let made: Vec<Made> =
            documents.into_iter().map(|(_, manifest)| Made { manifest, file: Arc::clone(&file) }).collect();
        if made.is_empty() {
            return Err(vec![super::empty(&self.tree, overlay)]);
        }
        Ok(Product::new(made, Vec::new()).patched(self.patches.clone()))
    }
}

/// What a program is asked to do: `kubectl` has Kustomize as one of its commands, and is known by its name.
fn verb_of(program: &str) -> &'static str {
    let name = program.rsplit('/').next().unwrap_or_default();
    if name.starts_with("kubectl") { "kustomize" } else { "build" }
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
        let shared = self.draws.shared(target);
        let key = json!([folder, shared]).to_string();
        let product = self.known.get(key, || Arc::new(self.product(&folder, self.draws.entropy(&shared))));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }

    fn elsewhere(&self) -> BTreeMap<Source, Locked> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_has_a_command_of_its_own() {
        for (program, verb) in [
            ("/usr/bin/kubectl", "kustomize"),
            ("tools/kubectl-1.35", "kustomize"),
            ("/opt/kustomize", "build"),
            ("/opt/kubectl/kustomize", "build"),
        ] {
            assert_eq!(verb_of(program), verb, "{program}");
        }
    }
}
