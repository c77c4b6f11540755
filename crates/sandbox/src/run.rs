//! One process: what it is given, its limits and its end.

use std::{
    ffi::OsStr,
    io::{self, Read},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Network, Sandbox, network};

/// How often a running process is looked at.
const POLL: Duration = Duration::from_millis(10);
/// How often the size of the folder is looked at.
const SIZE_POLL: Duration = Duration::from_millis(100);
/// Most bytes of what a process says on standard error; the rest is dropped.
const STDERR_BYTES_MAX: u64 = 64 * 1024;
/// How long the output of a process that has ended is waited for: it is in the pipe already.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// Where programs that a program may call are.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Sets the limits that a process hands on to what it starts, and becomes the program.
const LIMITED: &str = "ulimit -c 0 && ulimit -t \"$1\" && ulimit -d \"$2\" && shift 2 && exec \"$@\"";

/// Bounds of one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest time, and most processor time of one process.
    pub time: Duration,
    /// Most bytes of memory for data of one process.
    pub data_bytes: u64,
    /// Most bytes on standard output.
    pub output_bytes: u64,
    /// Most bytes that the private folder may grow by.
    pub folder_bytes: u64,
}

impl Default for Limits {
    /// 30 seconds, 1 GiB of data, 64 MiB of output, 256 MiB of files.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), data_bytes: 1 << 30, output_bytes: 64 << 20, folder_bytes: 256 << 20 }
    }
}

/// A program to run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Its path.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [&'a OsStr],
    /// Its working folder, relative to [`Sandbox::files`]; empty for that folder itself.
    pub folder: &'a str,
    /// Variables beside those that are always set. Later ones win.
    pub environment: &'a [(&'a str, &'a OsStr)],
    /// Its bounds.
    pub limits: Limits,
}

/// What a program did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said beside it, cut at 64 KiB.
    pub stderr: String,
    /// What it could reach.
    pub network: Network,
}

impl Sandbox {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// When it cannot be started, ends with anything but code 0, or goes beyond a limit.
    pub fn run(&self, run: &Run<'_>) -> Result<Output, Error> {
        let name = run.program.file_name().unwrap_or(run.program.as_os_str()).to_string_lossy().into_owned();
        let failed = |source| Error::NotRun { program: name.clone(), source };
        let prefix = network::prefix();
        let mut child = self.command(run, prefix).spawn().map_err(failed)?;
        let out = reader(child.stdout.take(), run.limits.output_bytes.saturating_add(1));
        let said = reader(child.stderr.take(), STDERR_BYTES_MAX);
        let ended = self.wait(&mut child, run, &name);
        // What it started may outlive it and hold its pipes open.
        end(&mut child);
        let status = ended?;
        let taken =
            |pipe: mpsc::Receiver<Vec<u8>>| pipe.recv_timeout(LAST_WORDS).map_err(|_| Error::Lingers(name.clone()));
        let stdout = taken(out)?;
        let stderr = String::from_utf8_lossy(&taken(said)?).into_owned();
        if stdout.len() as u64 > run.limits.output_bytes {
            return Err(Error::TooLarge { program: name, what: "output", limit: run.limits.output_bytes });
        }
        if !status.success() {
            return Err(Error::Failed { program: name, how: how(status), message: last_lines(&stderr) });
        }
        let network = if prefix.is_some() { Network::None } else { Network::Open };
        Ok(Output { stdout, stderr, network })
    }

