//! `seaway install`: fetching what is locked.

use seaway_core::declaration::Service;
use seaway_engine::{
    fetch::Fetcher,
    locking::{Locking, of_services},
};

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    fetching::{Reach, Transport, allowed, remark},
    locked,
    session::Session,
};

/// Fetch what is locked into the user's cache.
///
/// Afterwards rendering needs no network: `plan`, `render` and the others take `--offline`. They also fetch by themselves
/// what is missing, so this is for pipelines and for machines that will have no network. What was fetched must be exactly
/// what was locked.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway install                              fetch everything for every service
  SEAWAY_CACHE=/ci/cache seaway install       keep it elsewhere

Exit codes: 0 everything is here, 1 error.")]
pub struct Args {
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

/// Installs.
///
/// # Errors
/// When something is not locked, cannot be fetched or is not what was locked.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let workspace = session.declarations()?;
    let reach = Reach { offline: false, transports: args.transports.clone() };
    let sources = reach.sources(&session)?;
    let services: Vec<&Service> = workspace.services.values().collect();
    let cache = sources.cache().map_err(|error| session.explain(error))?;
    let mut fetcher = Fetcher::new(&cache, allowed(&args.transports), &remark);
    let gathered = of_services(&sources, &workspace, &services, Locking::Refused, &mut fetcher);
    let fetched = gathered.map_err(|error| session.explain(error))?.fetched;
    context.show(&locked::fetched_rows(&fetched), || locked::fetched_text(&fetched))?;
    Ok(Exit::Done)
}
