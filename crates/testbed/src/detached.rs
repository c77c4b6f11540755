//! Clusters that go on when the program that started them has ended: for developers who want to play.
//!
//! They live in a folder that the developer names. Only a new or empty folder is taken, and only what was put there is
//! removed again, so that a mistyped folder loses nothing.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::{
    binaries::{Binaries, Program},
    cache::{Lock, cache_dir},
    run_folder::{PROCESSES, RunFolder, end_recorded, recorded},
    testbed::{Options, Testbed},
};

const KUBECONFIG: &str = "kubeconfig";

/// Clusters in a folder of the developer's choice.
#[derive(Debug)]
pub struct Detached {
    dir: PathBuf,
    cache: PathBuf,
}

/// One of them, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedCluster {
    /// `c1`, `c2`, …; also the name of its context.
    pub name: String,
    /// Address of its API server; empty while it starts.
    pub url: String,
    /// Programs that run.
    pub running: Vec<String>,
    /// Programs that have ended and should run.
    pub ended: Vec<String>,
}

/// What [`Detached::up`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// They were started now.
    Started,
    /// They ran before.
    Already,
}

impl Detached {
    /// Clusters in `dir`, or in the cache folder's `kube-up`.
    ///
    /// # Errors
    /// When there is no cache folder.
    pub fn at(dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let cache = cache_dir()?;
        let dir = dir.unwrap_or_else(|| cache.join("kube-up"));
        let dir = std::path::absolute(&dir).with_context(|| format!("cannot use `{}`", dir.display()))?;
        Ok(Self { dir, cache })
    }

