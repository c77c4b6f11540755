//! What would change: the difference between a release and what runs.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{digest::Digest, ids::ServiceName, object::ObjectRef};

/// Kind of a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// `=` already in that state.
    None,
    /// `*` exists and is left alone.
    Ignored,
    /// `+` will be created.
    Create,
    /// `~` will be changed in place.
    Modify,
    /// `-` will be deleted.
    Delete,
    /// `±` will be deleted and created again.
    Replace,
    /// `!` the effect is not known; it will run.
    Unknown,
    /// `x` cannot be done; the plan cannot start.
    Refused,
}

impl Change {
    /// The symbol in plans.
    pub const fn symbol(self) -> char {
        match self {
            Self::None => '=',
            Self::Ignored => '*',
            Self::Create => '+',
            Self::Modify => '~',
            Self::Delete => '-',
            Self::Replace => '±',
            Self::Unknown => '!',
            Self::Refused => 'x',
        }
    }

    /// Whether the target is written to.
    pub const fn is_write(self) -> bool {
        !matches!(self, Self::None | Self::Ignored)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.symbol())
    }
}

/// One field that differs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldChange {
    /// Path such as `spec.template.spec.containers[name=api].image`.
    pub path: String,
    /// Value that runs; `None` = absent, or sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Value that will run; `None` = absent, or sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Whether the values are withheld.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// What happens to one object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectChange {
    /// Which object.
    pub object: ObjectRef,
    /// What happens.
    pub change: Change,
    /// The fields, for [`Change::Modify`] and [`Change::Replace`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// Why it is in the plan, or why it is refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What a driver found on one target.
#[derive(Clone, PartialEq, Debug)]
pub enum Observed {
    /// The target answered.
    Reached(BTreeMap<ServiceName, ServiceDifference>),
    /// It did not; the effect of the plan there is not known.
    Unreachable {
        /// What was tried and how it failed.
        why: String,
    },
}

/// The difference between a service's content and one target.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceDifference {
    /// Fingerprint of the live state that the difference was computed from. An apply that finds neither this
    /// nor the planned state refuses: the world has changed and needs a new plan.
    pub base: Digest,
    /// Content that the target's inventory says was applied last.
    pub running: Option<Digest>,
    /// Every object that is not exactly as wanted, ordered by object.
    pub changes: Vec<ObjectChange>,
    /// How many objects are as wanted.
    pub unchanged: u32,
    /// Whether the inventory must be written although no object changes, such as after an interrupted apply.
    pub inventory_stale: bool,
}

/// Counts of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Totals {
    /// `+`
    pub create: u32,
    /// `~`
    pub modify: u32,
    /// `-`
    pub delete: u32,
    /// `±`
    pub replace: u32,
    /// `=`
    pub unchanged: u32,
    /// `*`
    pub ignored: u32,
    /// `!`
    pub unknown: u32,
    /// `x`
    pub refused: u32,
}

impl Totals {
    /// Counts one change.
    pub fn add(&mut self, change: Change) {
        *self.slot(change) += 1;
    }

    /// Counts objects that stay as they are.
    pub fn add_unchanged(&mut self, count: u32) {
        self.unchanged += count;
    }

    fn slot(&mut self, change: Change) -> &mut u32 {
        match change {
            Change::None => &mut self.unchanged,
            Change::Ignored => &mut self.ignored,
            Change::Create => &mut self.create,
            Change::Modify => &mut self.modify,
            Change::Delete => &mut self.delete,
            Change::Replace => &mut self.replace,
            Change::Unknown => &mut self.unknown,
            Change::Refused => &mut self.refused,
        }
    }

    /// Whether nothing would be written.
    pub fn is_noop(&self) -> bool {
        self.create + self.modify + self.delete + self.replace + self.unknown + self.refused == 0
    }
}

impl fmt::Display for Totals {
    /// `1 create, 1 change, 0 destroy, 9 unchanged`, and the rarer counts when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} create, {} change, {} destroy, {} unchanged",
            self.create, self.modify, self.delete, self.unchanged
        )?;
        let rare = [
            (self.replace, "replace"),
            (self.unknown, "unknown"),
            (self.ignored, "ignored"),
            (self.refused, "refused"),
        ];
        rare.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, word)| write!(f, ", {count} {word}"))
    }
}
