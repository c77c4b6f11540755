//! `seaway man`: manual pages from the definition of the command line.

use std::path::PathBuf;

use clap::{Command, CommandFactory, ValueHint};

use crate::{atomic, cli::Cli, context::Context, error::Error, exit::Exit};

/// Print the manual page, or write the pages of all commands into a folder.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway man | man -l -
  seaway man --to ~/.local/share/man/man1")]
pub struct Args {
    /// Folder for one page per command; it must exist
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,
}

/// Prints or writes the pages.
///
/// # Errors
/// When they cannot be written.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.to else {
        context.print(&String::from_utf8_lossy(&page(&command, "seaway")?))?;
        return Ok(Exit::Done);
    };
    let mut written = 0;
    write_pages(folder, &command, "seaway", &mut written)?;
    context.print(&format!("{written} pages in {}\n", folder.display()))?;
    Ok(Exit::Done)
}

fn write_pages(folder: &std::path::Path, command: &Command, name: &str, written: &mut u32) -> Result<(), Error> {
    atomic::write(&folder.join(format!("{name}.1")), &page(command, name)?)?;
    *written += 1;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write_pages(folder, verb, &format!("{name}-{}", verb.get_name()), written)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> Result<Vec<u8>, Error> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone().display_name(name.to_owned()).bin_name(name.replace('-', " ")));
    man.render(&mut page).map_err(|error| Error::new("cannot make the manual page").because(&error))?;
    Ok(page)
}
