//! `cargo xtask oracle …`: the real tools beside Seaway's own renderers, over the same trees.
//!
//! The tools are for tests alone: named by path, or fetched by digest.

pub(crate) mod helm;
mod kustomize;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// `helm template` of Helm 3 and Helm 4 beside Seaway
    Helm(helm::Args),
    /// `kubectl kustomize` beside Seaway
    Kustomize(kustomize::Args),
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Helm(args) => helm::run(&args),
        Command::Kustomize(args) => kustomize::run(&args),
    }
}
