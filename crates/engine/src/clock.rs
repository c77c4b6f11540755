//! Time for the engine: the system's, or a faster one for simulated fleets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A clock that runs `speed` times as fast as the system's, from the moment it was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started_ms: i64,
    started: Instant,
    speed: u32,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::faster(1)
    }

    /// A clock that runs `speed` times as fast; 0 counts as 1.
    pub fn faster(speed: u32) -> Self {
        let started_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        Self { started_ms, started: Instant::now(), speed: speed.max(1) }
    }

    /// Now, in epoch milliseconds. Never goes back: it follows the monotonic clock from its start on.
    pub fn now_ms(&self) -> i64 {
        let elapsed = self.started.elapsed().as_micros() * u128::from(self.speed) / 1000;
        self.started_ms.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX))
    }

    /// Sleeps until a time of this clock, in epoch milliseconds.
    pub async fn sleep_until(&self, at_ms: i64) {
        let left = u64::try_from(at_ms.saturating_sub(self.now_ms())).unwrap_or(0);
        // One more millisecond: waking a moment early would only lead to another sleep.
        let real = Duration::from_micros(left.saturating_mul(1000) / u64::from(self.speed))
            + Duration::from_millis(u64::from(left > 0));
        tokio::time::sleep(real).await;
    }

    /// Real time that a length of this clock takes.
    pub fn real(&self, millis: u64) -> Duration {
        Duration::from_micros(millis.saturating_mul(1000) / u64::from(self.speed))
    }
}
