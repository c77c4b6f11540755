//! Go's `time.Time` as templates see it.

use std::any::Any;

use super::{
    civil::{Civil, DAYS, MONTHS},
    duration::NANOS,
    format::format,
    zone::Zone,
};
use crate::helm::fault::Fault;
use crate::helm::value::{Object, Value};

/// Seconds from 1970 back to the start of the year 1, Go's zero time.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// A moment, with the zone in which it is shown.
#[derive(Clone, Debug)]
pub(super) struct Time {
    /// Since 1970.
    pub(super) seconds: i64,
    /// Below a second.
    pub(super) nanos: u32,
    pub(super) zone: Zone,
}

impl Time {
    pub(super) fn of_unix(seconds: i64) -> Self {
        Self { seconds, nanos: 0, zone: Zone::Utc }
    }

    pub(super) fn zero() -> Self {
        Self::of_unix(ZERO_SECONDS)
    }

    pub(super) fn in_utc(&self) -> Self {
        Self { seconds: self.seconds, nanos: self.nanos, zone: Zone::Utc }
    }

    pub(super) fn format(&self, layout: &str) -> String {
        format(self, layout)
    }

    pub(super) fn nanos_since_1970(&self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }

    /// So many nanoseconds later; nothing where no clock reaches.
    pub(super) fn shifted(&self, by: i128) -> Option<Self> {
        let nanos = self.nanos_since_1970().checked_add(by)?;
        let seconds = i64::try_from(nanos.div_euclid(NANOS)).ok()?;
        let nanos = u32::try_from(nanos.rem_euclid(NANOS)).ok()?;
        Some(Self { seconds, nanos, zone: self.zone.clone() })
    }

    fn civil(&self) -> Civil {
        Civil::of(self.seconds.saturating_add(self.zone.at(self.seconds).0))
    }

    fn call(&self, name: &str) -> Option<Value> {
        let civil = self.civil();
        let nanos = self.nanos_since_1970();
        let int64 = |number: i128| Value::int64(i64::try_from(number).unwrap_or(i64::MAX));
        Some(match name {
            "Unix" => Value::int64(self.seconds),
            "UnixMilli" => int64(nanos.div_euclid(1_000_000)),
            "UnixMicro" => int64(nanos.div_euclid(1_000)),
            "UnixNano" => int64(nanos),
            "Year" => Value::int(civil.year),
            "Month" => Value::object(Named { kind: "time.Month", number: civil.month, names: &MONTHS, first: 1 }),
            "Weekday" => Value::object(Named { kind: "time.Weekday", number: civil.weekday, names: &DAYS, first: 0 }),
            "Day" => Value::int(civil.day),
            "Hour" => Value::int(civil.hour),
            "Minute" => Value::int(civil.minute),
            "Second" => Value::int(civil.second),
            "Nanosecond" => Value::int(i64::from(self.nanos)),
            "YearDay" => Value::int(civil.day_of_year),
            "IsZero" => Value::Bool(self.seconds == ZERO_SECONDS && self.nanos == 0),
            "UTC" | "Local" => Value::object(self.in_utc()),
            "String" => self.print().into(),
            _ => return None,
        })
    }

    fn call_with(&self, name: &str, argument: &Value) -> Option<Value> {
        match (name, argument) {
            ("Format", Value::Str(layout)) => Some(self.format(&layout.text()).into()),
            ("After" | "Before" | "Equal", other) => {
                let other = other.downcast::<Self>()?.nanos_since_1970();
                let own = self.nanos_since_1970();
                Some(Value::Bool(match name {
                    "After" => own > other,
                    "Before" => own < other,
                    _ => own == other,
                }))
            }
            _ => None,
        }
    }

    /// `AddDate`: months and days beyond the end of a year or month run over into the next.
    fn add_date(&self, years: i64, months: i64, days: i64) -> Option<Self> {
        // Nobody plans that far, and no sum below overflows.
        const REACH: std::ops::RangeInclusive<i64> = -1_000_000..=1_000_000;
        if ![years, months, days].iter().all(|number| REACH.contains(number)) {
            return None;
        }
        let civil = self.civil();
        let month = civil.month as i64 - 1 + months;
        let midnight = super::civil::midnight(civil.year + years + month.div_euclid(12), month.rem_euclid(12) + 1, 1);
        let clock = civil.hour * 3600 + civil.minute * 60 + civil.second;
        let shown = midnight + (civil.day - 1 + days) * 86_400 + clock;
        Some(Self { seconds: shown - self.zone.at(self.seconds).0, ..self.clone() })
    }
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let answer = match arguments {
            [] => self.call(name),
            [one] => self.call_with(name, one),
            [Value::Int(years, _), Value::Int(months, _), Value::Int(days, _)] if name == "AddDate" => {
                self.add_date(*years, *months, *days).map(Value::object)
            }
            _ => None,
        };
        let is_known =
            || self.call(name).is_some() || matches!(name, "Format" | "After" | "Before" | "Equal" | "AddDate");
        match answer {
            Some(value) => Some(Ok(value)),
            None if is_known() => Some(Err(Fault::failed(format!("wrong arguments for {name}")))),
            None => None,
        }
    }

    fn print(&self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    fn data(&self) -> serde_json::Value {
        self.format("2006-01-02T15:04:05.999999999Z07:00").into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A month or a day of the week: a number that prints as its name.
#[derive(Debug)]
struct Named {
    kind: &'static str,
    number: usize,
    names: &'static [&'static str],
    first: usize,
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn kind_name(&self) -> &'static str {
        "int"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        (name == "String" && arguments.is_empty()).then(|| Ok(self.print().into()))
    }

    fn print(&self) -> String {
        self.names.get(self.number.saturating_sub(self.first)).copied().unwrap_or_default().to_owned()
    }

    fn data(&self) -> serde_json::Value {
        self.number.into()
    }

    fn truth(&self) -> bool {
        self.number != 0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
