//! `seaway demo`: a whole rollout in a minute.

use std::path::PathBuf;

use clap::ValueHint;

use crate::{context::Context, demo, error::Error, exit::Exit};

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
/// When the fleet cannot be made or reached.
pub async fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    match &args.kubeconfig {
        None => demo::simulated::run(context, args.speed).await,
        Some(kubeconfig) if args.clean_up => demo::real::clean_up(context, kubeconfig, args.yes).await,
        Some(kubeconfig) => demo::real::run(context, kubeconfig, args.yes).await,
    }
}
