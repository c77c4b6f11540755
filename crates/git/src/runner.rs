//! One `git` process: its arguments, environment, limits and end.

use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Remote};

/// Oldest version with everything that is used here.
const VERSION_MIN: (u32, u32) = (2, 34);
/// Its name in messages.
const VERSION_MIN_TEXT: &str = "2.34";
/// Most bytes of what a process says on standard error; the rest is dropped.
const STDERR_BYTES_MAX: u64 = 64 * 1024;
/// How often a running process is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How often the size of what is being fetched is looked at.
const SIZE_POLL: Duration = Duration::from_millis(250);
/// Variables of the caller that a process gets: where programs, keys and proxies are, and nothing that steers Git.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SystemRoot",
];
/// Settings that hold for every process, above those of the user.
const SETTINGS: [(&str, &str); 14] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.alternateRefsCommand", ":"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("fetch.unpackLimit", "1"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.followRedirects", "initial"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "30"),
    ("safe.bareRepository", "all"),
    ("protocol.allow", "never"),
];
/// Gives the secret from the environment to Git, and to nobody else.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$SEAWAY_GIT_USER\" \"$SEAWAY_GIT_SECRET\"; }; f";

/// Bounds of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest time of one process.
    pub time: Duration,
    /// Most bytes that one fetch may add to the cache.
    pub fetched_bytes: u64,
    /// Most bytes of all files that are read from one tree.
    pub tree_bytes: u64,
    /// Most files that are read from one tree.
    pub tree_files: usize,
    /// Most entries of a whole commit, and bytes of their list ÷ 256.
    pub entries: usize,
}

impl Default for Limits {
    /// Ten minutes, 2 GiB fetched, 256 MiB and 20,000 files taken, of at most 500,000.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            fetched_bytes: 2 << 30,
            tree_bytes: 256 << 20,
            tree_files: 20_000,
            entries: 500_000,
        }
    }
}

/// The installed `git`.
#[derive(Clone, Debug)]
pub struct Git {
    pub(crate) limits: Limits,
}

/// What a process has and is bounded by.
pub(crate) struct Call<'a> {
    pub(crate) verb: &'static str,
    pub(crate) repository: Option<&'a Path>,
    pub(crate) arguments: Vec<&'a OsStr>,
    pub(crate) remote: Option<&'a Remote>,
    /// Most bytes of its answer.
    pub(crate) answer_bytes: u64,
    /// Folder that must not grow beyond a size.
    pub(crate) bounded: Option<(&'a Path, u64)>,
}

impl Git {
    /// Finds `git` on the path.
    ///
    /// # Errors
    /// When there is none, or it is too old.
    pub fn find(limits: Limits) -> Result<Self, Error> {
        let git = Self { limits };
        let call = Call {
            verb: "version",
            repository: None,
            arguments: vec![OsStr::new("version")],
            remote: None,
            answer_bytes: 1024,
            bounded: None,
        };
        let text = String::from_utf8_lossy(&git.run(&call)?).into_owned();
        let version = text.split_whitespace().nth(2).unwrap_or_default().to_owned();
        let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
        if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < VERSION_MIN {
            return Err(Error::TooOld { found: version, needed: VERSION_MIN_TEXT });
        }
        Ok(git)
    }

