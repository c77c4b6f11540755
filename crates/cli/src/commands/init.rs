//! `seaway init`: a small workspace that validates and renders.

use std::path::PathBuf;

use clap::ValueHint;

/// Write a small workspace: an environment, a service with manifests, and schemas for your editor.
///
/// Nothing that exists is overwritten, and either all files are written or none.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway init                                    into the current folder
  seaway init shop-deploy                        into a new folder
  seaway init --from-kubeconfig ~/.kube/config   an environment with the clusters of that file")]
pub struct Args {
    /// Folder; the current one, or that of `-C`, when left out
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
    /// Take the clusters from the contexts of this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub from_kubeconfig: Option<PathBuf>,
}
