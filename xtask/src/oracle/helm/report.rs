//! What a comparison found, chart by chart.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};

use super::compare::{Outcome, Verdict};

/// Which differences are known.
const KNOWN: &str = "tests/charts/differences.txt";
/// Lines of a difference that are shown unless all are asked for.
const SHOWN_LINES_MAX: usize = 14;
/// Seaway installs kinds in the order of this Helm; the one before it has another.
const ORDER_OF: &str = "helm-4";

/// Known differences: `chart case helm: reason`, `*` for any.
struct Known {
    entries: Vec<(Vec<String>, String)>,
    used: Vec<bool>,
}

impl Known {
    fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(KNOWN).with_context(|| format!("cannot read {KNOWN}"))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            let (which, reason) = line.split_once(": ").with_context(|| format!("{KNOWN}: no reason in `{line}`"))?;
            let which: Vec<String> = which.split_whitespace().map(str::to_owned).collect();
            ensure!(which.len() == 3, "{KNOWN}: expected chart, case and Helm before `:` in `{line}`");
            Ok((which, reason.to_owned()))
        };
        let entries = lines.map(entry).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { used: vec![false; entries.len()], entries })
    }

    /// The reason for this difference, if there is one.
    fn reason(&mut self, outcome: &Outcome) -> Option<&str> {
        let parts = [&outcome.chart, &outcome.case, &outcome.helm];
        let fits = |which: &[String]| which.iter().zip(parts).all(|(a, b)| a == "*" || a == b);
        let at = self.entries.iter().position(|(which, _)| fits(which))?;
        self.used[at] = true;
        Some(&self.entries[at].1)
    }
}

#[derive(Clone, Copy, Default)]
struct Count {
    equal: usize,
    same_bytes: usize,
    both_refuse: usize,
    reordered: usize,
    known: usize,
    differ: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.equal += other.equal;
        self.same_bytes += other.same_bytes;
        self.both_refuse += other.both_refuse;
        self.reordered += other.reordered;
        self.known += other.known;
        self.differ += other.differ;
    }

    fn line(&self, chart: &str, helm: &str) -> String {
        format!(
            "{chart:<28}{helm:<8}{:>7}{:>12}{:>13}{:>11}{:>7}{:>8}",
            self.equal, self.same_bytes, self.both_refuse, self.reordered, self.known, self.differ
        )
    }
}

/// Prints differences and counts; fails when a difference has no known reason.
pub(super) fn print(outcomes: &[Outcome], full: bool, refusals: bool) -> anyhow::Result<()> {
    let mut known = Known::read()?;
    let mut charts: BTreeMap<(&str, &str), Count> = BTreeMap::new();
    for outcome in outcomes {
        let count = judge(outcome, &mut known, full, refusals);
        charts.entry((&outcome.chart, &outcome.helm)).or_default().add(count);
    }
    println!(
        "{:<28}{:<8}{:>7}{:>12}{:>13}{:>11}{:>7}{:>8}",
        "", "", "equal", "same bytes", "both refuse", "reordered", "known", "differ"
    );
    let mut totals: BTreeMap<&str, Count> = BTreeMap::new();
    for ((chart, helm), count) in &charts {
        println!("{}", count.line(chart, helm));
        totals.entry(helm).or_default().add(*count);
    }
    for (helm, count) in &totals {
        println!("{}", count.line("all", helm));
    }
    for ((chart, helm), count) in &charts {
        // Refusing alike is easy: a chart with a fault of its own compares nothing.
        if count.both_refuse > 0 && count.equal + count.reordered + count.known + count.differ == 0 {
            println!("note: `{chart}` was not rendered once with {helm}; `--refusals` says why");
        }
    }
    let real: f64 = outcomes.iter().map(|outcome| outcome.real_secs).sum();
    let own: f64 = outcomes.iter().map(|outcome| outcome.own_secs).sum();
    println!("{} renders: Helm {real:.1} s, Seaway {own:.2} s", outcomes.len());
    for (line, _) in known.entries.iter().zip(&known.used).filter(|(_, used)| !**used) {
        println!("note: known difference `{}` did not occur", line.0.join(" "));
    }
    let differ: usize = totals.values().map(|count| count.differ).sum();
    if differ > 0 {
        bail!("{differ} renders differ without a known reason");
    }
    Ok(())
}

/// Counts one outcome and shows what is worth a look.
fn judge(outcome: &Outcome, known: &mut Known, full: bool, refusals: bool) -> Count {
    let title = format!("{} {} {}", outcome.chart, outcome.case, outcome.helm);
    let how = match &outcome.verdict {
        Verdict::Equal { same_bytes } => {
            return Count { equal: 1, same_bytes: usize::from(*same_bytes), ..Count::default() };
        }
        Verdict::BothRefuse { real, own } => {
            if refusals {
                println!("both refuse: {title}\n  Helm: {}\n  Seaway: {}\n", indented(real), indented(own));
            }
            return Count { both_refuse: 1, ..Count::default() };
        }
        Verdict::Reordered(_) if outcome.helm != ORDER_OF => return Count { reordered: 1, ..Count::default() },
        Verdict::Reordered(how) => format!("the same documents in another order\n{how}"),
        Verdict::Differs(how) => how.clone(),
    };
    if let Some(reason) = known.reason(outcome) {
        println!("known: {title}: {reason}");
        return Count { known: 1, ..Count::default() };
    }
    let shown = if full { usize::MAX } else { SHOWN_LINES_MAX };
    let how: Vec<&str> = how.lines().take(shown).collect();
    println!("--- {title}\n{}\n", how.join("\n"));
    Count { differ: 1, ..Count::default() }
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}
