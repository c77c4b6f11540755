//! `seaway lock`: what each source from elsewhere is now.

use seaway_core::declaration::Service;
use seaway_engine::{
    fetch::Fetcher,
    locking::{Locking, gather},
};
use seaway_render::remote::{LOCK_FILE, Lock};
use serde::Serialize;

use crate::{
    atomic,
    context::Context,
    error::Error,
    exit::Exit,
    fetching::{Reach, Transport, allowed, remark},
    session::Session,
};

/// Write down what each source from elsewhere is: commit, version and digest.
///
/// Charts of repositories and registries, Git repositories, remote bases of kustomizations, subcharts and components of
/// high-level definitions. Sources that are locked stay as they are; with `--update` all are looked up anew. Commit
/// `seaway.lock`: the same commit then renders the same everywhere. What a definition locks in its own `hld.lock` stays
/// there.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway lock                        lock what is not locked yet
  seaway lock --update               take the newest of every branch and version
  seaway lock --check                fail when the lock is not what the services name

Exit codes: 0 done, 1 error, or with `--check` a lock that is not up to date.")]
pub struct Args {
    /// Look up everything anew
    #[arg(long)]
    pub update: bool,
    /// Write nothing; fail when something would be written
    #[arg(long)]
    pub check: bool,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

/// One source of the answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    source: String,
    resolved: String,
    digest: String,
    change: Change,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Change {
    Same,
    Added,
    Changed,
    Removed,
}

/// Locks.
///
/// # Errors
/// When declarations or sources have errors, or a source cannot be fetched.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let workspace = session.declarations()?;
    let reach = Reach { offline: false, transports: args.transports.clone() };
    let sources = reach.sources(&session)?;
    let services: Vec<&Service> = workspace.services.values().collect();
    let locking = if args.update { Locking::All } else { Locking::Missing };
    let cache = sources.cache().map_err(|error| session.explain(error))?;
    let mut fetcher = Fetcher::new(&cache, allowed(&args.transports), &remark);
    let gathered = gather(&sources, &workspace, &services, locking, &mut fetcher);
    let lock = gathered.map_err(|error| session.explain(error))?.lock;
    let rows = rows(sources.lock(), &lock);
    context.show(&rows, || text(&rows))?;
    let path = session.root.join(LOCK_FILE);
    let wanted = lock.to_text(LOCK_FILE);
    // A workspace with nothing from elsewhere needs no lock, and keeps one that it has.
    let is_there = match std::fs::read(&path) {
        Ok(bytes) => bytes == wanted.as_bytes(),
        Err(_) => lock.iter().next().is_none(),
    };
    if is_there {
        return Ok(Exit::Done);
    }
    if args.check {
        return Err(Error::new(format!("`{LOCK_FILE}` is not what the services name"))
            .hint("run `seaway lock` and commit the file"));
    }
    atomic::write(&path, wanted.as_bytes())?;
    Ok(Exit::Done)
}

fn rows(before: &Lock, after: &Lock) -> Vec<Row> {
    let row = |source: &seaway_render::remote::Source, locked: &seaway_render::remote::Locked, change| Row {
        source: source.to_string(),
        resolved: locked.resolved.clone(),
        digest: locked.digest.to_string(),
        change,
    };
    let kept = after.iter().map(|(source, locked)| {
        let change = match before.get(source) {
            None => Change::Added,
            Some(old) if old == locked => Change::Same,
            Some(_) => Change::Changed,
        };
        row(source, locked, change)
    });
    let gone = before.iter().filter(|(source, _)| after.get(source).is_none());
    kept.chain(gone.map(|(source, locked)| row(source, locked, Change::Removed))).collect()
}

fn text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "nothing comes from elsewhere\n".to_owned();
    }
    let line = |row: &Row| {
        let mark = match row.change {
            Change::Same => " ",
            Change::Added => "+",
            Change::Changed => "~",
            Change::Removed => "-",
        };
        let digest = row.digest.trim_start_matches("sha256:");
        format!("{mark} {} {} {}\n", row.source, short(&row.resolved), digest.get(..12).unwrap_or(digest))
    };
    rows.iter().map(line).collect()
}

/// A commit short, a version whole.
pub(crate) fn short(resolved: &str) -> &str {
    if resolved.len() == 40 { resolved.get(..12).unwrap_or(resolved) } else { resolved }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_may_hold_any_text() {
        assert_eq!(short("1.2.3"), "1.2.3");
        assert_eq!(short(&"a".repeat(40)), "aaaaaaaaaaaa");
        // Forty bytes whose twelfth is inside a letter.
        let odd = format!("{}é{}", "a".repeat(11), "b".repeat(27));
        assert_eq!((odd.len(), short(&odd)), (40, odd.as_str()));
    }
}
