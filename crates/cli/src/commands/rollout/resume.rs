//! `seaway rollout resume`.

use seaway_core::execution::Command;

use super::Desk;
use crate::{error::Error, exit::Exit, output::view};

/// Go on with a rollout that rests or is paused: drive it and watch it to its end.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout resume prod-261103-k3
  seaway rollout resume prod-261103-k3 --no-watch     only end its pause; somebody else drives it

Exit codes: 0 succeeded, 3 failed, 4 stopped, 5 waits for a person, 6 refused, 130 Ctrl-C.")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Only end its pause; do not drive it
    #[arg(long)]
    pub no_watch: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: super::watch::Leaving,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Ends a pause, and drives unless told not to.
///
/// # Errors
/// When the rollout has ended, or the state cannot be read or written.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let rollout = desk.rollout(Some(&args.rollout)).await?;
    let (mut state, _) = desk.look(&rollout).await?;
    if let Some(end) = state.end {
        let error = Error::refused(format!("rollout {rollout} has ended ({})", view::phase(end)));
        let has_failed = state.stages.iter().any(|stage| !stage.failed.is_empty());
        return Err(error.hint(match has_failed {
            true => format!("`seaway rollout retry {rollout}` tries its failed targets again"),
            false => "start a new rollout".to_owned(),
        }));
    }
    let was_paused = state.paused.is_some() && state.stop.is_none();
    if was_paused {
        state = desk.command(&rollout, Command::Resume, args.reason.as_ref()).await?;
    }
    if args.no_watch {
        let done = if was_paused { "is no longer paused" } else { "was not paused" };
        return desk.say(&state, &format!("rollout {rollout} {done}")).await;
    }
    desk.drive(&rollout, args.leaving).await
}
