//! Child processes with an identity that outlives this program.
//!
//! A pid alone may be given to somebody else's process after the first one ended. Everything here therefore works on
//! [`ProcessId`], a pid with the time at which the process started, and signals only what still matches both.

use std::{
    fs::{File, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How often the end of a process that is not our child is looked for. Such a process cannot be waited for.
const POLL: Duration = Duration::from_millis(10);

/// A killed process is gone within milliseconds; longer means that the machine or the kernel has a problem.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// How much of a log goes into an error message.
const LOG_TAIL_LINES: usize = 15;

/// A stopped process has stopped within milliseconds, on a busy machine within a second.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A process, also after its pid was reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProcessId {
    pid: i32,
    /// Start time in the kernel's own words; only ever compared.
    start: String,
}

impl ProcessId {
    /// The identity of the process that has this pid now; `None` when there is none or it has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(Self { pid: i32::try_from(pid).ok()?, start: start_time(pid)? })
    }

    /// The identity of this program.
    pub(crate) fn own() -> anyhow::Result<Self> {
        Self::of(std::process::id()).context("cannot read the start time of this process")
    }

    /// Parses what [`ProcessId::to_string`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (pid, start) = text.trim().split_once(' ')?;
        let pid: i32 = pid.parse().ok()?;
        (pid > 1 && !start.is_empty()).then(|| Self { pid, start: start.to_owned() })
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether this very process still runs (a zombie does not).
    pub(crate) fn is_alive(&self) -> bool {
        u32::try_from(self.pid).ok().and_then(Self::of).as_ref() == Some(self)
    }

    /// Sends a signal if this very process still runs; says whether it did.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<bool> {
        if !self.is_alive() {
            return Ok(false);
        }
        let pid = Pid::from_raw(self.pid).context("a pid is above zero")?;
        match kill_process(pid, signal) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            Err(e) => Err(e).with_context(|| format!("cannot signal process {}", self.pid)),
        }
    }

    /// Kills this very process and returns when it is gone.
    pub(crate) fn kill_and_wait(&self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)?;
        let until = Instant::now() + KILL_LIMIT;
        while self.is_alive() {
            if Instant::now() > until {
                bail!("process {} is still there {KILL_LIMIT:?} after it was killed", self.pid);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl std::fmt::Display for ProcessId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

/// Start time of a running process from `/proc`; `None` when it has ended or is a zombie.
#[cfg(target_os = "linux")]
fn start_time(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // Field 22 of the line; the state is field 3.
    let start = fields.nth(18)?;
    (state != "Z" && state != "X").then(|| start.to_owned())
}

/// Whether every thread of a process has been stopped by a signal.
#[cfg(target_os = "linux")]
fn is_stopped(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    let is_stopped = |thread: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    };
    threads.flatten().all(is_stopped)
}

/// Whether a process has been stopped by a signal.
#[cfg(not(target_os = "linux"))]
fn is_stopped(pid: u32) -> bool {
    let output = Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| output.stdout.trim_ascii_start().starts_with(b"T"))
}

/// Start time of a running process as `ps` prints it; `None` when it has ended or is a zombie.
#[cfg(not(target_os = "linux"))]
fn start_time(pid: u32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "state=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (state, start) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| start.trim().to_owned())
}

/// Whether a process ends with this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// It is killed when its owner is dropped.
    Owned,
    /// It goes on, in a process group of its own, so that Ctrl-C at our terminal does not reach it.
    Detached,
}

/// A running program and its log file.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    id: ProcessId,
    log: PathBuf,
    lifetime: Lifetime,
    is_paused: bool,
}

impl Process {
    /// Starts a program; everything it prints is appended to `<folder>/<name>.log`.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        folder: &Path,
        lifetime: Lifetime,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = open_log(&log)?;
        let err = out.try_clone().with_context(|| format!("cannot share {}", log.display()))?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
        if lifetime == Lifetime::Detached {
            command.process_group(0);
        }
        let mut child =
            command.spawn().with_context(|| format!("cannot start {name} ({})", command.get_program().display()))?;
        let Some(id) = ProcessId::of(child.id()) else {
            let status = child.wait()?;
            bail!("{name} ended at once with {status}\n{}", log_tail(&log));
        };
        Ok(Self { name, child, id, log, lifetime, is_paused: false })
    }

    pub(crate) fn id(&self) -> &ProcessId {
        &self.id
    }

    /// An error with the end of the log when the program is no longer running.
    pub(crate) fn check_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended with {status} although it should run; the end of {}:\n{}",
                self.name,
                self.log.display(),
                log_tail(&self.log)
            ),
        }
    }

    /// Stops the program without ending it, or lets it go on. One that has ended is an error with its log.
    pub(crate) fn pause(&mut self, paused: bool) -> anyhow::Result<()> {
        self.check_running()?;
        self.id.signal(if paused { Signal::STOP } else { Signal::CONT })?;
        self.is_paused = paused;
        if paused { self.await_stopped() } else { Ok(()) }
    }

    /// A signal is delivered when the kernel comes to it: until every thread has stopped, answers may still come.
    fn await_stopped(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while !is_stopped(self.child.id()) {
            if started.elapsed() > STOP_LIMIT {
                bail!("{} does not stop", self.name);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Asks the kernel to end the program, without waiting for it.
    pub(crate) fn begin_kill(&mut self) {
        // Errors mean that it has ended already, and `kill` waits for it anyway.
        let _already_ended = self.child.kill();
    }

    /// Ends the program and returns when it is gone, also if it was stopped by a signal.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<()> {
        self.begin_kill();
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::Owned
            && let Err(e) = self.end()
        {
            eprintln!("testbed: {e:#}");
        }
    }
}

fn open_log(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new().create(true).append(true).open(path).with_context(|| format!("cannot write {}", path.display()))
}

/// The last lines of a log, for error messages.
pub(crate) fn log_tail(path: &Path) -> String {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) => return format!("(cannot read {}: {e})", path.display()),
    };
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn sleeper(folder: &Path) -> Process {
        let mut command = Command::new("sleep");
        command.arg("60");
        Process::start("sleeper", command, folder, Lifetime::Owned).unwrap()
    }

    #[test]
    fn a_process_is_known_by_pid_and_start_time() {
        let folder = tempfile::tempdir().unwrap();
        let process = sleeper(folder.path());
        let id = process.id().clone();
        assert!(id.is_alive());
        assert_eq!(ProcessId::parse(&id.to_string()), Some(id.clone()));

        let impostor = ProcessId { pid: id.pid, start: "1".to_owned() };
        assert!(!impostor.is_alive());
        assert!(!impostor.signal(Signal::KILL).unwrap());
        assert!(id.is_alive(), "only an exact match may be signalled");

        process.kill().unwrap();
        assert!(!id.is_alive());
    }

    #[test]
    fn dropping_ends_a_stopped_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = sleeper(folder.path());
        let id = process.id().clone();
        process.pause(true).unwrap();
        drop(process);
        assert!(!id.is_alive());
    }

    #[test]
    fn the_log_is_in_the_error_of_a_program_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such flag; sleep 0.2; exit 3"]);
        let mut process = Process::start("failing", command, folder.path(), Lifetime::Owned).unwrap();
        process.child.wait().unwrap();
        let message = process.check_running().unwrap_err().to_string();
        assert!(message.contains("exit status: 3") && message.contains("no such flag"), "{message}");
    }

    #[test]
    fn nonsense_is_no_process() {
        for text in ["", "12", "x 5", "0 5", "1 5", "-4 5", "12 "] {
            assert_eq!(ProcessId::parse(text), None, "{text:?}");
        }
    }
}
