//! `seaway demo`: a whole rollout in a minute.

use std::path::PathBuf;

use clap::ValueHint;

/// Watch a rollout over a fleet: six regions, twelve clusters, three stages.
///
/// Without options the fleet is simulated and its clock runs fast; nothing is needed and nothing is kept.
/// With `--kubeconfig` the same story runs for real on the clusters of that file, in a namespace of its own.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway demo                                        simulated, about half a minute
  seaway demo --speed 120                            faster
  seaway demo --kubeconfig clusters.yaml             for real, in the namespace `seaway-demo`
  seaway demo --kubeconfig clusters.yaml --clean-up  remove what it left there")]
pub struct Args {
    /// Roll out for real on the clusters of this file; each context is a region
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub kubeconfig: Option<PathBuf>,
    /// Remove what the demo left on these clusters
    #[arg(long, requires = "kubeconfig")]
    pub clean_up: bool,
    /// How many simulated seconds pass in a second
    #[arg(long, value_name = "FACTOR", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with = "kubeconfig")]
    pub speed: u32,
    /// Start without asking; only with `--kubeconfig`
    #[arg(short, long, requires = "kubeconfig")]
    pub yes: bool,
}

/// Rolls out.
///
/// # Errors
/// When the fleet cannot be made.
pub async fn run(_context: &crate::context::Context, _args: &Args) -> Result<crate::exit::Exit, crate::error::Error> {
    Err(crate::error::Error::new("the demo is not part of this build"))
}
