//! `seaway rollout list`.

/// List rollouts, the newest first.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway rollout list
  seaway rollout list -e prod --service shop
  seaway rollout list --open -o json")]
pub struct Args {
    /// Only of this environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Only with this service
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Only those that have not ended
    #[arg(long)]
    pub open: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
}
