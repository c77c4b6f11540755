//! What a call may fetch, as options of the verbs that render.

use std::io::Write as _;

use clap::ValueEnum;
use seaway_engine::{DiskSources, Fetching, fetch::Transports};

use crate::{error::Error, session::Session};

/// A way to fetch that is not safe everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Transport {
    /// Unencrypted HTTP
    Http,
    /// Git's own unencrypted protocol
    Git,
    /// Repositories in folders of this machine
    File,
}

/// What is allowed beside HTTPS and SSH.
pub fn allowed(transports: &[Transport]) -> Transports {
    let has = |transport| transports.contains(&transport);
    Transports { http: has(Transport::Http), git: has(Transport::Git), file: has(Transport::File) }
}

/// Options of every verb that renders.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Reach {
    /// Fetch nothing: every source from elsewhere must be here
    #[arg(long)]
    pub offline: bool,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME", conflicts_with = "offline")]
    pub transports: Vec<Transport>,
}

impl Reach {
    /// The sources of a workspace within this reach.
    ///
    /// # Errors
    /// When the lock cannot be read.
    pub fn sources(&self, session: &Session<'_>) -> Result<DiskSources, Error> {
        let fetching =
            if self.offline { Fetching::Offline } else { Fetching::Allowed(allowed(&self.transports), remark) };
        DiskSources::open(&session.root, fetching).map_err(|error| session.explain(error))
    }
}

/// Nothing can be said about a failure to write to standard error.
pub fn remark(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