    fn command(&self, run: &Run<'_>, prefix: Option<&[&str]>) -> Command {
        let mut command = match prefix {
            Some(way) => {
                let mut command = Command::new("unshare");
                command.args(way).args(["--", "/bin/sh"]);
                command
            }
            None => Command::new("/bin/sh"),
        };
        let seconds = run.limits.time.as_secs().max(1).to_string();
        let kib = (run.limits.data_bytes / 1024).max(1).to_string();
        command.args(["-c", LIMITED, "sh", &seconds, &kib]).arg(run.program).args(run.arguments);
        command.current_dir(self.files().join(run.folder)).env_clear();
        command.env("HOME", self.part("home")).env("TMPDIR", self.part("tmp")).env("PATH", PATH).env("LC_ALL", "C");
        command.envs(run.environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that what it starts ends with it.
        command.process_group(0);
        command
    }

    /// Waits for the end, within the limits.
    fn wait(&self, child: &mut Child, run: &Run<'_>, name: &str) -> Result<ExitStatus, Error> {
        let started = Instant::now();
        let before = size(self.path());
        let mut measured = started;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(source) => return Err(Error::NotRun { program: name.to_owned(), source }),
            }
            if started.elapsed() > run.limits.time {
                return Err(Error::TimedOut { program: name.to_owned(), after: run.limits.time });
            }
            if measured.elapsed() > SIZE_POLL {
                measured = Instant::now();
                if size(self.path()).saturating_sub(before) > run.limits.folder_bytes {
                    let limit = run.limits.folder_bytes;
                    return Err(Error::TooLarge { program: name.to_owned(), what: "files", limit });
                }
            }
            thread::sleep(POLL);
        }
    }
}

/// Ends a process and those that it started.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // Nobody may be left in it.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a pipe on a thread of its own, up to a limit; the rest is read and dropped, so that nobody blocks.
fn reader(pipe: Option<impl Read + Send + 'static>, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut out = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks ends the text; how the process ended says whether that matters.
            let _ = pipe.by_ref().take(limit).read_to_end(&mut out);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Nobody listens any more when the process went beyond a limit.
        let _ = send.send(out);
    });
    receive
}

/// Bytes of all files below a folder. Links are not followed.
fn size(folder: &Path) -> u64 {
    let mut total = 0_u64;
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => total = total.saturating_add(metadata.len()),
                // Removed meanwhile.
                Err(_) => {}
            }
        }
    }
    total
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "neither code nor signal".to_owned(),
    }
}

