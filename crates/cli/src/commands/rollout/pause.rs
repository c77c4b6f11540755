//! `seaway rollout pause`.

/// Start no further step until `seaway rollout resume`; what is in flight goes on.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout pause prod-261103-k3 --reason 'incident 7'")]
pub struct Args {
    /// Rollout: its id, or the start of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
