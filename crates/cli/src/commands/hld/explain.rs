//! `seaway hld explain`: which file set a value.

use seaway_render::hld::explain;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::desk::{Desk, Reading, Top},
};

/// Show for each value of a component which file set it, and which files it beat.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld explain shop/api/chart -e prod                       everything
  seaway hld explain shop/api/chart config.image -e prod          the image alone
  seaway hld explain shop/api/chart -e west -e prod -o json       `west` above `prod`")]
pub struct Args {
    /// Component, by the names of the entries that lead to it
    pub component: String,
    /// Only the values at or below this path, such as `config.image`
    #[arg(default_value = "", hide_default_value = true)]
    pub key: String,
    /// Environment; several from the highest to the lowest
    #[arg(short, long, value_name = "ENV")]
    pub environment: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub top: Top,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Explains.
///
/// # Errors
/// When there is no such component, or the definitions cannot be read.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::open(context, None, &args.top, &args.reading)?;
    let request = desk.request(&args.environment);
    let explained = explain(&request, &args.component, &args.key).map_err(|found| desk.refuse(&found))?;
    context.show(&explained, || {
        let mut out = String::new();
        for value in &explained.values {
            out += &format!("{} = {}  ({})\n", value.path, value.value, value.place);
            for (shown, place) in &value.beaten {
                out += &format!("    beats {shown}  ({place})\n");
            }
        }
        if out.is_empty() {
            out.push_str("no values\n");
        }
        out
    })?;
    Ok(Exit::Done)
}
