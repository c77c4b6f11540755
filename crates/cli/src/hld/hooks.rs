//! Running components' hooks around one rendering.
//!
//! ```text
//!  definitions ──copy──► before-install, after-install, before-generate ──► rendering of the copy ──► after-generate
//! ```
//!
//! Hooks run because a person asked for them in this call, on copies, without a network where the system allows that:
//! what they leave behind feeds this rendering and is thrown away. The first failure ends the call; nothing is written.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ffi::OsStr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use seaway_core::{diagnostic::Diagnostic, digest::Digest};
use seaway_engine::definitions;
use seaway_render::{
    Tree,
    hld::{Event, Generated, Hook, Request, Store, hooks},
    remote::Absence,
};
use seaway_sandbox::{Limits, Network, Run, Sandbox};

use super::desk::Desk;
use crate::{commands::hld::generate::native, error::Error};

/// Longest time of one command: what takes minutes is a build, which belongs before the rendering.
const TIME_MAX: Duration = Duration::from_secs(120);

/// Renders one environment set with the hooks that may run.
///
/// # Errors
/// When a hook fails, or anything is wrong with the definitions.
pub fn around(desk: &Desk<'_>, environments: &[String]) -> Result<Generated, Error> {
    let refuse = |found: Vec<Diagnostic>| desk.refuse(&found);
    let request = desk.request(environments);
    let found: Vec<Hook> = hooks(&request).map_err(refuse)?.into_iter().filter(Hook::may_run).collect();
    let mut copies = Copies { desk, open: BTreeMap::new(), had_network: false };
    // A component is installed before anything is generated.
    copies.run(found.iter().filter(|hook| matches!(hook.event, Event::BeforeInstall | Event::AfterInstall)))?;
    copies.run(found.iter().filter(|hook| hook.event == Event::BeforeGenerate))?;
    let (tree, store) = copies.read()?;
    let made = native(&Request { tree: &tree, store: &store, ..request }).map_err(refuse)?;
    copies.run(found.iter().filter(|hook| hook.event == Event::AfterGenerate))?;
    if copies.had_network {
        desk.context.remark("the hooks had a network: this system allows nobody to take it away from them\n");
    }
    Ok(made)
}

/// A private copy of each tree that has hooks.
struct Copies<'a> {
    desk: &'a Desk<'a>,
    open: BTreeMap<Option<Digest>, (Sandbox, Arc<Tree>)>,
    had_network: bool,
}

impl Copies<'_> {
    fn run<'h>(&mut self, hooks: impl Iterator<Item = &'h Hook>) -> Result<(), Error> {
        for hook in hooks {
            let whose = if hook.component.is_empty() { "the root".to_owned() } else { format!("`{}`", hook.component) };
            let failed = |error: &dyn std::error::Error| {
                Error::new(format!("hook `{}` of {whose} failed", hook.event))
                    .because(error)
                    .hint("nothing was written; hooks see the definitions alone, and no network")
            };
            let sandbox = self.of(hook.home.tree.as_ref()).map_err(|error| match error {
                Fault::Sandbox(error) => failed(&error),
                Fault::Absent => {
                    Error::new(format!("the copy of {whose} is not here")).hint("run `seaway hld install`")
                }
            })?;
            let mut had_network = false;
            for command in &hook.commands {
                let arguments = ["-c", command.as_str()].map(OsStr::new);
                let run = Run {
                    program: Path::new("/bin/sh"),
                    arguments: &arguments,
                    folder: &hook.home.path,
                    environment: &[],
                    limits: Limits { time: TIME_MAX, ..Limits::default() },
                };
                let output = sandbox.run(&run).map_err(|error| failed(&error))?;
                had_network |= output.network == Network::Open;
            }
            self.had_network |= had_network;
            if self.desk.context.verbose > 0 {
                self.desk.context.remark(&format!("ran hook `{}` of {whose}\n", hook.event));
            }
        }
        Ok(())
    }

    fn of(&mut self, digest: Option<&Digest>) -> Result<&Sandbox, Fault> {
        match self.open.entry(digest.cloned()) {
            Entry::Occupied(copy) => Ok(&copy.into_mut().0),
            Entry::Vacant(place) => {
                let tree = match digest {
                    None => Arc::new(self.desk.tree.clone()),
                    Some(digest) => self.desk.store.tree(digest).map_err(|_| Fault::Absent)?,
                };
                let sandbox = Sandbox::new().map_err(Fault::Sandbox)?;
                for (path, bytes) in tree.files() {
                    sandbox.put(path, bytes).map_err(Fault::Sandbox)?;
                }
                Ok(&place.insert((sandbox, tree)).0)
            }
        }
    }

    /// The trees as the hooks left them.
    fn read(&self) -> Result<(Tree, Overlay<'_>), Error> {
        let mut own = self.desk.tree.clone();
        let mut changed = BTreeMap::new();
        for (digest, (sandbox, before)) in &self.open {
            let read = definitions::read_whole(&sandbox.files()).map_err(|error| self.desk.explain(error))?;
            let files = read.files().map(|(path, bytes)| (path.to_owned(), bytes));
            let tree = Tree::of(before.root(), files).map_err(|found| self.desk.refuse(&found))?;
            match digest {
                None => own = tree.seen_from(self.desk.folder.as_str()),
                Some(digest) => drop(changed.insert(digest.clone(), Arc::new(tree))),
            }
        }
        Ok((own, Overlay { changed, below: &self.desk.store }))
    }
}

enum Fault {
    Sandbox(seaway_sandbox::Error),
    Absent,
}

/// Fetched trees, those with hooks as the hooks left them.
struct Overlay<'a> {
    changed: BTreeMap<Digest, Arc<Tree>>,
    below: &'a dyn Store,
}

impl Store for Overlay<'_> {
    fn tree(&self, digest: &Digest) -> Result<Arc<Tree>, Absence> {
        self.changed.get(digest).map_or_else(|| self.below.tree(digest), |tree| Ok(Arc::clone(tree)))
    }
}
