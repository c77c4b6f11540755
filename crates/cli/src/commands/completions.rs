//! `seaway completions`: scripts that let a shell complete the command.

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::{cli::Cli, context::Context, error::Error, exit::Exit};

/// Print a script that lets your shell complete `seaway` commands.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway completions bash > /etc/bash_completion.d/seaway
  seaway completions zsh > \"${fpath[1]}/_seaway\"
  seaway completions fish > ~/.config/fish/completions/seaway.fish
  seaway completions powershell >> $PROFILE")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    pub shell: Supported,
}

/// Shells that are tested.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
#[allow(missing_docs)]
pub enum Supported {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Prints the script.
///
/// # Errors
/// When it cannot be written.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let shell = match args.shell {
        Supported::Bash => Shell::Bash,
        Supported::Zsh => Shell::Zsh,
        Supported::Fish => Shell::Fish,
        Supported::Powershell => Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "seaway", &mut script);
    context.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
