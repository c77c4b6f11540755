//! `seaway schema`: JSON Schemas for editors.

use clap::ValueEnum;

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
