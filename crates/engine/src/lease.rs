//! The lease on a rollout: which process drives it.
//!
//! A lease ends when its time is over, when it is given back, or when its holder is known to be dead: a process
//! of the same machine that no longer runs. So after a kill the next process is at work at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use seaway_core::ids::RolloutId;
use seaway_store::{Lease, Store};

use crate::Error;

/// How long a lease holds without being renewed. Long enough for a stalled disk, short enough that another
/// machine takes over soon.
pub(crate) const TTL: Duration = Duration::from_secs(10);
/// How many times it is renewed in that time.
const RENEWALS: u32 = 5;

/// A lease that this process holds.
pub(crate) struct Held {
    pub lease: Lease,
    ttl: Duration,
    started: Instant,
    valid_until: Arc<AtomicU64>,
}

impl Held {
    /// Takes the lease of a rollout. Returns it with the holding before it: its epoch, and when it was last known to
    /// be held.
    pub async fn take(
        store: &Store,
        rollout: &RolloutId,
        holder: &str,
        now_ms: i64,
        ttl: Duration,
    ) -> Result<(Self, Option<(u64, i64)>), Error> {
        let name = format!("rollout/{rollout}");
        let before = store.lease(&name).await?;
        let ttl_ms = ttl.as_millis() as i64;
        let last_held = before.as_ref().map(|lease| (lease.epoch, (lease.until_ms - ttl_ms).min(now_ms)));
        let mut ask_ms = now_ms;
        if let Some(lease) = before.filter(|lease| lease.is_held(now_ms)) {
            if !holder::is_dead(&lease.holder) {
                return Err(Error::Driven { rollout: rollout.clone(), holder: holder::describe(&lease.holder) });
            }
            ask_ms = lease.until_ms + 1;
        }
        let asked = Instant::now();
        let lease = match store.acquire_lease(&name, holder, ask_ms, ttl_ms).await {
            Ok(lease) => lease,
            Err(seaway_store::Error::Held { by, .. }) => {
                return Err(Error::Driven { rollout: rollout.clone(), holder: holder::describe(&by) });
            }
            Err(error) => return Err(error.into()),
        };
        let held = Self { lease, ttl, started: asked, valid_until: Arc::new(AtomicU64::new(0)) };
        held.extend_from(asked);
        Ok((held, last_held))
    }

    /// Who drives a rollout now; `None` = nobody.
    pub async fn current(store: &Store, rollout: &RolloutId, now_ms: i64) -> Result<Option<String>, Error> {
        let lease = store.lease(&format!("rollout/{rollout}")).await?;
        let lease = lease.filter(|lease| lease.is_held(now_ms) && !holder::is_dead(&lease.holder));
        Ok(lease.map(|lease| holder::describe(&lease.holder)))
    }

    /// How often it is renewed.
    pub fn renew_every(&self) -> Duration {
        self.ttl / RENEWALS
    }

    /// Whether it certainly holds.
    ///
    /// # Errors
    /// [`Error::Stalled`] when this process stood still for longer than the lease. Nobody need have taken over, but
    /// nobody watched either: it must be taken anew.
    pub fn require(&self, rollout: &RolloutId) -> Result<(), Error> {
        if self.is_certain() { Ok(()) } else { Err(Error::Stalled(rollout.clone())) }
    }

    /// Renews it.
    pub async fn renew(&mut self, store: &Store, rollout: &RolloutId, now_ms: i64) -> Result<(), Error> {
        self.require(rollout)?;
        let asked = Instant::now();
        match store.renew_lease(&self.lease.fence(), now_ms, self.ttl.as_millis() as i64).await {
            Ok(lease) => {
                self.lease = lease;
                self.extend_from(asked);
                Ok(())
            }
            Err(seaway_store::Error::Fenced { .. } | seaway_store::Error::Held { .. }) => {
                Err(Error::LostLease(rollout.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A question that is true while the lease certainly holds, by the monotonic clock from before it was asked for.
    pub fn fence(&self) -> Arc<dyn Fn() -> bool + Send + Sync> {
        let (started, valid_until) = (self.started, Arc::clone(&self.valid_until));
        Arc::new(move || (started.elapsed().as_millis() as u64) < valid_until.load(Ordering::Acquire))
    }

    fn is_certain(&self) -> bool {
        (self.started.elapsed().as_millis() as u64) < self.valid_until.load(Ordering::Acquire)
    }

    fn extend_from(&self, asked: Instant) {
        let until = asked.saturating_duration_since(self.started) + self.ttl;
        self.valid_until.store(until.as_millis() as u64, Ordering::Release);
    }
}

/// Names of processes as lease holders.
pub mod holder {
    /// A name for this process: host, pid namespace, pid and start time.
    pub fn this() -> String {
        let pid = std::process::id();
        format!("{}|{}|{pid}|{}", host(), pid_namespace(), start_time(pid).unwrap_or_default())
    }

    /// Whether the holder was a process of this machine that has ended. When in doubt it is alive.
    pub(super) fn is_dead(holder: &str) -> bool {
        let parts: Vec<&str> = holder.split('|').collect();
        let [host_name, namespace, pid, started] = parts.as_slice() else { return false };
        let Ok(pid) = pid.parse::<u32>() else { return false };
        let is_here = *host_name == host() && *namespace == pid_namespace() && !namespace.is_empty();
        is_here && !started.is_empty() && start_time(pid).as_deref() != Some(*started)
    }

    /// The holder for people: `process 4711 on host`.
    pub(super) fn describe(holder: &str) -> String {
        let parts: Vec<&str> = holder.split('|').collect();
        match parts.as_slice() {
            [host, _, pid, _] => format!("process {pid} on {host}"),
            _ => holder.to_owned(),
        }
    }

    fn host() -> String {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        name.map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "localhost".to_owned())
    }

    fn pid_namespace() -> String {
        std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default()
    }

    /// Start time of a process in clock ticks since boot (`/proc/PID/stat`, field 22); `None` = it does not run.
    /// A zombie has ended.
    fn start_time(pid: u32) -> Option<String> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        match fields.first() {
            Some(&"Z" | &"X") | None => None,
            Some(_) => fields.get(19).map(|started| (*started).to_owned()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_living_are_not_dead() {
            assert!(!is_dead(&this()));
            let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
            let name = format!("{}|{}|{}|{}", host(), pid_namespace(), child.id(), start_time(child.id()).unwrap());
            assert!(!is_dead(&name));
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(is_dead(&name));
            assert!(!is_dead(&name.replace(&host(), "elsewhere")), "nothing is known of other machines");
            assert!(!is_dead("someone"));
        }
    }
}
