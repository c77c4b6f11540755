//! `seaway rollout stop`.

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
