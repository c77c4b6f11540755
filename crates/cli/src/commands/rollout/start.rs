//! `seaway rollout start`.

/// Start a rollout, drive it and watch it to its end.
///
/// Runs a kept plan, or makes one of the services, shows it and asks. Ctrl-C once leaves: the rollout rests and
/// `seaway rollout resume` goes on.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout start shop -e prod                   plan, ask, go
  seaway rollout start shop -e prod --yes             without asking, for pipelines
  seaway rollout start --plan 4f2a91c03b7d            exactly the plan that was reviewed
  seaway rollout start --plan plan.json --yes --reason 'release 42'

Exit codes: 0 succeeded or nothing to do, 3 failed, 4 stopped, 5 waits for a person, 6 refused, 130 Ctrl-C.")]
pub struct Args {
    /// Services; all of the workspace when left out
    #[arg(value_name = "SERVICE", conflicts_with = "plan")]
    pub services: Vec<String>,
    /// Environment
    #[arg(short, long, value_name = "ENV", required_unless_present = "plan", conflicts_with = "plan")]
    pub environment: Option<String>,
    /// Run this plan: a file, or the hash (or its start) of a kept one
    #[arg(long, value_name = "FILE|HASH")]
    pub plan: Option<String>,
    /// Consent to delete and create again what cannot be changed in place
    #[arg(long, conflicts_with = "plan")]
    pub allow_replace: bool,
    /// Start without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Record the rollout and leave; nobody drives it until `seaway rollout resume`
    #[arg(long)]
    pub no_watch: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub leaving: super::watch::Leaving,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
