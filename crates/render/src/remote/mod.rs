//! What a source names elsewhere: named here, fetched by a driver, found again by digest.
//!
//! ```text
//!  declaration, chart, kustomization, component ──► Source ──Lock──► digest ──Store──► Tree
//! ```
//!
//! Rendering never fetches. A name that is not locked, a tree that is not here and a copy that is not what was locked are
//! findings, each with the command that repairs it; nothing is ever taken instead.

mod chart;
mod dependency;
mod lock;
mod source;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes},
    digest::Digest,
};

use crate::Tree;

pub(crate) use chart::{path_from, whole};
pub(crate) use dependency::missing as missing_dependencies;
pub use lock::{LOCK_FILE, Lock, Locked};
pub use source::Source;
pub(crate) use source::without_credentials;

/// Where fetched trees are found.
pub trait Store: Send + Sync {
    /// The tree with this digest. Whoever answers has checked that it has it.
    ///
    /// # Errors
    /// Why there is none.
    fn tree(&self, digest: &Digest) -> Result<Arc<Tree>, Absence>;
}

/// Why a store has no tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// It was never put there.
    NotHere,
    /// What is there has another digest, or cannot be read.
    Damaged,
}

/// A store of nothing.
impl Store for () {
    fn tree(&self, _: &Digest) -> Result<Arc<Tree>, Absence> {
        Err(Absence::NotHere)
    }
}

impl Store for BTreeMap<Digest, Arc<Tree>> {
    fn tree(&self, digest: &Digest) -> Result<Arc<Tree>, Absence> {
        self.get(digest).cloned().ok_or(Absence::NotHere)
    }
}

static NOTHING: Lock = Lock::nothing();

/// A lock and the store with what it locks.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The lock.
    pub lock: &'a Lock,
    /// The store.
    pub store: &'a dyn Store,
}

impl<'a> View<'a> {
    /// Nothing is locked and nothing is here.
    pub fn nothing() -> Self {
        Self { lock: &NOTHING, store: &() }
    }

    /// The tree of a source.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub fn get(&self, source: &Source) -> Result<Arc<Tree>, Missing> {
        let missing = |why| Missing { source: source.clone(), why };
        let locked = self.lock.get(source).ok_or_else(|| missing(Why::NotLocked))?;
        self.store.tree(&locked.digest).map_err(|absence| {
            missing(match absence {
                Absence::NotHere => Why::NotHere,
                Absence::Damaged => Why::Damaged(locked.digest.clone()),
            })
        })
    }
}

/// The same, kept by whoever renders later.
#[derive(Clone)]
pub struct Remotes {
    lock: Arc<Lock>,
    store: Arc<dyn Store>,
}

impl Remotes {
    /// A lock and a store.
    pub fn new(lock: Lock, store: Arc<dyn Store>) -> Self {
        Self { lock: Arc::new(lock), store }
    }

    /// Nothing is locked and nothing is here.
    pub fn none() -> Self {
        Self::new(Lock::default(), Arc::new(()))
    }

    /// Both, for a call.
    pub fn view(&self) -> View<'_> {
        View { lock: &self.lock, store: &*self.store }
    }

    /// The same store with a further lock, which counts where both lock a source.
    #[must_use]
    pub(crate) fn under(&self, further: &Lock) -> Self {
        Self { lock: Arc::new(self.lock.under(further)), store: Arc::clone(&self.store) }
    }
}

/// A source that cannot be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// Which.
    pub source: Source,
    /// Why.
    pub why: Why,
}

/// Why a source cannot be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// The lock does not name it.
    NotLocked,
    /// The store does not have it.
    NotHere,
    /// The store has something else instead of the tree with this digest.
    Damaged(Digest),
}

impl Missing {
    /// What is said of it, and what to do.
    pub(crate) fn words(&self) -> (&'static str, String, &'static str) {
        let source = &self.source;
        match &self.why {
            Why::NotLocked => (
                codes::SOURCE_NOT_LOCKED,
                format!("`{source}` is not locked"),
                "run `seaway lock` and commit `seaway.lock`",
            ),
            Why::NotHere => (
                codes::SOURCE_NOT_HERE,
                format!("`{source}` is not here"),
                "run `seaway install`, which fetches what is locked",
            ),
            Why::Damaged(digest) => (
                codes::SOURCE_DAMAGED,
                format!(
                    "the kept copy of `{source}` is not what was locked: it does not have digest {}",
                    digest.short()
                ),
                "run `seaway install`, which fetches it again",
            ),
        }
    }

    /// The finding.
    pub fn finding(&self, place: Place) -> Diagnostic {
        let (code, message, help) = self.words();
        Diagnostic::error(code, message).at(place).help(help)
    }
}