/// The end of what it said, without control characters.
fn last_lines(said: &str) -> String {
    const LINES_MAX: usize = 6;
    const CHARS_MAX: usize = 600;
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines[lines.len().saturating_sub(LINES_MAX)..].join("; ");
    let cut = text.chars().count().saturating_sub(CHARS_MAX);
    text.chars().skip(cut).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, net::TcpListener};

    use super::*;

    fn shell(sandbox: &Sandbox, script: &str, limits: Limits) -> Result<Output, Error> {
        let arguments = ["-c", script].map(OsStr::new);
        sandbox.run(&Run { program: Path::new("/bin/sh"), arguments: &arguments, folder: "", environment: &[], limits })
    }

    fn text(output: &Output) -> &str {
        std::str::from_utf8(&output.stdout).unwrap()
    }

    #[test]
    fn it_sees_its_folder_and_an_environment_of_ours() {
        let sandbox = Sandbox::new().unwrap();
        sandbox.put("in/x", b"given").unwrap();
        let arguments = ["-c", "cat x; pwd; env; ls \"$HOME\""].map(OsStr::new);
        let environment = [("EXTRA", OsStr::new("1"))];
        let limits = Limits::default();
        let run = Run {
            program: Path::new("/bin/sh"),
            arguments: &arguments,
            folder: "in",
            environment: &environment,
            limits,
        };
        let output = sandbox.run(&run).unwrap();
        let private = sandbox.path().to_str().unwrap();
        let lines: Vec<&str> = text(&output).lines().collect();
        assert_eq!(lines[0], format!("given{private}/files/in"));
        let mut names: Vec<&str> = lines[1..].iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        names.sort_unstable();
        names.retain(|name| !matches!(*name, "_" | "SHLVL" | "OLDPWD"));
        assert_eq!(names, ["EXTRA", "HOME", "LC_ALL", "PATH", "PWD", "TMPDIR"]);
    }

    #[test]
    fn a_failure_says_how_and_what() {
        let sandbox = Sandbox::new().unwrap();
        let error =
            shell(&sandbox, "echo one >&2; printf 'two\\033[31m\\n' >&2; exit 3", Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), "`sh` ended with code 3: one; two[31m");
        let run = Run {
            program: Path::new("/nonexistent"),
            arguments: &[],
            folder: "",
            environment: &[],
            limits: Limits::default(),
        };
        assert!(matches!(sandbox.run(&run).unwrap_err(), Error::Failed { .. }));
    }

    #[test]
    fn at_a_limit_it_ends_with_all_that_it_started() {
        let sandbox = Sandbox::new().unwrap();
        let limits = Limits { time: Duration::from_secs(1), ..Limits::default() };
        let error = shell(&sandbox, "sleep 600 & echo $! > child; wait", limits).unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        // Its group was killed; an end that is not seen yet is a process that nobody has waited for.
        let limits = Limits { output_bytes: 1000, ..Limits::default() };
        let error =
            shell(&sandbox, "while :; do echo 0123456789; done", Limits { time: Duration::from_secs(1), ..limits });
        assert!(error.is_err());
        let error = shell(&sandbox, "head -c 5000 /dev/zero", limits).unwrap_err();
        assert_eq!(error.to_string(), "`sh` made more than 1000 bytes of output");
        let limits = Limits { folder_bytes: 100_000, ..Limits::default() };
        let error = shell(&sandbox, "head -c 1000000 /dev/zero > big; sleep 60", limits).unwrap_err();
        assert_eq!(error.to_string(), "`sh` made more than 100000 bytes of files");
    }

    #[test]
    fn what_outlives_it_does_not_hold_it_up() {
        let sandbox = Sandbox::new().unwrap();
        let started = Instant::now();
        let output = shell(&sandbox, "sleep 600 & echo done", Limits::default()).unwrap();
        assert_eq!(text(&output), "done\n");
        // What leaves the group ends with its namespace, and where there is none it is said.
        match shell(&sandbox, "setsid sleep 20 & sleep 1; echo done", Limits::default()) {
            Ok(output) => assert_eq!((text(&output), output.network), ("done\n", Network::None)),
            Err(error) => assert!(matches!(error, Error::Lingers(_)), "{error}"),
        }
        assert!(started.elapsed() < Duration::from_secs(300));
    }

    #[test]
    fn memory_is_bounded() {
        let sandbox = Sandbox::new().unwrap();
        let limits = Limits { data_bytes: 16 << 20, ..Limits::default() };
        // `dd` keeps one block in memory.
        let error = shell(&sandbox, "exec dd if=/dev/zero of=/dev/null bs=64M count=1", limits).unwrap_err();
        assert!(matches!(error, Error::Failed { .. }), "{error}");
    }

    #[test]
    fn without_a_network_nothing_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sandbox = Sandbox::new().unwrap();
        let output = shell(&sandbox, "cat /proc/self/net/dev", Limits::default()).unwrap();
        let interfaces = text(&output).lines().filter(|line| line.contains(':')).count();
        match output.network {
            Network::None => assert_eq!(interfaces, 1, "the loopback alone: {}", text(&output)),
            Network::Open => assert!(fs::read_to_string("/proc/self/net/dev").unwrap().lines().count() >= interfaces),
        }
        // bash alone can connect by itself; where it is missing the interfaces have said it.
        if Path::new("/bin/bash").exists() && output.network == Network::None {
            let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
            let arguments = ["-c", script.as_str()].map(OsStr::new);
            let run = Run {
                program: Path::new("/bin/bash"),
                arguments: &arguments,
                folder: "",
                environment: &[],
                limits: Limits::default(),
            };
            assert!(matches!(sandbox.run(&run), Err(Error::Failed { .. })));
        }
    }
}
