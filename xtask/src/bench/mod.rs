//! `cargo xtask bench …`: what Seaway costs, beside its goal, and beside peers and a floor measured in the same run.
//!
//! Absolute figures drift with the machine and its load; ratios within one run hold. A missed goal is shown and never
//! fails a run. What fails a run is a command that does not do what it was asked: then there is nothing to measure.

mod clusters;
mod floor;
mod kube;
mod machine;
mod manifests;
mod process;
mod render;
mod report;
mod seaway;
mod sim;
mod start_up;
mod store;
mod workspace;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use clusters::Clusters;
use report::{Report, Row, Unit};
use seaway::Seaway;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Real rollouts on real API servers (about fifteen minutes)
    #[command(after_help = "Examples:
  cargo xtask bench kube
  cargo xtask bench kube --only staged --only many --rounds 5 --json kube.json
  cargo xtask bench kube --small                   does every case work?")]
    Kube(kube::Args),
    /// Planning and running one service on thousands of simulated clusters
    Sim(sim::Args),
    /// Appending events to the store, next to a plain file
    Store(store::Args),
    /// Rendering charts and kustomizations, next to the real tools and to Helm's library
    Render(render::Args),
    /// Starting the program, next to git
    StartUp(start_up::Args),
}

/// What all benches take.
#[derive(Args)]
pub(crate) struct Output {
    /// Write the rows to a file as well, with all samples
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Kube(args) => kube::run(&args),
        Command::Render(args) => render::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Store(args) => store::run(&args),
        Command::StartUp(args) => start_up::run(&args),
    }
}
