//! Every developer command of this repository: `cargo xtask --help`. What runs in CI is here and nowhere else.

mod bench;
mod kube;
mod kustomize_schema;
mod oracle;
mod phases;
mod setup;
mod tidy;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of this repository", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints and architecture: what must hold before a commit
    Check,
    /// Everything that CI runs, on a machine that has what it needs
    Test,
    /// Install what the tests need and is missing
    Setup,
    /// `setup`, then `test`: exactly what CI runs
    Ci,
    /// Architecture checks alone: crate arrows, purity, file sizes, error pages
    Tidy,
    /// Real Kubernetes clusters on this machine, to play with
    #[command(subcommand)]
    Kube(kube::Command),
    /// Write anew what merges of kustomizations know about Kubernetes' kinds
    KustomizeSchema(kustomize_schema::Args),
    /// The real tools beside Seaway's own renderers
    #[command(subcommand)]
    Oracle(oracle::Command),
    /// Measure Seaway beside its floor and its peers; docs/performance.md has the results
    #[command(subcommand)]
    Bench(bench::Command),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    std::env::set_current_dir(root()).with_context(|| format!("cannot enter {}", root().display()))?;
    match command {
        Command::Check => phases::run(phases::CHECK),
        Command::Test => phases::run(phases::TEST),
        Command::Setup => setup::run(),
        Command::Ci => {
            setup::run()?;
            phases::run(phases::TEST)
        }
        Command::Tidy => tidy::run(),
        Command::Kube(command) => kube::run(command),
        Command::KustomizeSchema(args) => kustomize_schema::run(&args),
        Command::Oracle(command) => oracle::run(command),
        Command::Bench(command) => bench::run(command),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.parent().map_or_else(|| own.clone(), PathBuf::from)
}
