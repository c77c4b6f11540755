//! The guides tell the truth: every command in them runs as written, on real clusters, with the exit code that
//! the guide says.
//!
//! A block that starts with ```` ```sh ```` is run line by line; `# exit code N` names a code other than 0.
//! ```` ```sh setup ```` is what this harness does itself. A rollout's id in a guide stands for the newest rollout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use seaway_testbed::{Options, Testbed};

/// In the order in which a reader goes through them.
const GUIDES: [&str; 4] = ["first-rollout.md", "reading-a-plan.md", "when-a-rollout-fails.md", "approvals.md"];
/// Those in the workspace `examples/sources`.
const GUIDES_OF_SOURCES: [&str; 2] = ["helm.md", "kustomize.md"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_command_of_the_guides_runs_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("shop");
    copy(&repository().join("examples/shop"), &workspace);
    // A reader shall see a bake; a test need not wait for it.
    let environment = workspace.join("environments/play.yaml");
    fs::write(&environment, fs::read_to_string(&environment).unwrap().replace("bake: PT10S", "bake: PT1S")).unwrap();
    let testbed = Testbed::start(Options { clusters: 3, ..Options::default() }).unwrap();
    let ran = run_all(&GUIDES, &workspace, &testbed);
    assert!(ran > 20, "only {ran} commands were found");
    demo(&workspace, &testbed);
}

#[test]
fn every_command_of_the_guides_of_sources_runs_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("sources");
    copy(&repository().join("examples/sources"), &workspace);
    let testbed = Testbed::start(Options { clusters: 3, ..Options::default() }).unwrap();
    let ran = run_all(&GUIDES_OF_SOURCES, &workspace, &testbed);
    assert!(ran > 12, "only {ran} commands were found");
}

/// Runs the commands of guides; answers how many there were.
fn run_all(guides: &[&str], workspace: &Path, testbed: &Testbed) -> usize {
    let mut ran = 0;
    for guide in guides {
        for (line, code) in commands(&fs::read_to_string(repository().join("docs/guides").join(guide)).unwrap()) {
            let line = with_newest_rollout(&line, workspace);
            let output = shell(&line, workspace, testbed).output().expect("bash");
            let shown = format!(
                "{guide}: `{line}`\n{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            assert_eq!(output.status.code(), Some(code), "{shown}");
            println!("{shown}");
            ran += 1;
        }
    }
    ran
}

/// The demo on the clusters of a kubeconfig, and its removal.
fn demo(folder: &Path, testbed: &Testbed) {
    let run = |line: &str, said: &str| {
        let output = shell(line, folder, testbed).output().expect("bash");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && shown.contains(said), "{line}: {shown}");
    };
    run("TMPDIR=$PWD seaway demo --kubeconfig $KUBECONFIG --yes", "rollout succeeded");
    let copies = shell("grep -rl client-key-data seaway-demo-*", folder, testbed).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&copies.stdout), "", "credentials stay where they are");
    run("seaway demo --kubeconfig $KUBECONFIG --clean-up --yes", "6 deleted");
}

fn shell(line: &str, workspace: &Path, testbed: &Testbed) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_seaway"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(workspace).env("PATH", path).env("KUBECONFIG", testbed.kubeconfig());
    command.env_remove("SEAWAY_USER");
    command
}

/// The lines of all `sh` blocks, with the exit code that they shall have.
fn commands(guide: &str) -> Vec<(String, i32)> {
    let mut commands = Vec::new();
    let mut is_run = false;
    for line in guide.lines() {
        match line.strip_prefix("```") {
            Some(info) => is_run = info == "sh",
            None if is_run && !line.trim().is_empty() => {
                let (line, code) = line.split_once("    # exit code ").unwrap_or((line, "0"));
                commands.push((line.to_owned(), code.parse().unwrap()));
            }
            None => {}
        }
    }
    commands
}

fn with_newest_rollout(line: &str, workspace: &Path) -> String {
    let is_id = |word: &str| word.starts_with("play-") && word.len() > 12;
    let Some(written) = line.split(' ').find(|word| is_id(word)) else { return line.to_owned() };
    let listed = Command::new(env!("CARGO_BIN_EXE_seaway"))
        .args(["rollout", "list", "--limit", "1", "-o", "json"])
        .current_dir(workspace)
        .output()
        .unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    line.replace(written, listed[0]["id"].as_str().unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        // State of somebody who played in the example is not part of it.
        if entry.file_name() == ".seaway" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target)
        } else {
            let _bytes = fs::copy(entry.path(), target).unwrap();
        }
    }
}
