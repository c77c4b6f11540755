//! What the components of a high-level definition name elsewhere.

use seaway_render::{
    Need, Tree,
    hld::{LOCK_FILE, Settings, wanted},
    remote::Lock,
};

use super::{Gathered, Gathering, Locking, Needs};
use crate::{Error, cache::DiskStore, fetch::Fetcher};

/// A definition, and for what it is rendered.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    /// Its files.
    pub tree: &'a Tree,
    /// Folder of the uppermost component in the tree.
    pub folder: &'a str,
    /// What its settings file says.
    pub settings: &'a Settings,
    /// Sets of environments.
    pub sets: &'a [Vec<String>],
    /// Its lock.
    pub lock: &'a Lock,
}

/// Fetches until nothing of a definition is missing.
///
/// # Errors
/// When it has errors, when a source cannot be fetched, is not what was locked, or is not locked and must be.
pub fn of_definition(
    definition: Definition<'_>,
    store: &DiskStore,
    locking: Locking,
    fetcher: &mut Fetcher<'_>,
) -> Result<Gathered, Error> {
    let Definition { tree, folder, settings, sets, lock } = definition;
    Gathering { store, file: LOCK_FILE, locking, fetcher }.gather(lock, &mut |lock| {
        let found = wanted(tree, folder, settings, sets, lock, store).map_err(Error::Findings)?;
        let needs = found.into_iter().map(|one| (one.source.clone(), Need::of(one, lock)));
        Ok(needs.collect::<Needs>())
    })
}
