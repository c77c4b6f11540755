//! The engine: load → decide → append → perform.
//!
//! It reads declarations from disk, plans with the drivers' eyes, starts rollouts and drives them. All rules are
//! in `seaway-core`; this crate only carries values between the core, the store, the clock and the drivers.

pub mod cache;
mod clock;
mod command;
mod content;
pub mod definitions;
mod draw_key;
mod drive;
pub mod drivers;
mod error;
mod external;
pub mod fetch;
mod journal;
mod kept;
mod lease;
pub mod locking;
mod perform;
mod planning;
mod provenance;
mod sources;
mod spread;
mod timing;
pub mod workspace;

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::execution::Frame;
use seaway_store::Store;

pub use clock::Clock;
pub use content::{Contents, Renderer};
pub use drive::{ENGINE, Left, Observer};
pub use error::Error;
pub use lease::holder;
pub use planning::{DiskRenderer, PlanProgress, PlanRequest, Planned, Rendered, environment, render_all};
pub use sources::{DiskSources, Fetching, Sources};

/// Everything that planning and driving need.
pub struct Engine {
    pub(crate) store: Store,
    pub(crate) drivers: drivers::Drivers,
    pub(crate) contents: Arc<Contents>,
    /// Clock of rollouts.
    pub(crate) clock: Clock,
    /// Clock of leases: always the system's.
    pub(crate) wall: Clock,
    pub(crate) holder: String,
    pub(crate) lease_ttl: std::time::Duration,
    pub(crate) frames: tokio::sync::Mutex<BTreeMap<String, Arc<Frame>>>,
}

impl Engine {
    /// An engine on an open store.
    pub fn new(store: Store, drivers: drivers::Drivers, renderer: Arc<dyn Renderer>, clock: Clock) -> Self {
        let contents = Arc::new(Contents::new(store.clone(), renderer));
        Self {
            store,
            drivers,
            contents,
            clock,
            wall: Clock::system(),
            holder: holder::this(),
            lease_ttl: lease::TTL,
            frames: tokio::sync::Mutex::default(),
        }
    }

    /// The engine of a workspace on disk: its state in `.seaway/state.db`, its targets real clusters.
    ///
    /// # Errors
    /// When the state cannot be opened.
    pub async fn open(root: &std::path::Path) -> Result<Self, Error> {
        let path = root.join(workspace::STATE_FOLDER).join("state.db");
        let store = Store::open(&seaway_store::Location::Sqlite(path)).await?;
        let driver = Arc::new(drivers::kube::KubeDriver::new(root));
        let renderer = Arc::new(DiskRenderer::new(root, Fetching::Offline));
        Ok(Self::new(store, drivers::Drivers::default().with(drivers::kube::KUBE, driver), renderer, Clock::system()))
    }

    /// The same engine with leases that hold so long without being renewed.
    #[must_use]
    pub fn lease_ttl(self, lease_ttl: std::time::Duration) -> Self {
        Self { lease_ttl, ..self }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The clock of its rollouts.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}
