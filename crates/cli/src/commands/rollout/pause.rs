//! `seaway rollout pause`.

/// Start no further step until `seaway rollout resume`; what is in flight goes on.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout pause 0199a8 --reason 'incident 7'")]
pub struct Args {
    /// Rollout: its id, or the start or end of it
    #[arg(value_name = "ID")]
    pub rollout: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
