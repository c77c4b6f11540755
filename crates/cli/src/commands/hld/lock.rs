//! `seaway hld lock`: what each source is now.

use seaway_engine::locking::Locking;
use seaway_render::hld::LOCK_FILE;

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

/// Write down what each source from elsewhere is: commit, version and digest.
///
/// Sources that are locked stay as they are; with `--update` all are looked up anew. Commit `hld.lock`: the same
/// commit then renders the same everywhere.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld lock                             lock what is not locked yet
  seaway hld lock --update                    take the newest of every branch and version
  seaway hld lock -e prod -e prod,west        only what these environments need")]
pub struct Args {
    /// Look up everything anew
    #[arg(long)]
    pub update: bool,
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

/// Locks.
///
/// # Errors
/// When a source cannot be fetched.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::open(context, None, &args.top, &args.reading)?;
    let locking = if args.update { Locking::All } else { Locking::Missing };
    let lock = fetch::all(&desk, &args.fetching, locking)?.lock;
    locked::write(&desk.root.join(LOCK_FILE), &lock, LOCK_FILE)?;
    let rows = locked::rows(&desk.lock, &lock);
    context.show(&rows, || locked::text(&rows))?;
    Ok(Exit::Done)
}
