//! A throw-away PostgreSQL server on loopback.
//!
//! The server runs as another user when the caller is root (PostgreSQL refuses to run as root),
//! listens on a free port of 127.0.0.1, asks for a password and forgets everything when it ends.
//! It ends when the [`Postgres`] is dropped and also when this process dies in any other way: the
//! shell that started it waits for the end of a pipe that only this process holds open.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How to get what is missing.
const INSTALL: &str = "PostgreSQL is not installed: run `cargo xtask setup` (or `apt-get install postgresql`)";

/// Name and password of the only user. Known to everybody: the server holds test data only and
/// is reachable from this machine only.
const USER: &str = "seaway";
const PASSWORD: &str = "only-for-tests";

/// A cold start takes about two seconds; a busy machine may need many times that.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// Another process may take the free port before the server does.
const START_ATTEMPTS: usize = 5;

/// What the server prints when clients may connect.
const READY: &str = "database system is ready to accept connections";

/// Starts the server, waits for the pipe's end, stops the server and removes its folder. The
/// shell gives its own copy of the log away, so that the log ends when the server does.
const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null &
server=$!
exec 2>/dev/null
cat >/dev/null
kill -INT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    keeper: Child,
    bin: PathBuf,
    port: u16,
    owner: Owner,
    databases: AtomicU32,
}

impl Postgres {
    /// Creates and starts a server; returns when it accepts connections.
    pub fn start() -> Result<Self> {
        let bin = find_bin().context(INSTALL)?;
        let mut attempt = 1;
        loop {
            match Self::start_once(&bin) {
                Err(error) if attempt < START_ATTEMPTS && format!("{error:#}").contains("in use") => attempt += 1,
                other => return other,
            }
        }
    }

    fn start_once(bin: &Path) -> Result<Self> {
        let folder = Folder::create()?;
        let owner = Owner::of_folder(&folder.path)?;
        let data = create_cluster(bin, &folder.path, &owner)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = owner.command("/bin/sh", &folder.path);
        command.args(["-c", KEEPER, "sh"]).arg(&folder.path);
        command.arg(bin.join("postgres")).arg("-D").arg(&data);
        for setting in [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            // A socket's path must be short, and the temporary folder's name may be long.
            "unix_socket_directories=".to_owned(),
            // Durability of test data is not what tests of our side of the wire are about.
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "lc_messages=C".to_owned(),
        ] {
            command.arg("-c").arg(setting);
        }
        // What ends this process's group, such as Ctrl-C, must not end the keeper before its work.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut keeper = command.spawn().context("cannot start the server's shell")?;
        folder.leave_to_keeper();
        let log = keeper.stderr.take().map(follow).context("the server has no log")?;
        let server = Self { keeper, bin: bin.to_owned(), port, owner, databases: AtomicU32::new(0) };
        wait_until_ready(&log)?;
        Ok(server)
    }

    /// Creates an empty database, its name unique in this server, and answers its URL.
    pub fn create_database(&self) -> Result<String> {
        self.create(&[])
    }

    /// As [`Postgres::create_database`], with an English order of text, where `a` < `B` < `c`.
    pub fn create_english_database(&self) -> Result<String> {
        self.create(&["--template=template0", "--locale-provider=icu", "--icu-locale=en-US"])
    }

    /// As [`Postgres::create_database`], in an encoding that has only the characters of western Europe.
    pub fn create_latin_database(&self) -> Result<String> {
        self.create(&["--template=template0", "--locale=C", "--encoding=LATIN1"])
    }

