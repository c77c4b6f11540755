//! `seaway hld`: high-level definitions, the format of Fabrikate and Bedrock repositories.

use crate::{context::Context, error::Error, exit::Exit};

pub mod add;
pub mod check;
pub mod explain;
pub mod find;
pub mod generate;
pub mod install;
pub mod lock;
pub mod remove;
pub mod set;

/// Render and edit high-level definitions (Fabrikate, Bedrock).
///
/// A tree of components with layered configuration becomes manifests. The commands work in the current folder, or in
/// the one of `-C`, which holds `component.yaml`.
#[derive(clap::Subcommand, Debug)]
#[command(after_help = "Examples:
  seaway hld install                          fetch what the components name
  seaway hld generate prod                    render into generated/prod
  seaway hld explain shop/api -e prod         which file set a value
  seaway hld check                            what keeps the repository from the strict profile")]
#[allow(missing_docs)]
pub enum Verb {
    Lock(lock::Args),
    Install(install::Args),
    Generate(generate::Args),
    Check(check::Args),
    Explain(explain::Args),
    Set(set::Args),
    Add(add::Args),
    Remove(remove::Args),
    Find(find::Args),
}

/// Runs one of the verbs.
///
/// # Errors
/// As the verb says.
pub fn run(context: &Context, verb: &Verb) -> Result<Exit, Error> {
    match verb {
        Verb::Lock(args) => lock::run(context, args),
        Verb::Install(args) => install::run(context, args),
        Verb::Generate(args) => generate::run(context, args),
        Verb::Check(args) => check::run(context, args),
        Verb::Explain(args) => explain::run(context, args),
        Verb::Set(args) => set::run(context, args),
        Verb::Add(args) => add::run(context, args),
        Verb::Remove(args) => remove::run(context, args),
        Verb::Find(args) => find::run(context, args),
    }
}
