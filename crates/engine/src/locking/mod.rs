//! Locking and bringing what sources name elsewhere: round by round, because what a tree names is known once it is here.
//!
//! ```text
//!  services ────┐
//!               ├─ needs ──► missing ──fetch──► store, lock ──► needs …
//!  definition ──┘
//! ```
//!
//! Nothing is written but the cache. Whoever calls writes the new lock, whole or not at all.

mod definition;
mod services;

use std::collections::BTreeMap;

use seaway_core::diagnostic::{Diagnostic, codes};
use seaway_render::{
    Need,
    remote::{LOCK_FILE, Lock, Locked, Source},
};

pub use definition::{Definition, of_definition};
pub use services::of_services;

use crate::{
    Error,
    cache::DiskStore,
    fetch::{FetchError, Fetcher, Wish},
};

/// Most rounds: each finds what the trees of the one before name.
const ROUNDS_MAX: usize = 64;

/// What may be locked anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locking {
    /// Nothing: what is not locked is an error.
    Refused,
    /// What is not locked yet.
    Missing,
    /// Everything.
    All,
}

/// One source that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What.
    pub source: Source,
    /// What it is locked to.
    pub locked: Locked,
    /// Whether it was locked already.
    pub was_locked: bool,
}

/// What is locked now.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The lock with everything that is named, and nothing else.
    pub lock: Lock,
    /// What was fetched.
    pub fetched: Vec<Fetched>,
}

/// What is named, by source.
type Needs = BTreeMap<Source, Need>;

/// Where things are kept, and what may be done.
struct Gathering<'a, 'f> {
    store: &'a DiskStore,
    /// The file that locks: `seaway.lock` or `hld.lock`.
    file: &'static str,
    locking: Locking,
    fetcher: &'a mut Fetcher<'f>,
}

impl Gathering<'_, '_> {
    /// Fetches until nothing is missing. `needs` says what is named, as far as a lock lets it see.
    fn gather(mut self, lock: &Lock, needs: &mut dyn FnMut(&Lock) -> Result<Needs, Error>) -> Result<Gathered, Error> {
        let mut lock = if self.locking == Locking::All { Lock::default() } else { lock.clone() };
        let mut fetched = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let needs = needs(&lock)?;
            let missing: Vec<&Need> = needs.values().filter(|need| !need.is_here).collect();
            if missing.is_empty() {
                lock.retain(|source| needs.get(source).is_some_and(|need| !need.has_own_lock));
                return Ok(Gathered { lock, fetched });
            }
            if self.locking == Locking::Refused {
                self.refuse_unlocked(&missing)?;
            }
            for need in missing {
                let now = self.fetch(need)?;
                if !need.has_own_lock {
                    lock.insert(need.source.clone(), now.clone());
                }
                fetched.push(Fetched { source: need.source.clone(), locked: now, was_locked: need.locked.is_some() });
            }
            self.store.label(&lock);
        }
        let error = FetchError::new(format!("sources name further ones in more than {ROUNDS_MAX} rounds"));
        Err(FetchError { hint: Some("look for a source that names itself".to_owned()), ..error }.into())
    }

    fn refuse_unlocked(&self, missing: &[&Need]) -> Result<(), Error> {
        let (code, command) = match self.file {
            LOCK_FILE => (codes::SOURCE_NOT_LOCKED, "seaway lock"),
            _ => (codes::HLD_NOT_LOCKED, "seaway hld lock"),
        };
        let finding = |need: &&Need| {
            let help = format!("run `{command}` and commit `{}`", self.file);
            Diagnostic::error(code, format!("`{}` is not locked", need.source)).at(need.place.clone()).help(help)
        };
        let findings: Vec<Diagnostic> = missing.iter().filter(|need| need.locked.is_none()).map(finding).collect();
        if findings.is_empty() { Ok(()) } else { Err(Error::Findings(findings)) }
    }

    fn fetch(&mut self, need: &Need) -> Result<Locked, Error> {
        let source = &need.source;
        let wish = Wish {
            source,
            locked: need.locked.as_ref(),
            token_variable: need.token_variable.as_deref(),
            asked_variable: need.asked_variable.as_deref(),
        };
        let named = format!("cannot fetch `{source}`, named in {}", need.place);
        let (resolved, tree) = self.fetcher.fetch(&wish).map_err(|error| error.within(named))?;
        let digest = tree.digest();
        let expected = need.locked.as_ref().map(|locked| &locked.digest).or(need.stated.as_ref());
        if let Some(expected) = expected.filter(|expected| **expected != digest) {
            let mut error = FetchError::new(format!("`{source}` is not what was locked"));
            error.causes.push(format!("expected {}, found {}", expected.short(), digest.short()));
            let hint = "somebody changed what a tag, version or file stands for; look before you lock it again";
            return Err(FetchError { hint: Some(hint.to_owned()), ..error }.into());
        }
        self.store.put(tree)?;
        Ok(Locked { resolved, digest })
    }
}
