//! Several clusters that start and end together.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};

use crate::{
    audit::Audit,
    binaries::Binaries,
    cache::cache_dir,
    cluster::{Cluster, Setting},
    kubeconfig,
    run_folder::RunFolder,
};

/// More clusters than this need more memory (about 300 MiB each) than a developer's machine has.
const CLUSTERS_MAX: usize = 50;

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many clusters; at least 1.
    pub clusters: usize,
    /// Which requests the API servers note.
    pub audit: Audit,
    /// How long one program may take to become ready. Generous, because tests share a machine with others.
    pub ready_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { clusters: 1, audit: Audit::default(), ready_limit: Duration::from_secs(180) }
    }
}

/// Running clusters `c1`, `c2`, …; dropping it ends them and removes their data.
#[derive(Debug)]
pub struct Testbed {
    clusters: Vec<Cluster>,
    kubeconfig: PathBuf,
}

impl Testbed {
    /// Starts clusters side by side and returns when pods can be scheduled in all of them.
    ///
    /// The programs are built first when they are not there yet: see [`Binaries::find_or_build`].
    ///
    /// # Errors
    /// When the programs cannot be found or built, or a cluster does not become ready; the message holds the end of
    /// the log of the program that failed.
    pub fn start(options: Options) -> anyhow::Result<Self> {
        let binaries = Binaries::find_or_build()?;
        Self::start_in(RunFolder::create(&cache_dir()?)?, binaries, &options)
    }

    pub(crate) fn start_in(folder: RunFolder, binaries: Binaries, options: &Options) -> anyhow::Result<Self> {
        if !(1..=CLUSTERS_MAX).contains(&options.clusters) {
            bail!("cannot start {} clusters, expected 1 to {CLUSTERS_MAX}", options.clusters);
        }
        let folder = Arc::new(folder);
        let kubeconfig = folder.path().join("kubeconfig");
        let setting = Setting { binaries, folder, audit: options.audit, ready_limit: options.ready_limit };
        let clusters = start_clusters(options.clusters, &setting)?;
        let entries: Vec<_> = clusters.iter().map(|cluster| cluster.kubeconfig_entry(cluster.admin())).collect();
        kubeconfig::write(&kubeconfig, &entries)?;
        Ok(Self { clusters, kubeconfig })
    }

    /// One kubeconfig with a context per cluster.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The cluster with this index: 0 is `c1`.
    ///
    /// # Panics
    /// When there is none.
    pub fn cluster(&self, index: usize) -> &Cluster {
        &self.clusters[index]
    }

    /// All clusters, in the order of their names.
    pub fn clusters(&self) -> &[Cluster] {
        &self.clusters
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        for cluster in &self.clusters {
            cluster.begin_stop();
        }
    }
}

fn start_clusters(count: usize, setting: &Setting) -> anyhow::Result<Vec<Cluster>> {
    thread::scope(|scope| {
        let starting: Vec<_> = (1..=count)
            .map(|number| {
                let setting = setting.clone();
                scope.spawn(move || Cluster::start(&format!("c{number}"), setting))
            })
            .collect();
        let results: Vec<_> = starting
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("the thread that starts a cluster panicked"))?)
            .collect();
        results.into_iter().collect::<anyhow::Result<Vec<_>>>().context("cannot start the testbed")
    })
}
