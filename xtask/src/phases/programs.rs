//! All tests of the workspace, several test programs at a time: those with real servers mostly wait for them.

use std::{
    io::{BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use cargo_metadata::Message;

/// Test programs that run at the same time. With three, clusters that share two processors miss their times.
const LANES: usize = 2;
/// Those that take long begin first.
const LONGEST: [&str; 5] = ["cli/cluster", "cli/guides", "kube/cluster", "store/suite", "testbed/clusters"];

/// One test program.
#[derive(Clone, Debug)]
struct Program {
    name: String,
    package: String,
    executable: PathBuf,
    /// Folder of its package, in which it runs as under `cargo test`.
    folder: PathBuf,
}

impl Program {
    fn title(&self) -> String {
        format!("{}/{}", self.package, self.name)
    }
}

struct Ended {
    program: Program,
    passed: bool,
    output: Vec<u8>,
    time: Duration,
}

/// Builds every test program, then runs them; the examples in the documentation come last.
pub(super) fn run() -> anyhow::Result<()> {
    let mut programs = build()?;
    programs.sort_by_key(|program| LONGEST.iter().position(|name| *name == program.title()).unwrap_or(LONGEST.len()));
    let failed = run_all(programs)?;
    if !failed.is_empty() {
        bail!("these tests failed: {}", failed.join(", "));
    }
    super::cargo(&["test", "--workspace", "--doc"])
}

fn build() -> anyhow::Result<Vec<Program>> {
    let mut cargo = Command::new(super::cargo_program())
        .args(["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let messages = cargo.stdout.take().context("cargo says nothing")?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(BufReader::new(messages)) {
        let Message::CompilerArtifact(artifact) = message.context("cannot read what cargo says")? else { continue };
        let (true, Some(executable)) = (artifact.profile.test, artifact.executable) else { continue };
        let folder = artifact.manifest_path.parent().context("a package without a folder")?;
        programs.push(Program {
            name: artifact.target.name.clone(),
            package: folder.file_name().unwrap_or_default().to_owned(),
            executable: executable.into(),
            folder: folder.into(),
        });
    }
    let status = cargo.wait().context("cannot wait for cargo")?;
    if !status.success() {
        bail!("the tests could not be built: {status}");
    }
    if programs.is_empty() {
        bail!("there are no test programs");
    }
    Ok(programs)
}

/// Runs them and prints the output of each when it has ended; answers which failed.
fn run_all(programs: Vec<Program>) -> anyhow::Result<Vec<String>> {
    let count = programs.len();
    let mut waiting = programs;
    waiting.reverse();
    let waiting = Mutex::new(waiting);
    let (sender, ended) = mpsc::channel();
    let mut failed = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            let sender = sender.clone();
            scope.spawn(|| lane(&waiting, sender));
        }
        drop(sender);
        for (i, ended) in ended.iter().enumerate() {
            let ended = ended?;
            let name = ended.program.title();
            let word = if ended.passed { "passed" } else { "FAILED" };
            let mut out = std::io::stdout().lock();
            out.write_all(&ended.output)?;
            writeln!(out, "── {name}: {word} after {:.1} s ({} of {count})", ended.time.as_secs_f64(), i + 1)?;
            if !ended.passed {
                failed.push(name);
            }
        }
        anyhow::Ok(())
    })?;
    Ok(failed)
}

fn lane(waiting: &Mutex<Vec<Program>>, sender: mpsc::Sender<anyhow::Result<Ended>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        let Some(program) = next else { return };
        if sender.send(run_one(program)).is_err() {
            return;
        }
    }
}

fn run_one(program: Program) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let output = Command::new(&program.executable)
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", shown(&program.executable)))?;
    let passed = output.status.success();
    let text = if passed { summary(&output.stdout) } else { [output.stdout, output.stderr].concat() };
    Ok(Ended { program, passed, output: text, time: started.elapsed() })
}

/// What a person wants to see of tests that passed: the last lines.
fn summary(output: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("test result:")).collect();
    format!("{}\n", lines.join("\n")).into_bytes()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str, executable: &str) -> Program {
        let (package, folder) = ("shell".to_owned(), PathBuf::from("/"));
        Program { name: name.to_owned(), package, executable: executable.into(), folder }
    }

    #[test]
    fn one_that_fails_is_named_and_the_others_run() {
        let failed = run_all(vec![program("good", "/bin/true"), program("bad", "/bin/false")]).unwrap();
        assert_eq!(failed, ["shell/bad"]);
    }

    #[test]
    fn one_that_cannot_be_started_is_an_error() {
        assert!(run_all(vec![program("none", "/nowhere/program")]).is_err());
    }
}
