//! Fetching what components name, until nothing is missing.

use seaway_engine::{
    fetch::Fetcher,
    locking::{Definition, Gathered, Locking, of_definition},
};

use super::desk::Desk;
use crate::{
    error::Error,
    fetching::{Transport, allowed},
};

/// Options of verbs that fetch.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Fetching {
    /// Environments to fetch for, such as `prod` or `prod,west`; every one that has a file when left out
    #[arg(short, long = "environments", value_name = "SET")]
    pub environments: Vec<String>,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

/// Fetches until nothing is missing. The new lock and what was fetched; nothing is written but the cache.
///
/// # Errors
/// When a source cannot be fetched, is not what was locked, or is not locked and must be.
pub fn all(desk: &Desk<'_>, fetching: &Fetching, locking: Locking) -> Result<Gathered, Error> {
    let say = |text: &str| desk.context.remark(text);
    let mut fetcher = Fetcher::new(&desk.cache, allowed(&fetching.transports), &say);
    let definition = Definition {
        tree: &desk.tree,
        folder: &desk.folder,
        settings: &desk.settings,
        sets: &desk.sets(&fetching.environments),
        lock: &desk.lock,
    };
    of_definition(definition, &desk.store, locking, &mut fetcher).map_err(|error| desk.explain(error))
}
