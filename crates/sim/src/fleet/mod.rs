//! A simulated fleet: clusters that answer what drivers are asked to do, under virtual time.
//!
//! Invariants: time only moves with the calls; the same calls in the same order give the same answers; every write
//! is recorded with its author and time; an attempt that is dropped writes nothing more. The fleet knows nothing
//! about rollouts: it does what it is told, so that what it records is evidence of its own.

mod cluster;
mod job;
mod observe;
mod weather;
mod work;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    digest::Digest,
    ids::{ServiceName, TargetName},
    release::Content,
};

pub use cluster::{Cluster, Pace};
pub use job::{Author, Job, Poll, Task, Wanted, Work, Write, Wrote};
pub use weather::{Odds, Spell, Trouble, Weather};

use crate::rng::Rng;
use cluster::Installed;

/// Simulated clusters by name.
#[derive(Clone, Debug)]
pub struct Fleet {
    clusters: BTreeMap<TargetName, Cluster>,
    writes: Vec<Write>,
    rng: Rng,
}

impl Fleet {
    /// A fleet without clusters.
    pub fn new(seed: u64) -> Self {
        Self { clusters: BTreeMap::new(), writes: Vec::new(), rng: Rng::new(seed) }
    }

    /// The same fleet with the chances of another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    /// Adds a cluster where nothing runs.
    pub fn add(&mut self, target: TargetName, pace: Pace) {
        self.clusters.insert(target, Cluster { pace, ..Cluster::default() });
    }

    /// A cluster; `None` = there is none of this name.
    pub fn cluster(&self, target: &TargetName) -> Option<&Cluster> {
        self.clusters.get(target)
    }

    /// A cluster to change; `None` = there is none of this name.
    pub fn cluster_mut(&mut self, target: &TargetName) -> Option<&mut Cluster> {
        self.clusters.get_mut(target)
    }

    /// All clusters.
    pub fn clusters_mut(&mut self) -> impl Iterator<Item = (&TargetName, &mut Cluster)> {
        self.clusters.iter_mut()
    }

    /// Lets a content run somewhere, healthy, without a record: how the world is before anything is planned.
    pub fn install(&mut self, target: &TargetName, content: Arc<Content>) {
        if let Some(cluster) = self.clusters.get_mut(target) {
            let service = content.service.clone();
            cluster.services.insert(service, Installed { content: Some(content), ..Installed::default() });
        }
    }

    /// Lets other hands change a service.
    pub fn drift(&mut self, target: &TargetName, service: &ServiceName, at_ms: i64) {
        let Some(cluster) = self.clusters.get_mut(target) else { return };
        cluster.services.entry(service.clone()).or_default().drift += 1;
        let (target, service) = (target.clone(), service.clone());
        self.writes.push(Write { at_ms, target, service, content: None, wrote: Wrote::Drift, author: None });
    }

    /// Content that runs whole and untouched; `None` = none, or something else.
    pub fn runs(&self, target: &TargetName, service: &ServiceName) -> Option<&Digest> {
        self.clusters.get(target)?.services.get(service)?.runs()
    }

    /// Everything that runs whole and untouched.
    pub fn all_runs(&self) -> BTreeMap<(TargetName, ServiceName), Digest> {
        let of = |(target, cluster): (&TargetName, &Cluster)| {
            let runs = |(service, installed): (&ServiceName, &Installed)| {
                Some(((target.clone(), service.clone()), installed.runs()?.clone()))
            };
            cluster.services.iter().filter_map(runs).collect::<Vec<_>>()
        };
        self.clusters.iter().flat_map(of).collect()
    }

    /// Content that a target's inventory names; `None` = none.
    pub fn inventory(&self, target: &TargetName, service: &ServiceName) -> Option<&Digest> {
        self.clusters.get(target)?.services.get(service)?.content.as_ref().map(|content| &content.digest)
    }

    /// Everything that was written, in order.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// Ends all trouble at a time.
    pub fn heal(&mut self, at_ms: i64) {
        self.clusters.values_mut().for_each(|cluster| cluster.weather.clear(at_ms));
    }
}
