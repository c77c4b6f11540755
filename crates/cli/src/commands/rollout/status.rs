//! `seaway rollout status`.

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
