//! `seaway rollout watch`.

/// Watch a rollout that somebody else drives. Never drives it.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout watch                   the newest rollout
  seaway rollout watch prod-261103-k3            one of which the id starts so")]
pub struct Args {
    /// Rollout: its id, or the start of it; the newest when left out
    #[arg(value_name = "ID")]
    pub rollout: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: Leaving,
}

/// When to leave a rollout before its end.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Leaving {
    /// Leave with code 5 when only a person can move the rollout, instead of waiting for them
    #[arg(long)]
    pub leave_at_approval: bool,
}
