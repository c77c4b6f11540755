//! `seaway get`: lists of what the workspace and its record hold.

use clap::ValueEnum;

/// List environments, services, targets, rollouts or plans.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway get environments
  seaway get targets -e prod
  seaway get targets k8s-westus2-1 -e prod -o yaml
  seaway get rollouts -o json")]
pub struct Args {
    /// What to list
    #[arg(value_enum)]
    pub kind: Kind,
    /// Only these names, or hashes and ids that start so
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Only of this environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: Option<String>,
}

/// What can be listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Kind {
    /// Fleets of the workspace
    #[value(alias = "environment", alias = "env")]
    Environments,
    /// Services of the workspace
    #[value(alias = "service", alias = "svc")]
    Services,
    /// Clusters, with their stage and region
    #[value(alias = "target", alias = "clusters")]
    Targets,
    /// Rollouts, the newest first
    #[value(alias = "rollout")]
    Rollouts,
    /// Kept plans, the newest first
    #[value(alias = "plan")]
    Plans,
}
