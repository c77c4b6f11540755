//! From a service's declaration to the files that it is rendered from.

use std::path::PathBuf;

use seaway_core::declaration::{HelmSource, Service, Source};
use seaway_render::Tree;

use crate::{
    Error,
    workspace::{Reach, TreeReader},
};

/// Where the files of a service's source come from.
pub trait Sources: Send + Sync {
    /// The files of a service's source.
    ///
    /// # Errors
    /// When they cannot be read.
    fn tree(&self, service: &Service) -> Result<Tree, Error>;
}

/// Sources in a workspace on disk.
pub struct DiskSources(pub PathBuf);

impl Sources for DiskSources {
    fn tree(&self, service: &Service) -> Result<Tree, Error> {
        let mut reader = TreeReader::new(&self.0);
        let everything = |_: &str| true;
        let root = match &service.source {
            Source::Manifests { path } => {
                reader.read(path, "", Reach::Manifests, &everything)?;
                path.as_str()
            }
            Source::Kustomize(_) | Source::Hld(_) => {
                let path = service.source.path();
                reader.read(path, "", Reach::Everything, &everything)?;
                path
            }
            // The chart and its files of values may be anywhere in the workspace, so paths are relative to it.
            Source::Helm(helm) => {
                reader.read(&helm.chart, &below(&helm.chart), Reach::Everything, &everything)?;
                value_files(helm, &mut reader)?;
                ""
            }
        };
        Tree::of(root, reader.files()).map_err(Error::Findings)
    }
}

/// Reads every file of values that any target may ask for.
fn value_files(helm: &HelmSource, reader: &mut TreeReader<'_>) -> Result<(), Error> {
    for pattern in &helm.value_files {
        match pattern.split_once("${") {
            None => reader.read(pattern, "", Reach::Everything, &|_| true)?,
            Some((fixed, _)) => {
                let folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
                reader.read(folder, &below(folder), Reach::Everything, &|path| helm.is_value_file(path))?;
            }
        }
    }
    Ok(())
}

fn below(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("{folder}/") }
}
