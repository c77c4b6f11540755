//! Times for people: how long, and when in UTC.

use jiff::{Timestamp, tz::TimeZone};
use seaway_core::duration::Millis;

/// A clock for renderers: they never ask the system, so that tests can say what time it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now(pub i64);

impl Now {
    /// The system's time.
    pub fn system() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// How long until a time; zero when it is past.
    pub fn until(self, at_ms: i64) -> Millis {
        Millis(at_ms.saturating_sub(self.0).max(0).unsigned_abs())
    }

    /// How long since a time; zero when it is to come.
    pub fn since(self, at_ms: i64) -> Millis {
        Millis(self.0.saturating_sub(at_ms).max(0).unsigned_abs())
    }

    /// `14:32 UTC`, with the date when it is another day.
    pub fn clock(self, at_ms: i64) -> String {
        let (Some(at), Some(now)) = (utc(at_ms), utc(self.0)) else { return "an unknown time".to_owned() };
        let form = match (at.date() == now.date(), at.year() == now.year()) {
            (true, _) => "%H:%M UTC",
            (false, true) => "%b %-d %H:%M UTC",
            (false, false) => "%Y-%m-%d %H:%M UTC",
        };
        at.strftime(form).to_string()
    }

    /// `in 4m 10s (14:32 UTC)`, or `now`.
    pub fn coming(self, at_ms: i64) -> String {
        if at_ms <= self.0 {
            "now".to_owned()
        } else {
            format!("in {} ({})", whole(self.until(at_ms)), self.clock(at_ms))
        }
    }

    /// `4m 10s`, the time since.
    pub fn age(self, at_ms: i64) -> String {
        whole(self.since(at_ms)).to_string()
    }
}

/// `14:32:05`.
pub fn clock_with_seconds(at_ms: i64) -> String {
    utc(at_ms).map_or_else(|| "--:--:--".to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

/// `2026-11-03T14:32:05.120Z`, for programs.
pub fn rfc3339(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map(|at| at.to_string()).unwrap_or_default()
}

/// A length of time for a display that changes: whole seconds once there are any.
pub fn whole(length: Millis) -> Millis {
    if length.0 >= 1000 { Millis(length.0 / 1000 * 1000) } else { length }
}

fn utc(at_ms: i64) -> Option<jiff::Zoned> {
    Some(Timestamp::from_millisecond(at_ms).ok()?.to_zoned(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let now = Now(1_793_716_200_000); // 2026-11-03 14:30 UTC
        assert_eq!(now.coming(now.0 + 130_000), "in 2m 10s (14:32 UTC)");
        assert_eq!(now.coming(now.0 + 86_400_000), "in 1d (Nov 4 14:30 UTC)");
        assert_eq!(now.coming(now.0 + 90 * 86_400_000), "in 90d (2027-02-01 14:30 UTC)");
        assert_eq!(now.coming(now.0 - 1), "now");
        assert_eq!(now.age(now.0 - 9_700), "9s");
        assert_eq!(rfc3339(now.0), "2026-11-03T14:30:00Z");
        assert_eq!(now.clock(i64::MAX), "an unknown time");
    }
}
