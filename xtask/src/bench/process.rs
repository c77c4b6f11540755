//! A child process with what it cost: time by the wall, processor time, and the most memory that it had.
//!
//! Read from `/proc`, because that needs no unsafe code. Processor time is read when the process has ended and nobody
//! has waited for it yet: then it is final. Memory is the kernel's own high-water mark, which only grows, looked at
//! as it runs, because the kernel forgets it as the process ends.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// How soon a process is first asked how much memory it has had: short programs are over in milliseconds.
const FIRST_LOOK: Duration = Duration::from_micros(200);
/// The pause between looks doubles up to this, so that looking costs next to nothing.
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// `/proc` counts processor time in units of a hundredth of a second, whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// How a process ended and what it cost.
#[derive(Debug)]
pub(crate) struct Ended {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// Processor time of all its threads, in seconds, to a hundredth.
    pub(crate) cpu: f64,
    /// The most memory that it had, in MiB.
    pub(crate) peak_mib: f64,
    /// When it was started, microseconds since 1970.
    pub(crate) started_micros: i64,
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// An error with what it printed, unless it ended with one of these codes.
    pub(crate) fn expect_code(self, what: &str, codes: &[i32]) -> anyhow::Result<Self> {
        if self.code.is_some_and(|code| codes.contains(&code)) {
            return Ok(self);
        }
        let how = self.code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
        bail!("{what} ended with {how}, expected {codes:?}\n{}{}", tail(&self.stdout), tail(&self.stderr))
    }
}

/// The end of a long output.
fn tail(text: &str) -> String {
    const LINES: usize = 20;
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| format!("  {line}\n")).collect()
}

/// Runs a program to its end. Its output goes through files, so that no full pipe ever holds it up.
///
/// # Errors
/// When it cannot be started or measured; how it ends is no error.
pub(crate) fn measure(mut command: Command) -> anyhow::Result<Ended> {
    let folder = tempfile::tempdir()?;
    let (out, err) = (folder.path().join("stdout"), folder.path().join("stderr"));
    command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let started_micros = now_micros()?;
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let (peak_kib, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let ended = thread::scope(|scope| {
        let id = child.id();
        let (peak_kib, is_over) = (&peak_kib, &is_over);
        scope.spawn(move || {
            let mut pause = FIRST_LOOK;
            while !is_over.load(Ordering::Relaxed) {
                peak_kib.fetch_max(high_water_kib(id).unwrap_or(0), Ordering::Relaxed);
                thread::sleep(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        let ended = await_end(&child);
        // Before the looker's last pause is waited for.
        let wall = began.elapsed();
        is_over.store(true, Ordering::Relaxed);
        ended.map(|()| wall)
    });
    let wall = ended?;
    let cpu = cpu_seconds(child.id()).context("cannot read the processor time of a process that has ended")?;
    let status = child.wait()?;
    Ok(Ended {
        wall,
        cpu,
        peak_mib: peak_kib.into_inner() as f64 / 1024.0,
        started_micros,
        code: if status.signal().is_some() { None } else { status.code() },
        stdout: fs::read_to_string(out)?,
        stderr: fs::read_to_string(err)?,
    })
}

/// Returns when the child has ended, and leaves it to be waited for.
fn await_end(child: &Child) -> anyhow::Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a pid is above zero")?;
    loop {
        match waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e).context("cannot wait for a child process"),
        }
    }
}

/// Processor time of all threads of a process so far, in seconds; also of one that has ended and nobody waited for.
pub(crate) fn cpu_seconds(id: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may itself hold blanks and parentheses. User and
    // system time are fields 14 and 15; the first one after the name is field 3.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

fn high_water_kib(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(kib)
}

/// `  123 kB` → 123.
pub(crate) fn kib(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Now, in microseconds since 1970, as audit logs have it.
pub(crate) fn now_micros() -> anyhow::Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_process_cost_is_seen() {
        let ended = measure(shell("x=0; while [ $x -lt 200000 ]; do x=$((x+1)); done; echo out; echo err >&2; exit 3"));
        let ended = ended.unwrap();
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "out\n", "err\n"));
        assert!(ended.cpu > 0.0 && ended.cpu <= ended.wall.as_secs_f64() + 0.05, "{ended:?}");
        assert!(ended.peak_mib > 0.1 && ended.peak_mib < 100.0, "{ended:?}");
        let message = ended.expect_code("the shell", &[0, 2]).unwrap_err().to_string();
        assert_eq!(message, "the shell ended with code 3, expected [0, 2]\n  out\n  err\n");
    }

    #[test]
    fn much_output_holds_nothing_up() {
        let ended = measure(shell(
            "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done",
        ));
        assert_eq!(ended.unwrap().stdout.len(), 3000 * 41);
    }

    #[test]
    fn a_signal_is_no_code() {
        let ended = measure(shell("kill -9 $$")).unwrap();
        assert_eq!(ended.code, None);
        assert!(ended.expect_code("it", &[0]).unwrap_err().to_string().starts_with("it ended with a signal"));
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(kib("\t   5124 kB"), Some(5124));
        assert_eq!(kib("5124"), None);
    }
}
