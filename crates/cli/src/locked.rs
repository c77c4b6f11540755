//! What was locked and fetched, for the verbs of services and of definitions alike.

use std::{fs, io::ErrorKind, path::Path};

use seaway_engine::locking::Fetched;
use seaway_render::remote::{Lock, Locked, Source};
use serde::Serialize;

use crate::{atomic, error::Error};

/// One source of a lock.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    source: String,
    resolved: String,
    digest: String,
    change: Change,
}

/// What became of a source.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Change {
    Same,
    Added,
    Changed,
    Removed,
}

/// Every source of two locks.
pub fn rows(before: &Lock, after: &Lock) -> Vec<Row> {
    let row = |source: &Source, locked: &Locked, change| Row {
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

/// The rows, one a line.
pub fn text(rows: &[Row]) -> String {
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

/// One source that was fetched.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchedRow {
    source: String,
    resolved: String,
    digest: String,
    was_locked: bool,
}

/// What was fetched.
pub fn fetched_rows(fetched: &[Fetched]) -> Vec<FetchedRow> {
    let row = |one: &Fetched| FetchedRow {
        source: one.source.to_string(),
        resolved: one.locked.resolved.clone(),
        digest: one.locked.digest.to_string(),
        was_locked: one.was_locked,
    };
    fetched.iter().map(row).collect()
}

/// The same, one a line.
pub fn fetched_text(fetched: &[Fetched]) -> String {
    let line = |one: &Fetched| {
        let new = if one.was_locked { "" } else { ", newly locked" };
        format!("fetched {} {} {}{new}\n", one.source, short(&one.locked.resolved), one.locked.digest.short())
    };
    if fetched.is_empty() {
        return "everything is here\n".to_owned();
    }
    fetched.iter().map(line).collect()
}

/// The text of a lock file that is not what is there; `None` = it is. Who names nothing elsewhere needs no file, and keeps
/// one that is there.
///
/// # Errors
/// When the file cannot be read.
pub fn changed(path: &Path, lock: &Lock, name: &str) -> Result<Option<String>, Error> {
    let wanted = lock.to_text(name);
    let is_there = match fs::read(path) {
        Ok(bytes) => bytes == wanted.as_bytes(),
        Err(error) if error.kind() == ErrorKind::NotFound => lock.iter().next().is_none(),
        Err(error) => return Err(Error::new(format!("cannot read `{}`", path.display())).because(&error)),
    };
    Ok((!is_there).then_some(wanted))
}

/// Writes a lock file, unless it is there already as it is.
///
/// # Errors
/// When it cannot be read or written.
pub fn write(path: &Path, lock: &Lock, name: &str) -> Result<(), Error> {
    match changed(path, lock, name)? {
        Some(text) => atomic::write(path, text.as_bytes()),
        None => Ok(()),
    }
}

/// A commit short, a version whole.
fn short(resolved: &str) -> &str {
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