    /// A process with nothing of the caller's environment but what [`KEPT`] names.
    pub(crate) fn command(&self, repository: Option<&Path>, remote: Option<&Remote>) -> Command {
        let mut command = Command::new("git");
        command.env_clear();
        for name in KEPT {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("SSH_ASKPASS", "");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_ATTR_NOSYSTEM", "1");
        command.env("GIT_LFS_SKIP_SMUDGE", "1").env("GCM_INTERACTIVE", "never");
        if std::env::var_os("GIT_SSH_COMMAND").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        let mut settings: Vec<(String, String)> =
            SETTINGS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        if let Some(remote) = remote {
            settings.push((format!("protocol.{}.allow", remote.transport()), "always".to_owned()));
            if let Some((host, user, secret)) = remote.credential() {
                // For this host alone: a redirect elsewhere gets nothing. The first line drops the user's own helpers.
                settings.push((format!("credential.{host}.helper"), String::new()));
                settings.push((format!("credential.{host}.helper"), HELPER.to_owned()));
                command.env("SEAWAY_GIT_USER", user).env("SEAWAY_GIT_SECRET", secret);
            }
        }
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (index, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        if let Some(repository) = repository {
            command.arg("--git-dir").arg(repository);
        }
        command
    }

    /// Runs a process to its end. Its standard output.
    pub(crate) fn run(&self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let mut command = self.command(call.repository, call.remote);
        command.args(&call.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that its helpers end with it.
        let mut child = command.process_group(0).spawn().map_err(Error::NoGit)?;
        let out = reader(child.stdout.take(), call.answer_bytes.saturating_add(1));
        let said = reader(child.stderr.take(), STDERR_BYTES_MAX);
        let ended = self.wait(&mut child, call);
        // Every way out of the wait has ended the process, so that both pipes are closed.
        let out = out.join().unwrap_or_default();
        let said = said.join().unwrap_or_default();
        if !ended? {
            let message = message(&said, call.remote);
            return Err(Error::Failed { verb: call.verb, message });
        }
        if out.len() as u64 > call.answer_bytes {
            let what = format!("the answer of git {}", call.verb);
            return Err(Error::TooLarge { what, limit: call.answer_bytes, unit: "bytes" });
        }
        Ok(out)
    }

    /// Waits for the end, within the limits. Whether it ended well.
    fn wait(&self, child: &mut Child, call: &Call<'_>) -> Result<bool, Error> {
        let started = Instant::now();
        let mut measured = started;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) => {}
                Err(error) => {
                    end(child);
                    return Err(Error::NoGit(error));
                }
            }
            if started.elapsed() > self.limits.time {
                end(child);
                return Err(Error::TimedOut { verb: call.verb, after: self.limits.time });
            }
            if let Some((folder, limit)) = call.bounded
                && measured.elapsed() > SIZE_POLL
            {
                measured = Instant::now();
                if size(folder) > limit {
                    end(child);
                    return Err(Error::TooLarge { what: "the repository".to_owned(), limit, unit: "bytes" });
                }
            }
            thread::sleep(POLL);
        }
    }
}

/// Ends a process and those that it started.
pub(crate) fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may have ended by itself just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a pipe on a thread of its own, up to a limit; the rest is read and dropped, so that nobody blocks.
fn reader(pipe: Option<impl Read + Send + 'static>, limit: u64) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut out = Vec::new();
        let Some(mut pipe) = pipe else { return out };
        let _ = pipe.by_ref().take(limit).read_to_end(&mut out);
        let _ = io::copy(&mut pipe, &mut io::sink());
        out
    })
}

/// Bytes of all files below a folder.
pub(crate) fn size(folder: &Path) -> u64 {
    let mut total = 0;
    let mut open: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => total += metadata.len(),
                Err(_) => {}
            }
        }
    }
    total
}

/// What Git said, in a few lines, without credentials and control characters.
fn message(said: &[u8], remote: Option<&Remote>) -> String {
    const LINES_MAX: usize = 4;
    const CHARS_MAX: usize = 400;
    let text = String::from_utf8_lossy(said);
    let is_said = |line: &&str| !line.trim().is_empty() && !line.starts_with("remote: Enumerating");
    let lines: Vec<&str> = text.lines().filter(is_said).take(LINES_MAX).collect();
    let mut message = lines.join("; ");
    if let Some((_, user, secret)) = remote.and_then(Remote::credential) {
        for hidden in [secret, user].into_iter().filter(|hidden| hidden.len() > 3) {
            message = message.replace(hidden, "***");
        }
    }
    message.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

/// Writes to a process; that it has ended is found by whoever reads its answer.
pub(crate) fn tell(child: &mut Child, text: &str) -> io::Result<()> {
    let Some(stdin) = child.stdin.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
    stdin.write_all(text.as_bytes())?;
    stdin.flush()
}
