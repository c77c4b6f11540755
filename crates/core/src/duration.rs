//! Lengths of time: ISO 8601 in files, short words for people, milliseconds inside.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in milliseconds. In files it is ISO 8601 (`PT6H`, `P1D`, `PT1M30S`); a day is 24 hours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Millis(pub u64);

/// Longest duration that is accepted: ten years; anything longer is a slip.
pub const DURATION_MAX: Millis = Millis(10 * 366 * 86_400_000);

impl Millis {
    /// Whole seconds.
    pub const fn secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// Reads ISO 8601 (`PT30M`). Months and years are refused: their length is not fixed.
    ///
    /// # Errors
    /// A sentence fragment that says what was expected.
    pub fn parse_iso(text: &str) -> Result<Self, String> {
        if !text.starts_with('P') {
            return Err(format!("expected an ISO 8601 duration such as `PT30M`, found `{text}`"));
        }
        Self::parse_any(text)
            .map_err(|why| format!("expected an ISO 8601 duration such as `PT30M`, found `{text}` ({why})"))
    }

    /// Reads ISO 8601 or the short form of the command line (`30m`, `1h 30m`).
    ///
    /// # Errors
    /// A sentence fragment that says what is wrong.
    pub fn parse_any(text: &str) -> Result<Self, String> {
        let span: jiff::Span = text.parse().map_err(|error: jiff::Error| error.to_string())?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err("months and years have no fixed length: use days".to_owned());
        }
        let total = span
            .total((jiff::Unit::Millisecond, jiff::SpanRelativeTo::days_are_24_hours()))
            .map_err(|error| error.to_string())?;
        if total < 0.0 {
            return Err("it is negative".to_owned());
        }
        if total > DURATION_MAX.0 as f64 {
            return Err("it is longer than ten years".to_owned());
        }
        Ok(Self(total as u64))
    }

    /// ISO 8601, such as `PT1M30S`.
    pub fn iso(self) -> String {
        if self.0 == 0 {
            return "PT0S".to_owned();
        }
        let (days, rest) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (hours, rest) = (rest / 3_600_000, rest % 3_600_000);
        let (minutes, millis) = (rest / 60_000, rest % 60_000);
        let mut out = String::from("P");
        if days > 0 {
            out += &format!("{days}D");
        }
        if rest > 0 || hours > 0 {
            out.push('T');
        }
        if hours > 0 {
            out += &format!("{hours}H");
        }
        if minutes > 0 {
            out += &format!("{minutes}M");
        }
        match (millis / 1000, millis % 1000) {
            (0, 0) => {}
            (secs, 0) => out += &format!("{secs}S"),
            (secs, millis) => out += format!("{secs}.{millis:03}").trim_end_matches('0').to_owned().as_str(),
        }
        if millis % 1000 != 0 {
            out.push('S');
        }
        out
    }
}

impl fmt::Display for Millis {
    /// Short words: `1h 30m`, `45s`, `1.2s`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0 / 1000;
        let text = match self.0 {
            0 => "0s".to_owned(),
            ms if ms < 1000 => format!("{ms}ms"),
            ms if ms < 10_000 && ms % 1000 != 0 => format!("{:.1}s", ms as f64 / 1000.0),
            _ => {
                let parts = [(secs / 86_400, "d"), (secs / 3600 % 24, "h"), (secs / 60 % 60, "m"), (secs % 60, "s")];
                let shown: Vec<String> =
                    parts.iter().filter(|(n, _)| *n > 0).take(2).map(|(n, unit)| format!("{n}{unit}")).collect();
                shown.join(" ")
            }
        };
        f.pad(&text)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

impl schemars::JsonSchema for Millis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "ISO 8601 duration.",
            "type": "string",
            "pattern": "^P(\\d+W)?(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?$",
            "examples": ["PT30M", "PT6H", "P1D"],
        })
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse_iso(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_iso() {
        for (text, ms) in [
            ("PT6H", 21_600_000),
            ("P1D", 86_400_000),
            ("PT1M30S", 90_000),
            ("PT0.5S", 500),
            ("PT0S", 0),
            ("P2DT1S", 172_801_000),
        ] {
            assert_eq!(Millis::parse_iso(text), Ok(Millis(ms)), "{text}");
            assert_eq!(Millis(ms).iso(), text);
        }
        assert_eq!(Millis::parse_iso("P1W"), Ok(Millis(7 * 86_400_000)));
        for bad in ["", "6h", "P1M", "P1Y", "-PT1S", "PT", "P", "PT1X", "P99999D"] {
            assert!(Millis::parse_iso(bad).is_err(), "{bad}");
        }
        assert_eq!(Millis::parse_any("1h 30m"), Ok(Millis(5_400_000)));
    }

    #[test]
    fn short_words() {
        for (ms, text) in [(0, "0s"), (250, "250ms"), (1200, "1.2s"), (90_000, "1m 30s"), (90_061_000, "1d 1h")] {
            assert_eq!(Millis(ms).to_string(), text);
        }
    }
}
