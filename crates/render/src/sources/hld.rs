//! A high level definition as a service's source.

use std::sync::Arc;

use seaway_core::{
    declaration::{HldProfile, HldSource, Service},
    diagnostic::{Diagnostic, has_errors},
    yaml,
};

use crate::{
    MANIFEST_BYTES_MAX, Prepared, Rendering, TargetContext, Tree,
    generated::{Made, Product, text_on},
    hld::{self, LOCK_FILE, Lock, Profile, Settings},
    memo::Memo,
};

/// The layer that is meant when the declaration names none.
const OWN_ENVIRONMENT: &str = "${environment.name}";

/// A repository of components, each set of layers rendered once.
pub(crate) struct Definition {
    service: Service,
    environments: Vec<String>,
    tree: Tree,
    settings: Settings,
    lock: Lock,
    /// What each set of layers gives.
    known: Memo<Arc<Result<Product, Vec<Diagnostic>>>>,
}

impl Definition {
    /// Reads the settings and the lock.
    ///
    /// # Errors
    /// All findings in them.
    pub(crate) fn prepare(service: &Service, source: &HldSource, tree: &Tree) -> Result<Self, Vec<Diagnostic>> {
        let mut settings = hld::settings(tree, "")?;
        match source.profile {
            Some(HldProfile::Strict) => settings.profile = Profile::Strict,
            Some(HldProfile::Compat) => settings.profile = Profile::Compat,
            None => {}
        }
        let lock = match tree.get(LOCK_FILE) {
            Some(bytes) => Lock::read(&tree.place_of(LOCK_FILE), &String::from_utf8_lossy(bytes))?,
            None => Lock::default(),
        };
        let environments = match source.environments.as_slice() {
            [] => vec![OWN_ENVIRONMENT.to_owned()],
            given => given.to_vec(),
        };
        let (service, tree) = (service.clone(), tree.clone());
        Ok(Self { service, environments, tree, settings, lock, known: Memo::new() })
    }

    fn product(&self, environments: &[String]) -> Result<Product, Vec<Diagnostic>> {
        let request = hld::Request {
            tree: &self.tree,
            folder: "",
            settings: &self.settings,
            environments,
            lock: &self.lock,
            store: &(),
        };
        let generated = hld::generate(&request, &super::charts::Charts)?;
        let mut findings = generated.remarks;
        let mut made = Vec::new();
        for (path, bytes) in &generated.files {
            let file: Arc<str> = self.tree.place_of(&format!("{}/{path}", generated.folder)).into();
            let text = String::from_utf8_lossy(bytes);
            let nodes = yaml::read_up_to(MANIFEST_BYTES_MAX, &file, &text, &mut findings);
            made.extend(nodes.iter().map(|node| Made { manifest: node.to_json(), file: Arc::clone(&file) }));
        }
        if has_errors(&findings) {
            return Err(findings);
        }
        if made.is_empty() {
            return Err(vec![super::empty(&self.tree, "")]);
        }
        Ok(Product::new(made, findings))
    }
}

impl Prepared for Definition {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let names = self.environments.iter().map(|name| text_on(&self.service, target, &self.service.file, name));
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        let product = self.known.get(names.join("\n"), || Arc::new(self.product(&names)));
        match &*product {
            Ok(product) => product.on(&self.service, target),
            Err(findings) => Err(findings.clone()),
        }
    }
}
