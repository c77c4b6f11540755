//! Real Kubernetes control planes on loopback, for tests and for playing.
//!
//! A [`Testbed`] is a number of clusters, each with an etcd, an API server, the controllers, the scheduler, and one
//! node that kwok simulates: real Deployments roll out, become ready or fail (see `stages.yaml` for what an image's
//! name decides), but no container runs. Everything listens on 127.0.0.1 and ends with the [`Testbed`], also when a
//! test panics; what a killed test left behind is ended by the next one.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use seaway_testbed::{Options, Testbed};
//! let testbed = Testbed::start(Options { clusters: 3, ..Options::default() })?;
//! println!("KUBECONFIG={}", testbed.kubeconfig().display());
//! let mark = testbed.cluster(0).audit_mark()?;
//! // … run something against context c1 …
//! let writes = testbed.cluster(0).audit_since(mark)?.into_iter().filter(|event| event.is_write());
//! # Ok(()) }
//! ```
//!
//! | variable | meaning |
//! | --- | --- |
//! | `SEAWAY_CACHE` | folder for built programs and running clusters, else `seaway` in the user's cache folder |
//! | `KUBEBUILDER_ASSETS` | folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok to use instead of our own |
//!
//! The crate is for tests and developer commands only; the product never depends on it. It does not pretend to have
//! what kwok has not: logs, exec, probes, traffic to pods.

mod audit;
mod binaries;
mod cache;
mod cluster;
mod control_plane;
mod detached;
mod faults;
mod go;
mod http;
mod kubeconfig;
mod pki;
pub mod postgres;
mod process;
mod run_folder;
mod stages;
mod testbed;

pub use audit::{Audit, AuditEvent, AuditMark, AuditObject};
pub use binaries::{Binaries, go_wanted};
pub use cache::cache_dir;
pub use cluster::Cluster;
pub use detached::{Detached, DetachedCluster, Up};
pub use go::{Go, NoGo};
pub use http::{Answer, USER_AGENT};
pub use pki::Validity;
pub use run_folder::reap;
pub use testbed::{Options, Testbed};
