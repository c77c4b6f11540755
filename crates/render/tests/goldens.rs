//! Rendering against `tests/render`: each folder is a workspace whose services are rendered for every target
//! that they select. `SEAWAY_UPDATE=1` writes the expectations anew; read the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use seaway_core::{
    declaration::{Service, SourceFile, load},
    diagnostic::{Diagnostic, render_plain},
    digest::Digest,
};
use seaway_render::{Inputs, Remotes, TargetContext, Tree, prepare};
use serde_json::Value;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/render")
}

fn files(folder: &Path, root: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, root, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            out.push((name, fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn goldens() {
    let update = std::env::var_os("SEAWAY_UPDATE").is_some();
    let mut folders: Vec<PathBuf> = fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut wrong = Vec::new();
    for folder in &folders {
        assert!(folder.is_dir(), "{} is a forgotten file: cases are folders", folder.display());
        let found = case(folder);
        let path = folder.join("expected.txt");
        if update {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(folders.len() >= 8, "only {} cases", folders.len());
}

fn case(folder: &Path) -> String {
    let mut all = Vec::new();
    files(folder, folder, &mut all);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let declarations: Vec<SourceFile> = all
        .iter()
        .filter(|(path, _)| path.ends_with("seaway.yaml"))
        .map(|(path, bytes)| SourceFile { path: path.clone(), text: text(bytes) })
        .collect();
    let (workspace, findings) = load(&declarations);
    assert!(findings.is_empty(), "{}: {findings:?}", folder.display());
    let mut out = String::new();
    for service in workspace.services.values() {
        let path = service.source.path().expect("a folder of the workspace");
        // The files of a chart and what a definition names may be anywhere in the workspace.
        let path = if ["helm", "hld"].contains(&service.source.kind()) { "" } else { path };
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let own = all.iter().filter_map(|(name, bytes)| Some((name.strip_prefix(&prefix)?.to_owned(), bytes.clone())));
        let tree = Tree::of(path, own).unwrap();
        writeln!(out, "# service {}", service.name).unwrap();
        let source = match prepare(service, &Inputs::of(&tree, &Remotes::none())) {
            Ok(source) => source,
            Err(findings) => {
                out += &shown(&findings, &all);
                continue;
            }
        };
        for environment in workspace.environments.values() {
            for (region, cluster) in environment.clusters() {
                if service.targets.mismatch(environment, region, cluster).is_some() {
                    continue;
                }
                let target = TargetContext::of(service, environment, region, cluster).unwrap();
                writeln!(out, "\n## {} / {} / {}", environment.name, target.stage, cluster.name).unwrap();
                match source.render(&target) {
                    Ok(rendering) => {
                        out += &objects(service, &rendering.content);
                        out += &shown(&rendering.remarks, &all);
                    }
                    Err(findings) => out += &shown(&findings, &all),
                }
            }
        }
    }
    out
}

fn objects(service: &Service, content: &seaway_core::release::Content) -> String {
    assert_eq!(content.service, service.name);
    let mut out = format!("content {}\n", content.digest.short());
    for object in &content.objects {
        assert_eq!(Digest::of_json(&object.manifest), object.entry.digest);
        let entry = &object.entry;
        let secret = if entry.sensitive { " (sensitive)" } else { "" };
        writeln!(out, "\n{} phase {} {}{secret}", entry.object, entry.phase, entry.digest.short()).unwrap();
        writeln!(out, "{}", serde_json::to_string_pretty(&sorted(&object.manifest)).unwrap()).unwrap();
    }
    out
}

/// Keys by name, whatever map the JSON library was built with.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn shown(findings: &[Diagnostic], all: &[(String, Vec<u8>)]) -> String {
    let mut out = String::new();
    for finding in findings {
        let file = finding.place.as_ref().and_then(|place| all.iter().find(|(path, _)| *path == place.file));
        let text = file.map(|(_, bytes)| String::from_utf8_lossy(bytes));
        write!(out, "\n{}", render_plain(finding, text.as_deref())).unwrap();
    }
    out
}
