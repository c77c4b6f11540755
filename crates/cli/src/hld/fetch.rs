//! Fetching what components name, until nothing is missing.

use std::collections::BTreeSet;

use seaway_engine::fetch::{FetchError, Fetcher, Wish};
pub use seaway_engine::locking::{Fetched, Locking};
use seaway_render::hld::{Lock, Locked, Source, Wanted, wanted};

use super::desk::Desk;
use crate::{
    error::Error,
    fetching::{Transport, allowed},
};

/// Most rounds: each finds what the trees of the one before name.
const ROUNDS_MAX: usize = 64;

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
pub fn all(desk: &Desk<'_>, fetching: &Fetching, locking: Locking) -> Result<(Lock, Vec<Fetched>), Error> {
    let sets = desk.sets(&fetching.environments);
    let mut lock = if locking == Locking::All { Lock::default() } else { desk.lock.clone() };
    let mut fetched: Vec<Fetched> = Vec::new();
    let say = |text: &str| desk.context.remark(text);
    let mut fetcher = Fetcher::new(&desk.cache, allowed(&fetching.transports), &say);
    for _ in 0..ROUNDS_MAX {
        let found =
            wanted(&desk.tree, "", &desk.settings, &sets, &lock, &desk.store).map_err(|found| desk.refuse(&found))?;
        let missing: Vec<&Wanted> = found.iter().filter(|one| !one.is_here).collect();
        if missing.is_empty() {
            let named: BTreeSet<&Source> = found.iter().map(|one| &one.source).collect();
            lock.retain(|source| named.contains(source));
            return Ok((lock, fetched));
        }
        for one in missing {
            let locked = lock.get(&one.source).cloned();
            if locked.is_none() && locking == Locking::Refused {
                return Err(Error::new(format!("`{}` of component `{}` is not locked", one.source, one.component))
                    .hint("run `seaway hld lock` and commit `hld.lock`"));
            }
            let failed = |error: FetchError| {
                error.within(format!("cannot fetch `{}` for component `{}`", one.source, one.component))
            };
            let wish = Wish {
                source: &one.source,
                locked: locked.as_ref(),
                token_variable: one.token_variable.as_deref(),
                asked_variable: one.asked_variable.as_deref(),
            };
            let (resolved, tree) = fetcher.fetch(&wish).map_err(failed)?;
            let digest = tree.digest();
            if let Some(expected) = locked.as_ref().map(|locked| &locked.digest).or(one.stated.as_ref())
                && *expected != digest
            {
                let what = format!("`{}` is not what was locked", one.source);
                return Err(Error::new(what)
                    .cause(format!("expected {}, found {}", expected.short(), digest.short()))
                    .hint("somebody changed what a tag, version or file stands for; look before you lock it again"));
            }
            let now = Locked { resolved, digest };
            lock.insert(one.source.clone(), now.clone());
            desk.store.label(&lock);
            desk.store.put(tree).map_err(|error| crate::session::explain(error, desk.context, None))?;
            fetched.push(Fetched { source: one.source.clone(), locked: now, was_locked: locked.is_some() });
        }
    }
    Err(Error::new(format!("components name further ones in more than {ROUNDS_MAX} rounds"))
        .hint("look for a component that names itself"))
}
