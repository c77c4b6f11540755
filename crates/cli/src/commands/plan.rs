//! `seaway plan`: what would change, where, and why.

use std::path::PathBuf;

use clap::ValueHint;

/// Say what a rollout would change, target by target, without changing anything.
///
/// The plan is kept: `seaway rollout start --plan HASH` runs exactly it, and refuses when the clusters have
/// changed since.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway plan shop -e prod                     what would change
  seaway plan -e prod                          the same for all services
  seaway plan shop cart -e prod -v             with the reason for every target
  seaway plan shop -e prod --out plan.json     keep it as a file, for review and approval
  seaway plan shop -e prod -o json             for programs

Exit codes: 0 nothing to do, 2 there are changes, 1 error.")]
pub struct Args {
    /// Services; all of the workspace when left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    /// Write the plan to a file as well
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Consent to delete and create again what cannot be changed in place
    #[arg(long)]
    pub allow_replace: bool,
    /// Plan that this one replaces, by hash
    #[arg(long, value_name = "HASH")]
    pub parent: Option<String>,
}
