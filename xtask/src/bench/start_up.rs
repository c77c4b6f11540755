//! `cargo xtask bench start-up`: how long the program takes to say something, next to git, and how large it is.

use std::{fs, path::PathBuf, process::Command};

use super::{
    Output, Report, Row, Seaway, Unit,
    process::{Ended, measure},
    report::median,
};

/// What to measure, and how often.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each is started; the median counts
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Measure this program instead of a release build
    #[arg(long, value_name = "FILE")]
    seaway: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

const ENVIRONMENT: &str = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: canary}, {name: broad}]
  regions:
  - {name: west, stage: canary, clusters: [{name: c1}]}
  - {name: east, stage: broad, clusters: [{name: c2}, {name: c3}]}
";

const SERVICE: &str = "apiVersion: seaway.dev/v1
kind: Service
metadata: {name: web}
spec:
  source: {manifests: {path: manifests}}
  namespace: web
  config:
    schema: {replicas: {type: integer, default: 2}}
";

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${config.replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example.com/web:1}]}
";

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let seaway = Seaway::find_or_build(args.seaway.as_deref())?;
    let mut report = Report::new("start-up")?;
    let workspace = tempfile::tempdir()?;
    for (path, text) in
        [("environments/prod.yaml", ENVIRONMENT), ("web/seaway.yaml", SERVICE), ("web/manifests/web.yaml", MANIFEST)]
    {
        let path = workspace.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(workspace.path()))?;
        fs::write(path, text)?;
    }
    let (mut version, mut validate, mut git) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that a change of the machine's load meets all of them.
    for _ in 0..args.rounds {
        version.push(seaway.run(workspace.path(), &["--version"], &[0])?);
        validate.push(seaway.run(workspace.path(), &["validate"], &[0])?);
        let mut command = Command::new("git");
        command.arg("--version");
        git.push(measure(command)?.expect_code("`git --version`", &[0])?);
    }
    let walls = |runs: &[Ended]| runs.iter().map(|ended| ended.wall.as_secs_f64()).collect::<Vec<_>>();
    let git = median(&walls(&git));
    let row = |what: &str, runs: &[Ended]| {
        Row::median_of("start-up", what, Unit::Seconds, walls(runs)).against("git --version", git)
    };
    let bytes = fs::metadata(seaway.path())?.len();
    report.extend([
        row("seaway --version", &version),
        row("seaway validate, a small workspace", &validate),
        Row::median_of(
            "start-up",
            "validate: peak memory",
            Unit::Mebibytes,
            validate.iter().map(|e| e.peak_mib).collect(),
        ),
        Row::one("binary", "size", Unit::Mebibytes, bytes as f64 / f64::from(1 << 20)),
    ]);
    report.finish(args.output.json.as_deref())
}
