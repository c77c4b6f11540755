//! `seaway validate`: every finding in the declarations.

/// Check every declaration of the workspace and report all findings.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway validate                    check the workspace that this folder is in
  seaway validate -C examples/shop   check another one
  seaway validate -o json            for programs and editors

Exit codes: 0 no errors, 1 errors.")]
pub struct Args {
    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,
}
