//! `seaway hld lock`: what each source is now.

use seaway_render::hld::{LOCK_FILE, Lock};
use serde::Serialize;

use crate::{
    atomic,
    commands::lock::short,
    context::Context,
    error::Error,
    exit::Exit,
    hld::{
        desk::{Desk, Reading},
        fetch::{self, Fetched, Fetching, Locking},
    },
};

/// Write down what each source from elsewhere is: commit, version and digest.
///
/// Sources that are locked stay as they are; with `--update` all are looked up anew. Commit `hld.lock`: the same
/// commit then renders the same everywhere.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway hld lock                             lock what is not locked yet
  seaway hld lock --update                    take the newest of every branch and version
  seaway hld lock -e prod -e prod,west        only what these environments need")]
pub struct Args {
    /// Look up everything anew
    #[arg(long)]
    pub update: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub fetching: Fetching,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reading: Reading,
}

/// One source of the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    source: String,
    resolved: String,
    digest: String,
    changed: bool,
}

/// Locks.
///
/// # Errors
/// When a source cannot be fetched.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let desk = Desk::open(context, None, &args.reading)?;
    let locking = if args.update { Locking::All } else { Locking::Missing };
    let (lock, _) = fetch::all(&desk, &args.fetching, locking)?;
    write(&desk, &lock)?;
    let rows: Vec<Row> = lock
        .iter()
        .map(|(source, locked)| Row {
            source: source.to_string(),
            resolved: locked.resolved.clone(),
            digest: locked.digest.to_string(),
            changed: desk.lock.get(source) != Some(locked),
        })
        .collect();
    context.show(&rows, || text(&desk, &lock))?;
    Ok(Exit::Done)
}

/// Writes the lock, unless it is there already as it is.
pub(super) fn write(desk: &Desk<'_>, lock: &Lock) -> Result<(), Error> {
    let text = lock.to_text(LOCK_FILE);
    let is_there = desk.tree.get(LOCK_FILE).is_some_and(|bytes| **bytes == *text.as_bytes());
    let is_needed = lock.iter().next().is_some() || desk.tree.get(LOCK_FILE).is_some();
    if is_there || !is_needed {
        return Ok(());
    }
    atomic::write(&desk.root.join(LOCK_FILE), text.as_bytes())
}

fn text(desk: &Desk<'_>, lock: &Lock) -> String {
    let mut out = String::new();
    for (source, locked) in lock.iter() {
        let mark = match desk.lock.get(source) {
            None => "+",
            Some(before) if before != locked => "~",
            Some(_) => " ",
        };
        out += &format!("{mark} {source} {} {}\n", short(&locked.resolved), locked.digest.short());
    }
    if out.is_empty() {
        out.push_str("nothing comes from elsewhere\n");
    }
    out
}

/// What was fetched, one a line.
pub(super) fn fetched_text(fetched: &[Fetched]) -> String {
    let line = |one: &Fetched| {
        let new = if one.was_locked { "" } else { ", newly locked" };
        format!("fetched {} {} {}{new}\n", one.source, short(&one.locked.resolved), one.locked.digest.short())
    };
    if fetched.is_empty() {
        return "everything is here\n".to_owned();
    }
    fetched.iter().map(line).collect()
}
