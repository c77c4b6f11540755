//! `seaway hld install`: fetching what is locked.

use std::path::PathBuf;

use seaway_render::hld::Profile;
use serde::Serialize;

use super::lock;
use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::{
        desk::{Desk, Reading},
        fetch::{self, Fetching, Locking},
    },
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
    pub reading: Reading,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    source: String,
    resolved: String,
    digest: String,
    was_locked: bool,
}

/// Installs.
///
/// # Errors
/// When a source cannot be fetched or is not what was locked.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::open(context, args.path.as_deref(), &args.reading)?;
    let locking = match desk.settings.profile {
        Profile::Compat => Locking::Missing,
        Profile::Strict => Locking::Refused,
    };
    let (new, fetched) = fetch::all(&desk, &args.fetching, locking)?;
    // What other environments need stays locked.
    let mut kept = desk.lock.clone();
    new.iter().for_each(|(source, locked)| kept.insert(source.clone(), locked.clone()));
    lock::write(&desk, &kept)?;
    let rows: Vec<Row> = fetched
        .iter()
        .map(|one| Row {
            source: one.source.to_string(),
            resolved: one.locked.resolved.clone(),
            digest: one.locked.digest.to_string(),
            was_locked: one.was_locked,
        })
        .collect();
    context.show(&rows, || lock::fetched_text(&fetched))?;
    Ok(Exit::Done)
}
