//! `seaway rollout retry`.

use seaway_core::{execution::Command, ids::TargetName};

use super::Desk;
use crate::{error::Error, exit::Exit};

/// Try failed targets again, and go on with the rollout from there.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout retry prod-261103-k3               every target that failed
  seaway rollout retry prod-261103-k3 c3            one of them

Exit codes: 0 succeeded, 3 failed, 4 stopped, 5 waits for a person, 6 refused, 130 Ctrl-C.")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Targets; all that failed when left out
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Only record it; do not drive the rollout
    #[arg(long)]
    pub no_watch: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: super::watch::Leaving,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Tries again, and drives unless told not to.
///
/// # Errors
/// When the rules refuse, or the state cannot be read or written.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let rollout = desk.rollout(Some(&args.rollout)).await?;
    let targets = args.targets.iter().map(TargetName::new).collect();
    let state = desk.command(&rollout, Command::Retry { targets }, args.reason.as_ref()).await?;
    if args.no_watch {
        return desk.say(&state, &format!("rollout {rollout} tries its failed targets again")).await;
    }
    desk.drive(&rollout, args.leaving).await
}
