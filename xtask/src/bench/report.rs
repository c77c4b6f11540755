//! What a bench found: rows of one figure each, as a table for people and as JSON for programs.
//!
//! A goal is a limit to stay under, and says so beside the figure; it never fails a run, because another load on the
//! machine would make it a coin to toss.

use std::{fs, path::Path};

use anyhow::Context;
use serde::Serialize;

use super::machine::Machine;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Unit {
    /// Seconds by the clock on the wall.
    Seconds,
    /// Seconds of processor time, in user and system mode, of all threads.
    CpuSeconds,
    /// Microseconds.
    Micros,
    /// Mebibytes.
    Mebibytes,
    /// A number of things.
    Count,
    /// Things in a second.
    PerSecond,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 0.1 => format!("{:.1} ms", value * 1e3),
            Self::Seconds => format!("{value:.2} s"),
            Self::CpuSeconds => format!("{value:.2} CPU s"),
            Self::Micros => format!("{value:.1} µs"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Count => format!("{value:.0}"),
            Self::PerSecond => format!("{value:.0}/s"),
        }
    }
}

/// Something of the same run to compare with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Peer {
    name: String,
    value: f64,
    /// Seaway's figure divided by this one.
    ratio: Option<f64>,
}

/// One figure.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    case: String,
    what: String,
    unit: Unit,
    /// The median of `samples`.
    seaway: f64,
    samples: Vec<f64>,
    /// Not more than this.
    goal: Option<f64>,
    is_met: Option<bool>,
    peers: Vec<Peer>,
    note: Option<String>,
}

impl Row {
    /// A figure that was measured once.
    pub(crate) fn one(case: &str, what: &str, unit: Unit, value: f64) -> Self {
        Self::median_of(case, what, unit, vec![value])
    }

    /// A figure that was measured several times; at least once.
    pub(crate) fn median_of(case: &str, what: &str, unit: Unit, samples: Vec<f64>) -> Self {
        let seaway = median(&samples);
        Self {
            case: case.to_owned(),
            what: what.to_owned(),
            unit,
            seaway,
            samples,
            goal: None,
            is_met: None,
            peers: Vec::new(),
            note: None,
        }
    }

    /// With the value to stay under.
    #[must_use]
    pub(crate) fn goal(mut self, most: f64) -> Self {
        self.goal = Some(most);
        self.is_met = Some(self.seaway <= most);
        self
    }

    /// With something to compare with.
    #[must_use]
    pub(crate) fn against(mut self, name: &str, value: f64) -> Self {
        let ratio = (value > 0.0).then_some(self.seaway / value);
        self.peers.push(Peer { name: name.to_owned(), value, ratio });
        self
    }

    /// With a remark, such as why there is nothing to compare with.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    fn cells(&self) -> [String; 5] {
        let goal = self.goal.map_or_else(String::new, |goal| {
            format!("≤ {} {}", self.unit.show(goal), if self.is_met == Some(true) { "met" } else { "MISSED" })
        });
        let peers = self.peers.iter().map(|peer| {
            let ratio = peer.ratio.map_or_else(String::new, |ratio| format!(" ({ratio:.2}×)"));
            format!("{} {}{ratio}", peer.name, self.unit.show(peer.value))
        });
        let mut beside: Vec<String> = peers.collect();
        beside.extend(self.note.clone());
        [self.case.clone(), self.what.clone(), self.unit.show(self.seaway), goal, beside.join("; ")]
    }
}

/// The middle of some values; of none, not a number.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (count, middle) if count % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        (_, middle) => sorted[middle],
    }
}

/// All rows of one bench with the machine that they were measured on.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    bench: &'static str,
    machine: Machine,
    rows: Vec<Row>,
}

impl Report {
    /// A report to which rows are added. The machine is looked at now, before there is load of our own.
    pub(crate) fn new(bench: &'static str) -> anyhow::Result<Self> {
        Ok(Self { bench, machine: Machine::look()?, rows: Vec::new() })
    }

    /// Adds rows.
    pub(crate) fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.rows.extend(rows);
    }

    /// Prints the table, and writes the JSON file when one is wanted.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish(&self, json: Option<&Path>) -> anyhow::Result<()> {
        println!("\n{}\n{}", self.machine, table(&self.rows));
        let Some(path) = json else { return Ok(()) };
        let text = serde_json::to_string_pretty(self)? + "\n";
        // Beside the file first, so that nobody reads half a report.
        let partial = path.with_extension("partial");
        fs::write(&partial, text)
            .and_then(|()| fs::rename(&partial, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written to {}", path.display());
        Ok(())
    }
}

fn table(rows: &[Row]) -> String {
    let head = ["case", "what", "Seaway", "goal", "beside it in this run"].map(str::to_owned);
    let all: Vec<[String; 5]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| all.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut out = String::new();
    let mut last = "";
    for cells in &all {
        // A case is named once.
        let case = if cells[0] == last { "" } else { cells[0].as_str() };
        last = &cells[0];
        let line = format!(
            "{case:<0$}  {what:<1$}  {value:>2$}  {goal:<3$}  {beside}",
            widths[0],
            widths[1],
            widths[2],
            widths[3],
            what = cells[1],
            value = cells[2],
            goal = cells[3],
            beside = cells[4],
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_goal_peer_and_ratio() {
        let rows = [
            Row::median_of("staged", "wall", Unit::Seconds, vec![9.0, 7.5, 8.0]).goal(10.0).against("clusters", 4.0),
            Row::one("staged", "writes", Unit::Count, 73.0).goal(72.0),
            Row::one("many", "first", Unit::Seconds, 0.0421).note("kubectl is not on the PATH"),
        ];
        assert_eq!(
            table(&rows),
            "case    what     Seaway  goal           beside it in this run\n\
             staged  wall     8.00 s  ≤ 10.00 s met  clusters 4.00 s (2.00×)\n        \
             writes       73  ≤ 72 MISSED\n\
             many    first   42.1 ms                 kubectl is not on the PATH\n"
        );
    }

    #[test]
    fn medians() {
        assert!(median(&[]).is_nan());
        assert_eq!([median(&[3.0]), median(&[4.0, 1.0]), median(&[9.0, 1.0, 2.0])], [3.0, 2.5, 2.0]);
    }

    #[test]
    fn nothing_to_divide_by_gives_no_ratio() {
        let row = Row::one("a", "b", Unit::Count, 1.0).against("none", 0.0);
        assert_eq!(row.peers[0].ratio, None);
        assert_eq!(serde_json::to_value(&row).unwrap()["peers"][0]["value"], 0.0);
    }
}
