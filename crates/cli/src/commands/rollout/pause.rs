//! `seaway rollout pause`.

use seaway_core::execution::Command;

use super::Desk;
use crate::{error::Error, exit::Exit};

/// Start no further step until `seaway rollout resume`; what is in flight goes on.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout pause prod-261103-k3 --reason 'incident 7'")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Pauses.
///
/// # Errors
/// When the rules refuse.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let rollout = desk.rollout(Some(&args.rollout)).await?;
    let state = desk.command(&rollout, Command::Pause, args.reason.as_ref()).await?;
    let done = format!("rollout {rollout} is paused; end the pause with `seaway rollout resume {rollout}`");
    desk.say(&state, &done).await
}
