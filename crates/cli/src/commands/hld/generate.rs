//! `seaway hld generate`: manifests of one environment set.

use seaway_core::{
    diagnostic::{Diagnostic, has_errors},
    digest::Digest,
};
use seaway_render::{
    Native,
    helm::functions::Entropy,
    hld::{Generated, Hook, Request, Summary, generate, validate},
    remote::View,
};
use serde::Serialize;

use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    hld::{
        desk::{Desk, Reading, Top},
        hooks, output,
    },
};

/// Render the components into `generated/<environments>`.
///
/// The first environment named wins; `common` is always added below them. Only that folder is replaced, and only
/// when nothing is wrong. Nothing is fetched: `seaway hld install` does that.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld generate prod                    into generated/prod
  seaway hld generate west prod               into generated/west-prod; `west` wins
  seaway hld generate --validate prod         check that every document is an object
  seaway hld generate prod --root ../..       with charts above, outside of a Git work tree
  seaway hld generate prod -o json            what was made, with digests
  seaway hld generate prod --run-hooks        with the hooks of this repository and of `trustedHooks`")]
pub struct Args {
    /// Environments, the first wins
    #[arg(value_name = "ENV")]
    pub environments: Vec<String>,
    /// Check that every document is an object with a name; asks no cluster
    #[arg(long)]
    pub validate: bool,
    /// Run the components' hooks on a copy of the definitions, without a network
    #[arg(long)]
    pub run_hooks: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub top: Top,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// What was made.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    folder: &'a str,
    files: Vec<File<'a>>,
    components: &'a [Summary],
    hooks: &'a [Hook],
    remarks: &'a [Diagnostic],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    path: &'a str,
    bytes: usize,
    digest: Digest,
}

/// Generates.
///
/// # Errors
/// When anything is wrong; nothing is written then.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut desk = Desk::open(context, None, &args.top, &args.reading)?;
    let made = if args.run_hooks {
        desk.settings.are_hooks_run = true;
        hooks::around(&desk, &args.environments)?
    } else {
        render(&desk, &args.environments).map_err(|found| desk.refuse(&found))?
    };
    desk.show(&made.remarks);
    if args.validate {
        let found = validate(&made);
        if has_errors(&found) {
            return Err(desk.refuse(&found));
        }
    }
    output::replace(&desk.root, &made)?;
    let file = |(path, bytes): (&'_ String, &Vec<u8>)| (path.clone(), bytes.len(), Digest::of(bytes));
    let files: Vec<(String, usize, Digest)> = made.files.iter().map(file).collect();
    let answer = Answer {
        folder: &made.folder,
        files: files.iter().map(|(path, bytes, digest)| File { path, bytes: *bytes, digest: digest.clone() }).collect(),
        components: &made.components,
        hooks: &made.hooks,
        remarks: &made.remarks,
    };
    context.show(&answer, || {
        let (components, files) = (made.components.len(), made.files.len());
        let plural = |count: usize, one: &str| crate::output::text::count(count, one);
        format!("{}: {} of {}\n", made.folder, plural(files, "file"), plural(components, "component"))
    })?;
    Ok(Exit::Done)
}

/// Renders one environment set of a desk.
pub(super) fn render(desk: &Desk<'_>, environments: &[String]) -> Result<Generated, Vec<Diagnostic>> {
    native(&desk.request(environments))
}

/// Renders with Seaway's own renderers.
pub(crate) fn native(request: &Request<'_>) -> Result<Generated, Vec<Diagnostic>> {
    generate(request, &Native::new(View { lock: request.lock, store: request.store }, Entropy::Refuse))
}
