//! `seaway lock`: what each source from elsewhere is now.

use seaway_core::declaration::Service;
use seaway_engine::{
    fetch::Fetcher,
    locking::{Locking, of_services},
};
use seaway_render::remote::LOCK_FILE;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    fetching::{Reach, Transport, allowed, remark},
    locked,
    session::Session,
};

/// Write down what each source from elsewhere is: commit, version and digest.
///
/// Charts of repositories and registries, Git repositories, remote bases of kustomizations, subcharts and components of
/// high-level definitions. Sources that are locked stay as they are; with `--update` all are looked up anew. Commit
/// `seaway.lock`: the same commit then renders the same everywhere. What a definition locks in its own `hld.lock` stays
/// there.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway lock                        lock what is not locked yet
  seaway lock --update               take the newest of every branch and version
  seaway lock --check                fail when the lock is not what the services name

Exit codes: 0 done, 1 error, or with `--check` a lock that is not up to date.")]
pub struct Args {
    /// Look up everything anew
    #[arg(long)]
    pub update: bool,
    /// Write nothing; fail when something would be written
    #[arg(long)]
    pub check: bool,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

/// Locks.
///
/// # Errors
/// When declarations or sources have errors, or a source cannot be fetched.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let workspace = session.declarations()?;
    let reach = Reach { offline: false, transports: args.transports.clone() };
    let sources = reach.sources(&session)?;
    let services: Vec<&Service> = workspace.services.values().collect();
    let locking = if args.update { Locking::All } else { Locking::Missing };
    let cache = sources.cache().map_err(|error| session.explain(error))?;
    let mut fetcher = Fetcher::new(&cache, allowed(&args.transports), &remark);
    let gathered = of_services(&sources, &workspace, &services, locking, &mut fetcher);
    let lock = gathered.map_err(|error| session.explain(error))?.lock;
    let rows = locked::rows(sources.lock(), &lock);
    context.show(&rows, || locked::text(&rows))?;
    let path = session.root.join(LOCK_FILE);
    if args.check && locked::changed(&path, &lock, LOCK_FILE)?.is_some() {
        return Err(Error::new(format!("`{LOCK_FILE}` is not what the services name"))
            .hint("run `seaway lock` and commit the file"));
    }
    locked::write(&path, &lock, LOCK_FILE)?;
    Ok(Exit::Done)
}
