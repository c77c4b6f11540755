//! Kustomizations against `tests/kustomize`: each folder with a kustomization, or with a folder `overlay` that has
//! one, is built. `expected.yaml` is what `kubectl kustomize` printed; where it refused, `refused.txt` is what
//! Seaway says. `cargo xtask oracle kustomize --bless` writes both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "kustomize/hostile.rs"]
mod hostile;
#[path = "kustomize/mutated.rs"]
mod mutated;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use seaway_core::{diagnostic::render_plain, yaml};
use seaway_render::{
    Native, Tree,
    helm::functions::Entropy,
    kustomize::{NoCharts, RemoteSources, build},
    remote::View,
};
use serde_json::Value;

const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kustomize")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(folder: &Path, root: &Path, tree: &mut Tree) {
    for path in sorted(folder) {
        if path.is_dir() {
            read(&path, root, tree);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            tree.insert(name, fs::read(&path).unwrap()).unwrap();
        }
    }
}

/// Equal, with numbers by what they are worth.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn case(folder: &Path) -> Result<(), String> {
    let has = |folder: &Path| FILE_NAMES.iter().any(|name| folder.join(name).exists());
    let path = if has(folder) { "" } else { "overlay" };
    assert!(has(&folder.join(path)), "{} is a forgotten folder", folder.display());
    let mut tree = Tree::new("");
    read(folder, folder, &mut tree);
    let built = build(&tree, path, &RemoteSources::none(), &Native::new(View::nothing(), Entropy::Refuse));
    let refused = fs::read_to_string(folder.join("refused.txt")).ok();
    match (built, refused) {
        (Ok(built), None) => {
            let text = fs::read_to_string(folder.join("expected.yaml")).map_err(|error| error.to_string())?;
            let mut findings = Vec::new();
            let expected = yaml::on_deep_stack(|| yaml::read("expected.yaml", &text, &mut findings)).unwrap();
            assert!(findings.is_empty(), "{findings:?}");
            let expected: Vec<Value> = expected.iter().map(yaml::Node::to_json).collect();
            let found: Vec<Value> = built.objects.into_iter().map(|object| object.manifest).collect();
            if expected.len() == found.len() && expected.iter().zip(&found).all(|(a, b)| same(a, b)) {
                return Ok(());
            }
            let pretty = |values: &[Value]| serde_json::to_string_pretty(values).unwrap();
            Err(format!("--- expected\n{}\n--- found\n{}", pretty(&expected), pretty(&found)))
        }
        (Err(findings), Some(expected)) => {
            let found: String = findings.iter().map(|finding| render_plain(finding, None)).collect();
            if found == expected { Ok(()) } else { Err(format!("--- expected\n{expected}\n--- found\n{found}")) }
        }
        (Ok(_), Some(expected)) => Err(format!("expected a refusal:\n{expected}")),
        (Err(findings), None) => Err(format!("refused: {findings:?}")),
    }
}

#[test]
fn cases_are_as_kubectl_builds_them() {
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for feature in sorted(&data()) {
        for folder in sorted(&feature) {
            assert!(folder.is_dir(), "{} is a forgotten file", folder.display());
            let name = feature.file_name().unwrap().to_string_lossy().into_owned();
            *counts.entry(name).or_default() += 1;
            if let Err(how) = case(&folder) {
                wrong.push(format!("{}\n{how}", folder.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.len() >= 29, "{counts:?}");
    let lonely: Vec<&String> = counts.iter().filter(|(_, count)| **count < 2).map(|(name, _)| name).collect();
    assert!(lonely.is_empty(), "features with a single case: {lonely:?}");
}

#[test]
fn equal_input_gives_equal_bytes() {
    let folder = data().join("names/every-reference");
    let mut tree = Tree::new("");
    read(&folder, &folder, &mut tree);
    let build = || build(&tree, "", &RemoteSources::none(), &NoCharts).unwrap();
    let text = |built: &seaway_render::kustomize::Built| {
        built.objects.iter().map(|object| object.manifest.to_string()).collect::<Vec<_>>()
    };
    let first = build();
    let threads: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(threads.iter().all(|other| text(other) == text(&first)));
}
