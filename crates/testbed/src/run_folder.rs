//! The folder of one running testbed, and the promise that nothing of it stays behind.
//!
//! ```text
//! <cache>/run/lock           held while folders are made, reaped, or ports are claimed
//! <cache>/run/ports/<port>   a claimed port; holds the path of the run folder that claimed it
//! <cache>/run/<pid>-<n>/     a run folder: owner, processes, one folder per cluster
//! ```
//!
//! A testbed ends its processes when it is dropped. A program that is killed cannot do that, so each run folder says
//! who owns it and which processes were started, and the next testbed ends those whose owner is gone. Only processes
//! whose pid and start time are both as recorded are ever signalled.

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    hash::{BuildHasher, Hasher},
    io::Write,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::{
    cache::{Lock, create_dir},
    process::{Lifetime, ProcessId},
};

/// Below the ranges from which Linux and macOS take ports for outgoing connections, so that nothing else comes by
/// while a server is down.
const PORTS: std::ops::Range<u16> = 18_000..30_000;

const OWNER: &str = "owner";
pub(crate) const PROCESSES: &str = "processes";

/// A folder for clusters, with a record of every process started for it.
#[derive(Debug)]
pub(crate) struct RunFolder {
    /// `<cache>/run`
    base: PathBuf,
    path: PathBuf,
    lifetime: Lifetime,
}

impl RunFolder {
    /// Makes a folder that is removed on drop, after reaping what others have left behind.
    pub(crate) fn create(cache: &Path) -> anyhow::Result<Self> {
        let base = cache.join("run");
        let _lock = lock(&base)?;
        reap_locked(&base)?;
        let path = base.join(format!("{}-{:08x}", std::process::id(), random() as u32));
        create_dir(&path)?;
        write(&path.join(OWNER), &ProcessId::own()?.to_string())?;
        Ok(Self { base, path, lifetime: Lifetime::Owned })
    }

    /// Makes a folder at a place of the user's choice, that stays with its processes until somebody ends them.
    pub(crate) fn create_detached(cache: &Path, path: &Path) -> anyhow::Result<Self> {
        let base = cache.join("run");
        create_dir(&base)?;
        create_dir(path)?;
        let path = fs::canonicalize(path).with_context(|| format!("cannot use {}", path.display()))?;
        Ok(Self { base, path, lifetime: Lifetime::Detached })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// Notes a process that was just started for this folder.
    pub(crate) fn record(&self, name: &str, id: &ProcessId) -> anyhow::Result<()> {
        let path = self.path.join(PROCESSES);
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(format!("{id} {name}\n").as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Free loopback ports that no other testbed gets while this folder exists.
    pub(crate) fn claim_ports<const N: usize>(&self) -> anyhow::Result<[u16; N]> {
        let _lock = lock(&self.base)?;
        let claims = self.base.join("ports");
        create_dir(&claims)?;
        let taken = live_claims(&claims)?;
        let mut found = [0; N];
        let mut have = 0;
        let start = random();
        for offset in 0..u64::from(PORTS.end - PORTS.start) {
            if have == N {
                break;
            }
            let step = start.wrapping_add(offset) % u64::from(PORTS.end - PORTS.start);
            let port = PORTS.start + u16::try_from(step)?;
            if !taken.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                write(&claims.join(port.to_string()), &self.path.to_string_lossy())?;
                found[have] = port;
                have += 1;
            }
        }
        if have < N {
            bail!("no free loopback port from {} to {}", PORTS.start, PORTS.end);
        }
        Ok(found)
    }

    /// Removes the folder with all that is in it. The processes must have ended.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        remove_folder(&self.path)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::Owned
            && let Err(e) = self.remove()
        {
            eprintln!("testbed: {e:#}");
        }
    }
}

/// Ends the processes of testbeds whose owner is gone and removes their folders.
///
/// Every new testbed does this first. Returns how many folders were removed.
///
/// # Errors
/// When a folder cannot be read or removed, or a process cannot be ended.
pub fn reap(cache: &Path) -> anyhow::Result<usize> {
    let base = cache.join("run");
    let _lock = lock(&base)?;
    reap_locked(&base)
}

fn reap_locked(base: &Path) -> anyhow::Result<usize> {
    let mut reaped = 0;
    for entry in fs::read_dir(base).with_context(|| format!("cannot read {}", base.display()))? {
        let path = entry?.path();
        let is_run = path.is_dir() && path.file_name().is_some_and(|name| name != "ports");
        // Without a readable owner nothing was started yet: the owner is written before anything else, under the lock.
        if is_run && !owner(&path).is_some_and(|owner| owner.is_alive()) {
            end_recorded(&path)?;
            remove_folder(&path)?;
            reaped += 1;
        }
    }
    Ok(reaped)
}

/// Ends every process that is recorded in a run folder and still is the one that was recorded.
pub(crate) fn end_recorded(folder: &Path) -> anyhow::Result<usize> {
    let alive: Vec<ProcessId> = recorded(folder)?.into_iter().map(|(id, _)| id).filter(ProcessId::is_alive).collect();
    for id in &alive {
        id.signal(rustix::process::Signal::KILL)?;
    }
    for id in &alive {
        id.kill_and_wait()?;
    }
    Ok(alive.len())
}

/// The processes recorded in a run folder with their names, oldest first; those that have ended too.
pub(crate) fn recorded(folder: &Path) -> anyhow::Result<Vec<(ProcessId, String)>> {
    let path = folder.join(PROCESSES);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e).with_context(|| format!("cannot read {}", path.display())),
    };
    // A last line without an end was cut off by a crash: that process is not known and cannot be matched.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .map(|line| {
            line.rsplit_once(' ')
                .and_then(|(id, name)| Some((ProcessId::parse(id)?, name.to_owned())))
                .with_context(|| format!("{} holds the line `{line}`, expected `pid start name`", path.display()))
        })
        .collect()
}

