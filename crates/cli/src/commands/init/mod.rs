//! `seaway init`: a small workspace that validates and renders.

pub mod kubeconfig;
mod template;

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde::Serialize;

use crate::{
    atomic,
    commands::schema::{self, FileFormat},
    context::{self, Context},
    error::Error,
    exit::Exit,
    output::text,
};

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

/// What programs read.
#[derive(Serialize)]
struct Written<'a> {
    folder: String,
    environment: &'a str,
    service: &'a str,
    files: Vec<&'a str>,
}

/// Writes the workspace.
///
/// # Errors
/// When a file exists already, or cannot be written; nothing is written then.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let folder = args.folder.clone().or_else(|| context.folder.clone()).unwrap_or_else(|| PathBuf::from("."));
    let (name, environment) = match &args.from_kubeconfig {
        None => (template::ENVIRONMENT, template::environment()),
        Some(path) => (kubeconfig::ENVIRONMENT, kubeconfig::environment(path, &folder)?),
    };
    let environment_path = format!("environments/{name}.yaml");
    let mut files: Vec<(&str, String)> = vec![(&environment_path, environment)];
    files.extend(template::SERVICE_FILES.iter().map(|(path, text)| (*path, (*text).to_owned())));
    for (path, format) in [
        (".seaway/schema/environment.json", FileFormat::Environment),
        (".seaway/schema/service.json", FileFormat::Service),
    ] {
        files.push((path, context::json(&schema::of(format))?));
    }
    files.push((".seaway/.gitignore", template::GITIGNORE.to_owned()));
    atomic::write_new(&folder, &files)?;
    let written = Written {
        folder: folder.display().to_string(),
        environment: name,
        service: template::SERVICE,
        files: files.iter().map(|(path, _)| *path).collect(),
    };
    context.show(&written, || report(&written, &folder))?;
    Ok(Exit::Done)
}

fn report(written: &Written<'_>, folder: &Path) -> String {
    let flag = if folder == Path::new(".") { String::new() } else { format!(" -C {}", folder.display()) };
    let list: String = written.files.iter().map(|file| format!("  {file}\n")).collect();
    let (environment, service) = (written.environment, written.service);
    format!(
        "wrote {} into {}\n{list}\nnext:\n  \
         seaway{flag} validate\n  \
         seaway{flag} render {service} -e {environment}\n  \
         seaway{flag} plan {service} -e {environment}        once the clusters of environments/{environment}.yaml are yours\n",
        text::count(written.files.len(), "file"),
        written.folder,
    )
}
