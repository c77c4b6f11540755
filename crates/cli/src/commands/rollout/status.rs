//! `seaway rollout status`.

use super::Desk;
use crate::{
    error::Error,
    exit::Exit,
    output::{status, time::Now, view},
    watching,
};

/// Say how far a rollout is: its stages, its targets, what it waits for, and who drives it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout status                  the newest rollout
  seaway rollout status prod-261103-k3 -v         one of which the id starts so, with every step
  seaway rollout status -o json          for programs
  seaway rollout status --exit-code      0 succeeded, 3 failed, 4 stopped, 5 waits for a person, 7 not ended")]
pub struct Args {
    /// Rollout: its id, or the start of it; the newest when left out
    #[arg(value_name = "ID")]
    pub rollout: Option<String>,
    /// End with a code that says how the rollout is
    #[arg(long)]
    pub exit_code: bool,
}

/// Shows how far the rollout is.
///
/// # Errors
/// When it cannot be read.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let context = desk.context();
    let rollout = desk.rollout(args.rollout.as_deref()).await?;
    let (state, driver) = desk.look(&rollout).await?;
    let now = Now(desk.engine.clock().now_ms());
    let style = status::Style { is_verbose: context.verbose > 0, paint: context.paint, now };
    context.show(&view::Rollout::new(&state, &driver, now), || status::render(&state, &driver, style))?;
    Ok(if args.exit_code { watching::exit(&state) } else { Exit::Done })
}