fn owner(folder: &Path) -> Option<ProcessId> {
    ProcessId::parse(&fs::read_to_string(folder.join(OWNER)).ok()?)
}

/// The claimed ports; claims of folders that are gone are removed.
fn live_claims(claims: &Path) -> anyhow::Result<HashSet<u16>> {
    let mut taken = HashSet::new();
    for entry in fs::read_dir(claims).with_context(|| format!("cannot read {}", claims.display()))? {
        let path = entry?.path();
        let folder = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if Path::new(&folder).is_dir() {
            taken.extend(path.file_name().and_then(|name| name.to_str()?.parse::<u16>().ok()));
        } else {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(taken)
}

fn lock(base: &Path) -> anyhow::Result<Lock> {
    Lock::acquire(&base.join("lock"), || {})
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A number that differs between processes and calls; the standard library seeds each hasher at random.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::process::Command;

    use super::*;
    use crate::process::Process;

    #[test]
    fn a_claimed_port_is_not_given_twice() {
        let cache = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(cache.path()).unwrap();
        let other = RunFolder::create(cache.path()).unwrap();
        let first: [u16; 40] = folder.claim_ports().unwrap();
        let second: [u16; 40] = other.claim_ports().unwrap();
        let all: HashSet<u16> = first.iter().chain(&second).copied().collect();
        assert_eq!(all.len(), 80);

        drop(folder);
        let claims = cache.path().join("run/ports");
        live_claims(&claims).unwrap();
        assert_eq!(fs::read_dir(claims).unwrap().count(), 40, "claims end with the folder");
    }

    #[test]
    fn only_folders_without_an_owner_are_reaped() {
        let cache = tempfile::tempdir().unwrap();
        let mine = RunFolder::create(cache.path()).unwrap();

        let orphan = cache.path().join("run/1234-abandoned");
        fs::create_dir(&orphan).unwrap();
        let mut command = Command::new("sleep");
        command.arg("60");
        let left_over = Process::start("sleep", command, &orphan, Lifetime::Owned).unwrap();
        let mut command = Command::new("sleep");
        command.arg("60");
        let stranger = Process::start("sleep", command, mine.path(), Lifetime::Owned).unwrap();
        // The owner's pid exists, but belongs to a process that started at another time.
        let reused = format!("{} 1", std::process::id());
        write(&orphan.join(OWNER), &reused).unwrap();
        let same_pid_other_start = format!("{} 1 sleep", stranger.id().pid());
        write(&orphan.join(PROCESSES), &format!("{} sleep\n{same_pid_other_start}\n", left_over.id())).unwrap();

        // `is_alive` knows zombies, so it does not matter that we are the parent and do not wait yet.
        assert_eq!(reap(cache.path()).unwrap(), 1);
        assert!(!left_over.id().is_alive());
        assert!(stranger.id().is_alive());
        assert!(!orphan.exists());
        assert!(mine.path().exists());
    }

    #[test]
    fn a_line_cut_off_by_a_crash_is_ignored_and_nonsense_is_not() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(PROCESSES), "12 345 etcd\n13 34").unwrap();
        let names: Vec<String> = recorded(folder.path()).unwrap().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["etcd"]);
        write(&folder.path().join(PROCESSES), "hello\n").unwrap();
        assert!(recorded(folder.path()).unwrap_err().to_string().contains("hello"));
    }
}
