//! `cargo xtask oracle …`: the real tools beside Seaway's own renderers, over the same trees.
//!
//! The tools are for tests alone and are named by path; nothing is fetched here.

mod kustomize;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// `kubectl kustomize` beside Seaway
    Kustomize(kustomize::Args),
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Kustomize(args) => kustomize::run(&args),
    }
}
