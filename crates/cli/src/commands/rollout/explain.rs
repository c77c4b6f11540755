//! `seaway rollout explain`.

use seaway_core::diagnostic::nearest;

use super::Desk;
use crate::{
    error::Error,
    exit::Exit,
    output::{explain, status::Style, time::Now, view},
};

/// Say in plain sentences why a rollout does not move, or why it ended as it did.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout explain                     the newest rollout
  seaway rollout explain prod-261103-k3 --target c3  everything about one target
  seaway rollout explain -v                  with the whole texts of the clusters")]
pub struct Args {
    /// Rollout: its id, or the start of it; the newest when left out
    #[arg(value_name = "ID")]
    pub rollout: Option<String>,
    /// Only this target, with every step
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
}

/// Explains.
///
/// # Errors
/// When the rollout cannot be read, or has no such target.
pub async fn run(desk: &Desk<'_>, args: &Args) -> Result<Exit, Error> {
    let context = desk.context();
    let rollout = desk.rollout(args.rollout.as_deref()).await?;
    let (state, driver) = desk.look(&rollout).await?;
    let now = Now(desk.engine.clock().now_ms());
    let style = Style { is_verbose: context.verbose > 0, paint: context.paint, now };
    let target = match &args.target {
        None => None,
        Some(name) => {
            let names = || (0..state.frame.target_count()).map(|target| state.frame.target(target).name.as_str());
            let found = names().position(|target| target == name);
            Some(found.ok_or_else(|| {
                let hint = match nearest(name, names()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("`seaway rollout status {rollout} -v` lists its targets"),
                };
                Error::new(format!("rollout {rollout} has no target `{name}`")).hint(hint)
            })?)
        }
    };
    context.show(&view::Rollout::new(&state, &driver, now), || match target {
        Some(target) => explain::render_target(&state, target, style),
        None => explain::render(&state, &driver, style),
    })?;
    Ok(Exit::Done)
}
