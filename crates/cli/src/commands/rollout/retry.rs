//! `seaway rollout retry`.

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
