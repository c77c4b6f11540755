//! The machine that figures were measured on: without it they say nothing.

use std::{fmt, fs, thread};

use anyhow::Context;
use serde::Serialize;

/// What a reader needs to judge a figure.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// When it was looked at, RFC 3339.
    date: String,
    /// Processors that this process may use.
    cores: usize,
    memory_mib: u64,
    /// Processes that wanted to run in the last minute, before the bench began; more than the cores means that the
    /// figures are those of a busy machine.
    load: f64,
}

impl Machine {
    /// Looks at this machine.
    ///
    /// # Errors
    /// On systems without `/proc`: the benches measure processes through it.
    pub(crate) fn look() -> anyhow::Result<Self> {
        let read = |path: &str| {
            fs::read_to_string(path).with_context(|| format!("cannot read {path}: the benches run on Linux"))
        };
        let load = read("/proc/loadavg")?;
        let load = load.split_whitespace().next().and_then(|first| first.parse().ok());
        let memory = read("/proc/meminfo")?;
        let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).and_then(super::process::kib);
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            cores: thread::available_parallelism()?.get(),
            memory_mib: kib.context("unexpected form of /proc/meminfo")? / 1024,
            load: load.context("unexpected form of /proc/loadavg")?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores, {} MiB, load before the run {:.2}", self.date, self.cores, self.memory_mib, self.load)
    }
}
