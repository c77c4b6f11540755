//! The `seaway` command as users have it: a release build, run as a process in a workspace folder.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::Value;

use super::process::{Ended, measure, now_micros};

/// Exit code of a plan with changes.
pub(crate) const CHANGES: i32 = 2;

/// Longest wait for something that a rollout prints.
const LINE_LIMIT: Duration = Duration::from_secs(300);

/// The program.
#[derive(Debug, Clone)]
pub(crate) struct Seaway {
    path: PathBuf,
}

impl Seaway {
    /// The given program, or a release build of this workspace.
    ///
    /// # Errors
    /// When it cannot be built or is not there.
    pub(crate) fn find_or_build(given: Option<&Path>) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => std::path::absolute(path)?,
            None => build(&["--package", "seaway-cli", "--bin", "seaway"], "seaway")?,
        };
        if !path.is_file() {
            bail!("{} is no file", path.display());
        }
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The program with these arguments, in a workspace.
    pub(crate) fn command(&self, workspace: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("-C").arg(workspace).args(args);
        // The same for everybody who measures.
        command.env("SEAWAY_USER", "bench").env("NO_COLOR", "1").env_remove("KUBECONFIG");
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it ends with none of these codes.
    pub(crate) fn run(&self, workspace: &Path, args: &[&str], codes: &[i32]) -> anyhow::Result<Ended> {
        measure(self.command(workspace, args))?.expect_code(&format!("`seaway {}`", args.join(" ")), codes)
    }

    /// Runs it to its end and reads the JSON that it prints.
    ///
    /// # Errors
    /// When it fails or prints something else.
    pub(crate) fn json(&self, workspace: &Path, args: &[&str], codes: &[i32]) -> anyhow::Result<Value> {
        let args = [args, &["-o", "json"]].concat();
        let ended = self.run(workspace, &args, codes)?;
        serde_json::from_str(&ended.stdout).with_context(|| format!("`seaway {}` printed no JSON", args.join(" ")))
    }

    /// Starts it and reads along.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(&self, workspace: &Path, args: &[&str]) -> anyhow::Result<Running> {
        let mut command = self.command(workspace, args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started_micros = now_micros()?;
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.path.display()))?;
        let (sender, lines) = mpsc::channel();
        let streams: [Option<Box<dyn std::io::Read + Send>>; 2] =
            [child.stdout.take().map(|out| Box::new(out) as _), child.stderr.take().map(|err| Box::new(err) as _)];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for text in BufReader::new(stream).lines().map_while(Result::ok) {
                    let Ok(micros) = now_micros() else { return };
                    if sender.send(Line { micros, text }).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Running { child, lines, said: Vec::new(), started_micros })
    }
}

/// Something that was printed, and when it was read, in microseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) micros: i64,
    pub(crate) text: String,
}

/// A `seaway` that runs. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    lines: mpsc::Receiver<Line>,
    said: Vec<Line>,
    pub(crate) started_micros: i64,
}

impl Running {
    /// The first line from now on of which this is true.
    ///
    /// # Errors
    /// When it ends, or takes very long, without such a line; the message holds what it printed.
    pub(crate) fn await_line(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> anyhow::Result<Line> {
        let until = Instant::now() + LINE_LIMIT;
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if is_it(&line.text) {
                        return Ok(line);
                    }
                }
                Err(_) => {
                    let said: String = self.said.iter().map(|line| format!("  {}\n", line.text)).collect();
                    bail!("seaway ended, or took over {LINE_LIMIT:?}, without {what}; it printed\n{said}");
                }
            }
        }
    }

    /// Waits until it ends; its exit code.
    ///
    /// # Errors
    /// When a signal ended it.
    pub(crate) fn wait(&mut self) -> anyhow::Result<i32> {
        while let Ok(line) = self.lines.recv() {
            self.said.push(line);
        }
        self.child.wait()?.code().context("a signal ended seaway")
    }

    /// Everything that it has printed so far.
    pub(crate) fn said(&self) -> String {
        self.said.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds a release binary and says where it is. `name` is a path below the folder of release builds.
///
/// # Errors
/// When cargo fails.
pub(crate) fn build(args: &[&str], name: &str) -> anyhow::Result<PathBuf> {
    println!("building {name} (release)");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(&cargo).args(["build", "--release"]).args(args).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("`cargo build --release {}` ended with {status}", args.join(" "));
    }
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cannot find the build folder")?;
    Ok(metadata.target_directory.join("release").join(name).into_std_path_buf())
}
