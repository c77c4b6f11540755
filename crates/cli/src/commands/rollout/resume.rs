//! `seaway rollout resume`.

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
