//! `seaway hld find`: components in repositories of definitions.

use seaway_git::{Cache, Git, Limits, Reference, Remote};
use seaway_render::{Tree, hld::find};
use serde::Serialize;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    fetching::{Transport, allowed},
    hld::desk::{Desk, Reading},
};

/// Look for components in the catalogues that `hld.yaml` names.
///
/// A catalogue is a Git repository with one folder for each component below `definitions/`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld find redis
  seaway hld find redis --catalogue https://git.example/definitions")]
pub struct Args {
    /// Word in a path or a file
    pub word: String,
    /// Catalogue, instead of those of `hld.yaml`
    #[arg(long, value_name = "URL")]
    pub catalogue: Vec<String>,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    catalogue: String,
    component: String,
}

/// Finds.
///
/// # Errors
/// When there is no catalogue, or one cannot be fetched.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::alone(context, &Reading::default())?;
    let catalogues = if args.catalogue.is_empty() { &desk.settings.catalogues } else { &args.catalogue };
    if catalogues.is_empty() {
        return Err(Error::new("there is no catalogue to look in")
            .hint("name one with `--catalogue URL`, or below `catalogues` in `hld.yaml`"));
    }
    let mut hits = Vec::new();
    for url in catalogues {
        let tree = catalogue(&desk, args, url)?;
        let found = find(&tree, &args.word);
        hits.extend(
            found.into_iter().map(|name| Hit { catalogue: tree.root().to_owned(), component: name.to_owned() }),
        );
    }
    context.show(&hits, || match hits.is_empty() {
        true => format!("no component with `{}`\n", args.word),
        false => hits.iter().map(|hit| format!("{}  ({})\n", hit.component, hit.catalogue)).collect(),
    })?;
    Ok(Exit::Done)
}

/// The newest commit of a catalogue.
fn catalogue(desk: &Desk<'_>, args: &Args, url: &str) -> Result<Tree, Error> {
    let transports = allowed(&args.transports);
    let failed = |error: seaway_git::Error| Error::new("cannot fetch the catalogue").because(&error);
    let git = Git::find(Limits::default()).map_err(failed)?;
    let remote = Remote::new(url, transports).map_err(failed)?;
    let cache = Cache::open(&git, &desk.cache.join("git"), remote.url()).map_err(failed)?;
    let commit = cache.resolve(&remote, &Reference::Head).map_err(failed)?;
    cache.fetch(&remote, &commit).map_err(failed)?;
    let files = cache.read(&commit, "definitions").map_err(failed)?;
    let files = files.into_iter().map(|(path, bytes)| (format!("definitions/{path}"), bytes));
    Tree::of(remote.url(), files).map_err(|found| {
        let mut error = Error::new("the catalogue's files cannot be taken");
        error.causes = found.into_iter().map(|finding| finding.message).take(5).collect();
        error
    })
}
