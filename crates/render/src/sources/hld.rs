//! A high level definition as a service's source.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use seaway_core::{
    declaration::{HldProfile, HldSource, Service},
    diagnostic::{Diagnostic, has_errors},
    yaml,
};

use serde_json::json;

use super::{Inputs, Native};
use crate::{
    MANIFEST_BYTES_MAX, Prepared, Rendering, TargetContext, Tree,
    drawn::Draws,
    generated::{Made, Product, text_on},
    helm::functions::Entropy,
    hld::{self, LOCK_FILE, Lock, Part, Profile, Settings},
    memo::Memo,
    patches::Patches,
    remote::{Locked, Remotes, Source, View},
};

/// The layer that is meant when the declaration names none.
const OWN_ENVIRONMENT: &str = "${environment.name}";

/// A repository of components, each set of layers rendered once.
pub(crate) struct Definition {
    service: Service,
    environments: Vec<String>,
    tree: Tree,
    /// Of the uppermost component in the tree.
    folder: String,
    settings: Settings,
    /// The definition's own lock above that of the workspace.
    remotes: Remotes,
    patches: Option<Arc<Patches>>,
    draws: Draws,
    /// What the sets that were rendered have from elsewhere.
    elsewhere: Mutex<BTreeMap<Source, Locked>>,
    /// What each set of layers gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl Definition {
    /// Reads the settings and the lock.
    ///
    /// # Errors
    /// All findings in them.
    pub(crate) fn prepare(
        service: &Service,
        source: &HldSource,
        inputs: &Inputs<'_>,
        patches: Option<Arc<Patches>>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let Inputs { tree, remotes, key, .. } = *inputs;
        Ok(Self {
            service: service.clone(),
            environments: patterns(source),
            tree: tree.clone(),
            folder: source.path.clone(),
            settings: settings_of(source, tree)?,
            remotes: remotes.under(&own_lock(source, tree)?),
            patches,
            draws: Draws::of(service, key),
            elsewhere: Mutex::default(),
            known: Memo::new(),
        })
    }

    fn product(&self, environments: &[String], entropy: Entropy) -> Result<Product, Vec<Diagnostic>> {
        let view = self.remotes.view();
        let request = hld::Request {
            tree: &self.tree,
            folder: &self.folder,
            settings: &self.settings,
            environments,
            lock: view.lock,
            store: view.store,
        };
        let generated = hld::generate(&request, &Native::new(view, entropy))?;
        self.note(environments)?;
        let mut findings = generated.remarks;
        let mut made = Vec::new();
        for (path, bytes) in &generated.files {
            let file: Arc<str> =
                self.tree.place_of(&join(&self.folder, &format!("{}/{path}", generated.folder))).into();
            let text = String::from_utf8_lossy(bytes);
            let nodes = yaml::read_up_to(MANIFEST_BYTES_MAX, &file, &text, &mut findings);
            made.extend(nodes.iter().map(|node| Made { manifest: node.to_json(), file: Arc::clone(&file) }));
        }
        if has_errors(&findings) {
            return Err(findings);
        }
        if made.is_empty() {
            return Err(vec![super::empty(&self.tree, &self.folder)]);
        }
        Ok(Product::new(made, findings).patched(self.patches.clone()))
    }
}

impl Definition {
    /// Notes what a set has from elsewhere.
    fn note(&self, environments: &[String]) -> Result<(), Vec<Diagnostic>> {
        let view = self.remotes.view();
        if view.lock.iter().next().is_none() {
            return Ok(());
        }
        let sets = [environments.to_vec()];
        let wanted = hld::wanted(&self.tree, &self.folder, &self.settings, &sets, view.lock, view.store)?;
        let locked = wanted.into_iter().filter_map(|one| {
            let locked = view.lock.get(&one.source)?.clone();
            Some((one.source, locked))
        });
        // A panic elsewhere cannot leave the map half changed: each use is one call.
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).extend(locked);
        Ok(())
    }
}

/// The settings file, under what the declaration says.
pub(super) fn settings_of(source: &HldSource, tree: &Tree) -> Result<Settings, Vec<Diagnostic>> {
    let mut settings = hld::settings(tree, &source.path)?;
    settings.is_of_service = true;
    match source.profile {
        Some(HldProfile::Strict) => settings.profile = Profile::Strict,
        Some(HldProfile::Compat) => settings.profile = Profile::Compat,
        None => {}
    }
    Ok(settings)
}

/// The lock beside the root component; it locks nothing when there is none.
pub(super) fn own_lock(source: &HldSource, tree: &Tree) -> Result<Lock, Vec<Diagnostic>> {
    let path = join(&source.path, LOCK_FILE);
    match tree.get(&path) {
        Some(bytes) => Lock::read(&tree.place_of(&path), &String::from_utf8_lossy(bytes)),
        None => Ok(Lock::default()),
    }
}

/// The parts of its repository that a definition looks at, as far as the tree tells.
///
/// # Errors
/// When its settings or its lock have errors.
pub fn definition_parts(source: &HldSource, tree: &Tree, view: View<'_>) -> Result<BTreeSet<Part>, Vec<Diagnostic>> {
    let lock = view.lock.under(&own_lock(source, tree)?);
    hld::reach(tree, &source.path, &settings_of(source, tree)?, &lock, view.store)
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// Configuration environments with their placeholders.
pub(super) fn patterns(source: &HldSource) -> Vec<String> {
    match source.environments.as_slice() {
        [] => vec![OWN_ENVIRONMENT.to_owned()],
        given => given.to_vec(),
    }
}

impl Prepared for Definition {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let names = self.environments.iter().map(|name| text_on(&self.service, target, &self.service.file, name));
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        let shared = self.draws.shared(target);
        let key = json!([names, shared]).to_string();
        let product = self.known.get(key, || Arc::new(self.product(&names, self.draws.entropy(&shared))));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }

    fn elsewhere(&self) -> BTreeMap<Source, Locked> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
