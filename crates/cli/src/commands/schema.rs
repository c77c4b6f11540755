//! `seaway schema`: JSON Schemas for editors.

use clap::ValueEnum;
use seaway_core::declaration::{Kind, schema};
use serde_json::Value;

use crate::{
    context::{self, Context},
    error::Error,
    exit::Exit,
};

/// Print the JSON Schema of a file format.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway schema service > .seaway/schema/service.json
  seaway schema plan | jq .title

Editors that use the YAML language server read the schema from a line such as
  # yaml-language-server: $schema=.seaway/schema/service.json
`seaway init` writes both.")]
pub struct Args {
    /// The format
    #[arg(value_enum)]
    pub format: FileFormat,
}

/// Formats with a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FileFormat {
    /// `kind: Environment`
    Environment,
    /// `kind: Service`
    Service,
    /// What `seaway plan --out` writes
    Plan,
}

/// The schema of a format.
pub fn of(format: FileFormat) -> Value {
    match format {
        FileFormat::Environment => schema(Kind::Environment),
        FileFormat::Service => schema(Kind::Service),
        FileFormat::Plan => seaway_core::plan::schema(),
    }
}

/// Prints the schema, as JSON unless YAML is asked for.
///
/// # Errors
/// When it cannot be written.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let schema = of(args.format);
    context.show(&schema, || context::json(&schema).unwrap_or_default())?;
    Ok(Exit::Done)
}
