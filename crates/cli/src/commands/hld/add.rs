//! `seaway hld add`: an entry of the component file.

use seaway_render::hld::{
    SETTINGS_FILE,
    edit::{Edited, NewEntry, add},
};
use serde_json::json;

use crate::{
    atomic,
    context::Context,
    error::Error,
    exit::Exit,
    hld::desk::{Desk, Reading},
};

/// What a new repository says of itself.
const NEW_SETTINGS: &str = "profile: strict\n";

/// Add a subcomponent to the component in this folder, or replace the one of this name.
///
/// In a folder without definitions a component file is made, and `hld.yaml` with the strict profile.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld add infra --source https://git.example/infra --version v1.2
  seaway hld add api --source ./api --method local
  seaway hld add cache --type helm --method helm --source https://charts.example --path redis --version 19.0.1
  seaway hld add chart --type helm --method git --source https://git.example/charts --path stable/api --branch main")]
pub struct Args {
    /// Name
    pub name: String,
    /// Git or chart repository, or a folder
    #[arg(long)]
    pub source: String,
    /// `component`, `helm`, `static` or `kustomize`
    #[arg(long = "type", default_value = "component", value_name = "TYPE")]
    pub kind: String,
    /// `git`, `helm`, `local` or `http`
    #[arg(long, default_value = "git")]
    pub method: String,
    /// Folder or chart in the source
    #[arg(long, default_value = "", hide_default_value = true)]
    pub path: String,
    /// Branch; `master` when neither branch nor version is named
    #[arg(long, default_value = "", hide_default_value = true)]
    pub branch: String,
    /// Commit, tag or chart version
    #[arg(long, default_value = "", hide_default_value = true)]
    pub version: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// Adds.
///
/// # Errors
/// When the component file cannot be read or written.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::alone(context, &args.reading)?;
    let entry = NewEntry {
        name: &args.name,
        source: &args.source,
        kind: &args.kind,
        method: &args.method,
        path: &args.path,
        branch: &args.branch,
        version: &args.version,
    };
    let folder = desk.root.canonicalize().ok();
    let name = folder.as_ref().and_then(|folder| folder.file_name()?.to_str()).unwrap_or("root");
    let is_new_repository = desk.is_new() && !is_inside_another(&desk);
    let edited = add(&desk.tree, "", name, desk.settings.profile, &entry).map_err(|found| desk.refuse(&found))?;
    desk.write(&edited)?;
    if is_new_repository {
        atomic::write(&desk.root.join(SETTINGS_FILE), NEW_SETTINGS.as_bytes())?;
    }
    say(context, &edited)?;
    Ok(Exit::Done)
}

/// Whether a folder above has definitions, which this one is then part of.
fn is_inside_another(desk: &Desk<'_>) -> bool {
    let Ok(root) = desk.root.canonicalize() else { return false };
    let is_one = |folder: &std::path::Path| {
        ["component.yaml", "component.json", SETTINGS_FILE].iter().any(|name| folder.join(name).exists())
    };
    root.ancestors().skip(1).any(is_one)
}

/// Says which file was written.
pub(super) fn say(context: &Context, edited: &Edited) -> Result<(), Error> {
    let answer = json!({"file": edited.path, "new": edited.is_new});
    let verb = if edited.is_new { "made" } else { "changed" };
    context.show(&answer, || format!("{verb} {}\n", edited.path))
}
