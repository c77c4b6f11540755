//! `seaway adopt`: what Seaway would take over, before it owns anything.

/// Say which objects on the clusters exist already and would become Seaway's own, who manages their fields
/// now, and what would conflict. Changes nothing.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway adopt shop -e prod                what Seaway would take over on the clusters of prod
  seaway adopt shop -e prod -o json        for programs

Exit codes: 0 nothing to take over, 2 there is, 1 error.")]
pub struct Args {
    /// Service
    pub service: String,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
}
