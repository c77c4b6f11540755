//! The command line: global options and the list of verbs. Each verb's own options are in its file.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum, ValueHint};

use crate::{commands, terminal::ColorChoice};

/// Staged, health-gated rollouts over fleets of Kubernetes clusters.
///
/// A workspace folder declares environments and services. `seaway plan` says what would change where, and why;
/// `seaway rollout start` makes it so, stage by stage: a stage opens only when the one before it is healthy,
/// has baked, and its gates are open.
#[derive(Parser, Debug)]
#[command(
    name = "seaway",
    version,
    max_term_width = 110,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_long_help = "Examples:
  seaway demo                              watch a simulated fleet roll out; needs nothing
  seaway init                              write a small workspace into this folder
  seaway validate                          check every declaration
  seaway plan shop -e prod                 what would change, where, and why
  seaway rollout start shop -e prod        make it so, and watch
  seaway rollout explain                   why does it not move?

Exit codes: 0 done or nothing to do, 1 error, 2 there are changes, 3 rollout failed, 4 stopped,
5 waits for a person, 6 refused, 7 not ended, 130 left by Ctrl-C."
)]
pub struct Cli {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub global: Global,
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub verb: Verb,
}

/// Options that every verb takes.
#[derive(clap::Args, Clone, Debug)]
pub struct Global {
    /// Workspace folder; looked for from the current folder upwards when left out
    #[arg(short = 'C', long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Global options")]
    pub workspace: Option<PathBuf>,
    /// Form of the output
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    pub output: Format,
    /// When to use colours; `NO_COLOR` is honoured
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Global options")]
    pub color: ColorChoice,
    /// Who acts, for the record; the user of the operating system when left out
    #[arg(
        long = "as",
        global = true,
        value_name = "NAME",
        env = "SEAWAY_USER",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    pub user: Option<String>,
    /// Say more: reasons with `-v`, what the program does with `-vv`
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// Form of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs; stable
    Json,
    /// The same as JSON, as YAML
    Yaml,
}

/// What to do.
#[derive(Subcommand, Debug)]
#[allow(missing_docs)]
pub enum Verb {
    Init(commands::init::Args),
    Validate(commands::validate::Args),
    Schema(commands::schema::Args),
    Render(commands::render::Args),
    Diff(commands::diff::Args),
    Adopt(commands::adopt::Args),
    Plan(commands::plan::Args),
    #[command(subcommand)]
    Rollout(commands::rollout::Verb),
    Get(commands::get::Args),
    Lock(commands::lock::Args),
    Install(commands::install::Args),
    #[command(subcommand)]
    Hld(commands::hld::Verb),
    Demo(commands::demo::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}
