//! `seaway rollout watch`.

use super::Desk;
use crate::{
    error::Error,
    exit::Exit,
    output::sentence::{self, Driver},
    watching::Task,
};

/// Watch a rollout that somebody else drives. Never drives it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout watch                   the newest rollout
  seaway rollout watch prod-261103-k3            one of which the id starts so")]
pub struct Args {
    /// Rollout: its id, or the start of it; the newest when left out
    #[arg(value_name = "ID")]
    pub rollout: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: Leaving,
}

/// When to leave a rollout before its end.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Leaving {
    /// Leave with code 5 when only a person can move the rollout, instead of waiting for them
    #[arg(long)]
    pub leave_at_approval: bool,
}

/// Watches.
///
/// # Errors
/// When the state cannot be read.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let rollout = desk.rollout(args.rollout.as_deref()).await?;
    let (state, driver) = desk.look(&rollout).await?;
    let banner = match driver {
        Driver::Nobody => sentence::driver(&driver, &state),
        Driver::Us | Driver::Other(_) => None,
    };
    desk.watching(&rollout, Task::Follow, args.leaving, banner.as_deref()).run_and_report().await
}
