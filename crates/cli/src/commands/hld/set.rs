//! `seaway hld set`: configuration values.

use std::path::PathBuf;

use seaway_render::hld::edit::{Assignments, set};

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::desk::{Desk, Reading},
};

/// Most bytes of a file of values.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// Set configuration values of the component in this folder.
///
/// Comments and the order of keys stay. In the compat profile every value is text, as Fabrikate writes it; in the
/// strict one `5` is a number and `true` a boolean.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld set --environment prod replicas=5
  seaway hld set --subcomponent api.chart image.tag=v2 image.repository=shop/api
  seaway hld set 'annotations.\"example.com/team\"=shop'      a key with dots
  seaway hld set --file values.yaml                          every value of a file")]
pub struct Args {
    /// `key.path=value`; dots inside double quotes belong to the key
    #[arg(value_name = "KEY=VALUE")]
    pub values: Vec<String>,
    /// Environment
    #[arg(short, long, value_name = "ENV", default_value = "common")]
    pub environment: String,
    /// Subcomponent, with dots between levels
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub subcomponent: String,
    /// YAML file whose values are set first
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Refuse keys that are not in the file yet
    #[arg(long)]
    pub no_new_config_keys: bool,
    /// Take every value as text
    #[arg(long)]
    pub string: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Sets.
///
/// # Errors
/// When an argument or the file is wrong; nothing is written then.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::alone(context, &args.reading)?;
    let file = match &args.file {
        None => None,
        Some(path) => {
            let failed =
                |error: std::io::Error| Error::new(format!("cannot read `{}`", path.display())).because(&error);
            if std::fs::metadata(path).map_err(failed)?.len() > FILE_BYTES_MAX {
                return Err(Error::new(format!("`{}` has more than {FILE_BYTES_MAX} bytes", path.display())));
            }
            Some((path.display().to_string(), std::fs::read_to_string(path).map_err(failed)?))
        }
    };
    let assignments = Assignments {
        environment: &args.environment,
        subcomponent: &args.subcomponent,
        file: file.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        arguments: &args.values,
        only_known: args.no_new_config_keys,
        as_text: args.string,
    };
    let edited = set(&desk.tree, "", desk.settings.profile, &assignments).map_err(|found| desk.refuse(&found))?;
    desk.write(&edited)?;
    super::add::say(context, &edited)?;
    Ok(Exit::Done)
}