    /// Where they live.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The kubeconfig with a context each.
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.join(KUBECONFIG)
    }

    /// Starts them, unless just as many run already.
    ///
    /// # Errors
    /// When another number runs, when some programs have ended, when the folder holds something else, or when they
    /// cannot be started; what was started is then ended again.
    pub fn up(&self, options: &Options) -> anyhow::Result<Up> {
        let _lock = self.lock()?;
        let clusters = self.status()?;
        if clusters.iter().any(|cluster| !cluster.running.is_empty()) {
            return self.check_running(&clusters, options.clusters);
        }
        // Left by a restart of the machine, or by a start that was interrupted.
        self.remove()?;
        self.check_empty()?;
        let binaries = Binaries::find_or_build()?;
        let folder = RunFolder::create_detached(&self.cache, &self.dir)?;
        match Testbed::start_in(folder, binaries, options) {
            Ok(_detached) => Ok(Up::Started),
            Err(e) => {
                end_recorded(&self.dir)?;
                Err(e.context(format!("logs are in {}", self.dir.display())))
            }
        }
    }

    /// Ends them and removes their data. Returns how many programs were ended.
    ///
    /// # Errors
    /// When a program cannot be ended or a file cannot be removed.
    pub fn down(&self) -> anyhow::Result<usize> {
        let _lock = self.lock()?;
        let ended = end_recorded(&self.dir)?;
        self.remove()?;
        Ok(ended)
    }

    /// What runs now; empty when nothing was started.
    ///
    /// # Errors
    /// When the record in the folder cannot be read.
    pub fn status(&self) -> anyhow::Result<Vec<DetachedCluster>> {
        let urls = self.urls();
        let mut clusters: BTreeMap<usize, DetachedCluster> = BTreeMap::new();
        for (id, name) in recorded(&self.dir)? {
            let Some((cluster, program)) = name.split_once('/') else {
                bail!("{} holds the name `{name}`, expected `cluster/program`", self.dir.join(PROCESSES).display());
            };
            let entry = clusters.entry(number(cluster)).or_insert_with(|| DetachedCluster {
                name: cluster.to_owned(),
                url: urls.get(cluster).cloned().unwrap_or_default(),
                running: Vec::new(),
                ended: Vec::new(),
            });
            let list = if id.is_alive() { &mut entry.running } else { &mut entry.ended };
            list.push(program.to_owned());
        }
        Ok(clusters.into_values().collect())
    }

    fn check_running(&self, clusters: &[DetachedCluster], wanted: usize) -> anyhow::Result<Up> {
        let down = "run `cargo xtask kube down` first";
        for cluster in clusters {
            if cluster.running.len() < Program::ALL.len() {
                let ended = Program::ALL
                    .map(Program::name)
                    .into_iter()
                    .filter(|name| !cluster.running.iter().any(|running| running == name))
                    .collect::<Vec<_>>()
                    .join(", ");
                bail!("{ended} of cluster {} in {} does not run; {down}", cluster.name, self.dir.display());
            }
        }
        if clusters.len() != wanted {
            bail!("{} clusters run in {}, expected {wanted}; {down}", clusters.len(), self.dir.display());
        }
        if !self.kubeconfig().is_file() {
            bail!("the clusters in {} did not finish to start; {down}", self.dir.display());
        }
        Ok(Up::Already)
    }

    fn check_empty(&self) -> anyhow::Result<()> {
        match fs::read_dir(&self.dir) {
            Ok(mut entries) => match entries.next() {
                None => Ok(()),
                Some(_) => bail!(
                    "`{}` holds files that are not of test clusters; name a new or an empty folder",
                    self.dir.display()
                ),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(e).with_context(|| format!("cannot read `{}`", self.dir.display())),
        }
    }

    /// Removes the clusters' data, and the folder if nothing else is in it. Without a record nothing is ours.
    fn remove(&self) -> anyhow::Result<()> {
        let context = || format!("cannot remove what is in {}", self.dir.display());
        let record = self.dir.join(PROCESSES);
        if !record.is_file() {
            return Ok(());
        }
        for cluster in self.status()? {
            gone(fs::remove_dir_all(self.dir.join(&cluster.name))).with_context(context)?;
        }
        gone(fs::remove_file(self.kubeconfig())).with_context(context)?;
        // The record goes last: without it nobody would know what else to remove.
        gone(fs::remove_file(record)).with_context(context)?;
        match fs::remove_dir(&self.dir) {
            Err(e) if e.kind() != io::ErrorKind::DirectoryNotEmpty => Err(e).with_context(context),
            _ => Ok(()),
        }
    }

    /// Addresses by context, as far as the kubeconfig is there.
    fn urls(&self) -> BTreeMap<String, String> {
        let config: Value =
            fs::read(self.kubeconfig()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let clusters = config["clusters"].as_array().cloned().unwrap_or_default();
        clusters
            .iter()
            .filter_map(|entry| {
                Some((entry["name"].as_str()?.to_owned(), entry["cluster"]["server"].as_str()?.to_owned()))
            })
            .collect()
    }

    fn lock(&self) -> anyhow::Result<Lock> {
        Lock::acquire(&self.cache.join("kube-up.lock"), || {
            eprintln!("testbed: another command starts or ends clusters; waiting for it");
        })
    }
}

/// `c12` → 12, so that c10 comes after c9.
fn number(cluster: &str) -> usize {
    cluster.trim_start_matches('c').parse().unwrap_or(usize::MAX)
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn in_folder(dir: &Path) -> Detached {
        Detached { dir: dir.to_owned(), cache: dir.join("no-cache") }
    }

    #[test]
    fn a_folder_with_other_files_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        fs::create_dir(folder.path().join("c1")).unwrap();
        let detached = in_folder(folder.path());
        assert!(detached.check_empty().unwrap_err().to_string().contains("new or an empty folder"));
        detached.remove().unwrap();
        assert!(folder.path().join("c1").exists());

        fs::write(folder.path().join(PROCESSES), "2147483647 5 c1/etcd\n").unwrap();
        detached.remove().unwrap();
        assert!(!folder.path().join("c1").exists());
        assert!(folder.path().join("thesis.txt").exists());
    }

    #[test]
    fn status_lists_clusters_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let own = crate::process::ProcessId::own().unwrap();
        fs::write(folder.path().join(PROCESSES), format!("{own} c10/etcd\n{own} c9/etcd\n2147483647 5 c9/kwok\n"))
            .unwrap();
        let detached = in_folder(folder.path());
        let clusters = detached.status().unwrap();
        let seen: Vec<_> = clusters.iter().map(|c| (c.name.as_str(), c.running.len(), c.ended.len())).collect();
        assert_eq!(seen, [("c9", 1, 1), ("c10", 1, 0)]);
        let message = detached.check_running(&clusters, 2).unwrap_err().to_string();
        assert!(message.contains("kube-apiserver") && message.contains("kube down"), "{message}");
    }
}
