//! What the components name elsewhere.

use std::collections::BTreeMap;

use seaway_core::{
    diagnostic::{Diagnostic, Place, has_errors},
    digest::Digest,
};
use serde::Serialize;

use super::{
    Profile, Settings,
    generate::Request,
    trouble::Trouble,
    walk::{Mode, Walk},
};
use crate::{
    Tree,
    remote::{Lock, Source, Store},
};

/// One source that the components name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// What.
    pub source: Source,
    /// The first component that names it; empty for the root.
    pub component: String,
    /// Where it is named.
    pub place: Place,
    /// Environment variable that holds a token for it.
    pub token_variable: Option<String>,
    /// Variable that a fetched component asks for. It is not used: a fetched component must not choose which secret is
    /// sent to whom.
    pub asked_variable: Option<String>,
    /// Digest that the component itself states.
    pub stated: Option<Digest>,
    /// Digest in the lock.
    pub locked: Option<Digest>,
    /// Whether the tree is in the store.
    pub is_here: bool,
}

/// What the components of all these environment sets name, as far as it can be known: what a missing tree names itself is
/// only known once it is here, so whoever fetches asks again until everything is here.
///
/// A component that is disabled in every set is left out with all below it.
///
/// # Errors
/// All findings, when the tree cannot be walked.
pub fn wanted(
    tree: &Tree,
    folder: &str,
    settings: &Settings,
    sets: &[Vec<String>],
    lock: &Lock,
    store: &dyn Store,
) -> Result<Vec<Wanted>, Vec<Diagnostic>> {
    // What is missing is what is asked for here, and traps are for whoever renders.
    let lenient = Settings { profile: Profile::Compat, ..settings.clone() };
    let mut all: BTreeMap<Source, Wanted> = BTreeMap::new();
    for environments in sets {
        let request = Request { tree, folder, settings: &lenient, environments, lock, store };
        let walked = seaway_core::yaml::on_deep_stack(|| {
            let mut trouble = Trouble::new(&lenient);
            trouble.has_all_kinds = settings.profile == Profile::Strict;
            let walk = Walk::run(&request, &mut trouble, Mode::Survey);
            (walk.wanted, trouble.findings)
        });
        let (wanted, findings) = walked.map_err(super::generate::no_thread)?;
        if has_errors(&findings) {
            return Err(findings);
        }
        for one in wanted {
            all.entry(one.source.clone()).or_insert(one);
        }
    }
    Ok(all.into_values().collect())
}
