//! `cargo xtask bench store`: what an appended event costs, next to a plain file that is synced as often.
//!
//! Measured by the store's own example in a process of its own; here its table becomes rows.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, bail};

use super::{Output, Report, Row, Unit, process::measure, seaway::build};

/// Where to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder on the disk to measure; the one for temporary files when left out
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let program = build(&["--package", "seaway-store", "--example", "append_cost"], "examples/append_cost")?;
    let mut report = Report::new("store")?;
    let mut command = Command::new(program);
    command.args(&args.folder);
    let ended = measure(command)?.expect_code("`append_cost`", &[0])?;
    report.extend(rows(&ended.stdout)?);
    report.finish(args.output.json.as_deref())
}

/// Reads lines of `events  SQLite  file  ratio  whole`, in microseconds per event.
fn rows(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let numbers: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
        let Some([events, sqlite, file, _, whole]) = numbers.as_deref() else { continue };
        let what = if *events == 1.0 { "1 event an append".to_owned() } else { format!("{events} events an append") };
        rows.push(Row::one("store", &format!("{what}: each"), Unit::Micros, *sqlite).against("synced file", *file));
        rows.push(
            Row::one("store", &format!("{what}: each, with lease and index"), Unit::Micros, *whole)
                .against("synced file", *file),
        );
    }
    let read = text.lines().find_map(|line| line.strip_prefix("read and checked "));
    let read = read.and_then(|line| line.rsplit_once(": ")?.1.split(' ').next()?.parse().ok());
    rows.push(Row::one("store", "reading and checking: each", Unit::Micros, read.context("no time for reading")?));
    if rows.len() < 3 {
        bail!("unexpected output of `append_cost`:\n{text}");
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_becomes_rows() {
        let text = "events of 300 bytes in /x\n events  SQLite µs/event  file µs/event   ratio  +lease, index\n      1  \
                    120.5           100.0    1.21           130.0\n    100              9.0           5.0    1.80  10.0\n\
                    read and checked 10000 events: 2.5 µs/event\n";
        assert_eq!(rows(text).unwrap().len(), 5);
        assert!(rows("read and checked 1 events: 2.5 µs/event\n").is_err());
        assert!(rows("nothing\n").is_err());
    }
}
