//! Which parts of a repository a definition looks at, so that whoever reads it from disk need not read the rest.

use std::collections::BTreeSet;

use seaway_core::diagnostic::Diagnostic;

use super::{
    Settings,
    generate::{Request, no_thread},
    trouble::Trouble,
    walk::{Mode, Walk},
};
use crate::{
    Tree,
    remote::{Lock, Store},
};

/// A part of the repository; paths are relative to its root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// Of a folder the component file, `access.yaml` and the folder `config`.
    Component(String),
    /// A folder with everything below it, or a file.
    Everything(String),
}

/// The parts that the component in a folder and all below it look at, whatever the environments, as far as it can be known:
/// what a part that is not in the tree names itself is only known once it is there, so whoever reads asks again until
/// nothing is new. Parts need not exist.
///
/// # Errors
/// When there is no memory for it. What is wrong with the definitions is for whoever renders.
pub fn reach(
    tree: &Tree,
    folder: &str,
    settings: &Settings,
    lock: &Lock,
    store: &dyn Store,
) -> Result<BTreeSet<Part>, Vec<Diagnostic>> {
    let request = Request { tree, folder, settings, environments: &[], lock, store };
    let walk = || Walk::run(&request, &mut Trouble::new(settings), Mode::Reach).parts;
    seaway_core::yaml::on_deep_stack(walk).map_err(no_thread)
}
