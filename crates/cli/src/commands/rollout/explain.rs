//! `seaway rollout explain`.

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
