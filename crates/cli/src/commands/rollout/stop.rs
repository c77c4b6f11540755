//! `seaway rollout stop`.

use seaway_core::execution::Command;

use super::{Desk, watch::Leaving};
use crate::{ask, error::Error, exit::Exit};

/// End a rollout: cancel what is in flight and start nothing more. Targets that have changed stay as they are.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout stop prod-261103-k3 --reason 'wrong version'
  seaway rollout stop prod-261103-k3 --yes                        without asking

Exit codes: 0 it has ended, 6 refused, 7 what is in flight has not ended yet, 1 error.")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Stop without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Stops, and drives what is left to its end when nobody does.
///
/// # Errors
/// When it is not confirmed, or the rules refuse.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let context = desk.context();
    let by = context.principal()?;
    let rollout = desk.rollout(Some(&args.rollout)).await?;
    if !args.yes {
        let question = format!("Stop rollout {rollout} as {by}? Targets that have changed stay as they are.");
        ask::confirm(context, &question, "the stop", "--yes")?;
    }
    desk.command(&rollout, Command::Stop, args.reason.as_ref()).await?;
    // An end that was asked for is no failure of this command.
    let leaving = Leaving { leave_at_approval: false };
    match desk.drive(&rollout, leaving).await? {
        Exit::Stopped => Ok(Exit::Done),
        other => Ok(other),
    }
}
