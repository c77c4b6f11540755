//! `status.conditions`: what an object's controller says in words.

use serde_json::Value;

use super::read::{Malformed, Now, int, required_type, time};

/// One condition. Absent texts are empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'a> {
    /// `Ready`, `Available`, …
    pub kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    /// The generation of the object that it speaks of.
    pub generation: Option<i64>,
    /// When `status` became what it is.
    pub changed: Option<Now>,
    /// When it was last written; Deployments tell.
    pub updated: Option<Now>,
}

impl<'a> Condition<'a> {
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }

    pub fn is_false(&self) -> bool {
        self.status == "False"
    }

    /// Reads one condition.
    fn read(value: &'a Value) -> Result<Self, Malformed> {
        let text = |key| {
            let text = |value: &'a Value| if value.is_null() { Some("") } else { value.as_str() };
            required_type(value, &[key], "text", text).map(Option::unwrap_or_default)
        };
        let changed = time(value, &["lastTransitionTime"]);
        Ok(Self {
            kind: text("type")?,
            status: text("status")?,
            reason: text("reason")?,
            message: text("message")?,
            generation: int(value, &["observedGeneration"]),
            changed,
            updated: time(value, &["lastUpdateTime"]).or(changed),
        })
    }
}

/// The conditions of one object in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions<'a> {
    valid: Vec<Condition<'a>>,
    /// Those that speak of an older generation of the object than the one asked about.
    stale: Vec<Condition<'a>>,
}

impl<'a> Conditions<'a> {
    /// All conditions of `holder`, which has them at `path`.
    pub fn read(holder: &'a Value, path: &[&str]) -> Result<Self, Malformed> {
        let as_list =
            |value: &'a Value| if value.is_null() { Some(&[][..]) } else { value.as_array().map(Vec::as_slice) };
        let found = required_type(holder, path, "a list", as_list)?.unwrap_or_default();
        let read = |value| Condition::read(value).map_err(|malformed| malformed.inside(path));
        let valid = found.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { valid, stale: Vec::new() })
    }

    /// The same without those that say themselves that they speak of a generation before `generation`.
    #[must_use]
    pub fn since_generation(self, generation: Option<i64>) -> Self {
        let is_stale = |condition: &Condition<'_>| match (condition.generation, generation) {
            (Some(of), Some(wanted)) => of < wanted,
            (None, _) | (_, None) => false,
        };
        let (stale, valid) = self.valid.into_iter().partition(is_stale);
        Self { valid, stale }
    }

    /// The conditions that count, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Condition<'a>> {
        self.valid.iter()
    }

    /// The first condition of this kind.
    pub fn get(&self, kind: &str) -> Option<&Condition<'a>> {
        self.valid.iter().find(|condition| condition.kind == kind)
    }

    /// Whether a condition of this kind is `True`.
    pub fn has_true(&self, kind: &str) -> bool {
        self.valid.iter().any(|condition| condition.kind == kind && condition.is_true())
    }

    /// A condition of this kind that was set aside because it speaks of an older generation.
    pub fn stale(&self, kind: &str) -> Option<&Condition<'a>> {
        self.stale.iter().find(|condition| condition.kind == kind)
    }
}
