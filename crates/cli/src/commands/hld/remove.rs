//! `seaway hld remove`: entries of the component file.

use seaway_render::hld::edit::remove;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::desk::{Desk, Reading},
};

/// Remove subcomponents from the component in this folder. Unknown names are said, and are no error.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld remove cache
  seaway hld remove cache search")]
pub struct Args {
    /// Names
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Removes.
///
/// # Errors
/// When the component file cannot be read or written.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::alone(context, &args.reading)?;
    let edited = remove(&desk.tree, "", desk.settings.profile, &args.names).map_err(|found| desk.refuse(&found))?;
    desk.write(&edited)?;
    super::add::say(context, &edited)?;
    Ok(Exit::Done)
}