    /// As [`Postgres::create_database`], its files in an empty folder that the server's user owns.
    pub fn create_database_in(&self, folder: &Path) -> Result<String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let space = format!("space_{number}");
        self.sql(&format!("CREATE TABLESPACE {space} LOCATION '{}'", folder.display()))?;
        self.create(&["--tablespace", &space])
    }

    /// Runs a statement as the server's only user.
    pub fn sql(&self, statement: &str) -> Result<()> {
        let mut command = self.client("psql");
        run(command.args(["--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres", "--command", statement]))
    }

    /// The user and group that the server runs as; none when it is the caller.
    pub fn owner(&self) -> Option<(u32, u32)> {
        self.owner.ids
    }

    /// The URL of a database as the server's only user.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The password in [`Postgres::url`]; tests look for it in messages.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    fn create(&self, options: &[&str]) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(self.client("createdb").args(options).arg(&name))?;
        Ok(self.url(&name))
    }

    fn client(&self, tool: &str) -> Command {
        let mut command = Command::new(self.bin.join(tool));
        command.args(["--host=127.0.0.1", "--username", USER, "--no-password"]).arg(format!("--port={}", self.port));
        command.env("PGPASSWORD", PASSWORD).current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The end of the pipe is the shell's signal. Without a shell to wait for, nothing is left
        // to stop.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A new folder, removed again unless the keeper was started, who removes it then.
struct Folder {
    path: PathBuf,
    is_mine: bool,
}

impl Folder {
    fn create() -> Result<Self> {
        let mut number = 0;
        loop {
            let path = std::env::temp_dir().join(format!("seaway-postgres-{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, is_mine: true }),
                // Another server of this process, or what a former process of this number left.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
            }
        }
    }

    fn leave_to_keeper(mut self) {
        self.is_mine = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_mine {
            // The error that brought us here matters more than a folder left behind.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// The user that the server runs as.
#[derive(Debug)]
struct Owner {
    ids: Option<(u32, u32)>,
}

impl Owner {
    /// The caller itself, or for root a user that may own the folder instead.
    fn of_folder(folder: &Path) -> Result<Self> {
        if fs::metadata(folder)?.uid() != 0 {
            return Ok(Self { ids: None });
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot list the users")?;
        let (uid, gid) = ["postgres", "nobody"]
            .iter()
            .find_map(|name| ids_of(&users, name))
            .context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")?;
        chown(folder, Some(uid), Some(gid))?;
        Ok(Self { ids: Some((uid, gid)) })
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        // Settings of the caller's own clients must not reach this server.
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir(folder);
        if let Some((uid, gid)) = self.ids {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The newest installed server, or the one in the search path.
fn find_bin() -> Option<PathBuf> {
    let has_server =
        |bin: &PathBuf| ["initdb", "postgres", "createdb", "psql"].iter().all(|tool| bin.join(tool).is_file());
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| has_server(bin))
        .collect();
    installed.sort();
    let newest = installed.pop().map(|(_, bin)| bin);
    newest.or_else(|| std::env::split_paths(&std::env::var_os("PATH")?).find(has_server))
}

fn create_cluster(bin: &Path, folder: &Path, owner: &Owner) -> Result<PathBuf> {
    let data = folder.join("data");
    let password = folder.join("password");
    fs::write(&password, PASSWORD)?;
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644))?;
    let mut command = owner.command(bin.join("initdb"), folder);
    command.arg("-D").arg(&data).arg("--pwfile").arg(&password);
    command.args(["--username", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    run(&mut command).context("cannot create the server's data folder")?;
    Ok(data)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Reads the log to its end, so that the server never waits for a reader.
fn follow(log: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Nobody listens after the start.
            let _ = sender.send(line);
        }
    });
    receiver
}

fn wait_until_ready(log: &Receiver<String>) -> Result<()> {
    let mut seen = Vec::new();
    loop {
        match log.recv_timeout(START_TIMEOUT) {
            Ok(line) if line.contains(READY) => return Ok(()),
            Ok(line) => seen.push(line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("PostgreSQL did not start in time: {}", seen.join("\n"))
            }
            Err(RecvTimeoutError::Disconnected) => {
                bail!("PostgreSQL ended at its start: {}", seen.join("\n"))
            }
        }
    }
}
