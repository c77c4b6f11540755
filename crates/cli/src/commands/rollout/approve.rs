//! `seaway rollout approve`.

/// Open an approval gate: sign the hash of the plan that you have read.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout approve prod-261103-k3                               show what you sign, and ask
  seaway rollout approve prod-261103-k3 --stage broad --plan 4f2a91c03b7d --reason 'canary looks good'

Exit codes: 0 approved, 6 refused, 1 error.")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Stage; the one that waits when left out
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,
    /// Hash of the plan that you have read, or at least 8 digits of it; asked for when left out
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
