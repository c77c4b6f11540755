//! `seaway hld install`: fetching what is locked.

use std::path::PathBuf;

use seaway_engine::locking::Locking;
use seaway_render::hld::{LOCK_FILE, Profile};

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::{
        desk::{Desk, Reading, Top},
        fetch::{self, Fetching},
    },
    locked,
};

/// Fetch what the components name into the user's cache.
///
/// Afterwards rendering needs no network. In the compat profile what is not locked yet is locked, too; in the
/// strict one it is an error. No hook of a component is ever run.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld install                          fetch everything for every environment
  seaway hld install -e prod                  only what `prod` needs
  SEAWAY_CACHE=/ci/cache seaway hld install   keep it elsewhere")]
pub struct Args {
    /// Folder of the root component
    pub path: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub fetching: Fetching,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub top: Top,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Installs.
///
/// # Errors
/// When a source cannot be fetched or is not what was locked.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::open(context, args.path.as_deref(), &args.top, &args.reading)?;
    let locking = match desk.settings.profile {
        Profile::Compat => Locking::Missing,
        Profile::Strict => Locking::Refused,
    };
    let gathered = fetch::all(&desk, &args.fetching, locking)?;
    // What other environments need stays locked.
    locked::write(&desk.root.join(LOCK_FILE), &desk.lock.under(&gathered.lock), LOCK_FILE)?;
    let fetched = &gathered.fetched;
    context.show(&locked::fetched_rows(fetched), || locked::fetched_text(fetched))?;
    Ok(Exit::Done)
}
