//! How values cover each other: given over parent over child, globals from the parent down.
//!
//! A `null` removes a key while values are coalesced; while they are merged, which is what happens before imports
//! from children, it is kept so that it can still remove one later.

use serde_json::Value;

use super::{
    Values,
    warnings::{Path, Warnings},
};
use crate::helm::chart::{CHARTS_MAX, Chart};

const GLOBAL: &str = "global";
/// Most parts of the values of all charts, each copy counted; a part takes some hundred bytes.
pub(crate) const VALUES_MAX: usize = 500_000;
/// Most parts of a path to which a child's values go: `--set` has the same limit.
pub(crate) const IMPORT_DEPTH_MAX: usize = 30;

/// Which Helm's rules count where they differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rules {
    /// A null inside a mapping goes away with the default that it removes, be that default a null as well.
    Helm3,
    /// A null inside a mapping goes away with the default that it removes, but stays over a null.
    Helm4,
}

impl Rules {
    /// The rules of the Helm that charts are told they run in.
    pub(crate) fn of(helm_version: &str) -> Self {
        if helm_version.trim_start_matches('v').starts_with("3.") { Self::Helm3 } else { Self::Helm4 }
    }
}

/// Covers values, and notes what did not fit.
pub(crate) struct Coalescer {
    rules: Rules,
    keeps_nulls: bool,
    /// Parts that may still be copied from a parent.
    left: usize,
    /// What Helm warns about, with the path in the values.
    pub(crate) warnings: Warnings,
}

/// Why values cannot be used with a chart.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CoalesceError {
    /// A subchart's values are no mapping.
    #[error("the values of subchart `{0}` are not a mapping")]
    NotATable(String),
    /// What is handed down to subcharts, or copied for their aliases, multiplies.
    #[error(
        "the values of all charts are more than the limit of {VALUES_MAX} parts, or the charts more than {CHARTS_MAX}"
    )]
    TooMany,
    /// Choosing subcharts, or handing their values up, multiplies.
    #[error(
        "choosing the chart's subcharts and importing their values takes too much work; \
         use fewer dependencies, aliases, conditions and `import-values`"
    )]
    TooMuchWork,
    /// An import goes to a place that is too deep.
    #[error("`import-values` of subchart `{0}` has a path of more than {IMPORT_DEPTH_MAX} parts")]
    ImportTooDeep(String),
}

/// Parts of a mapping of values.
pub(crate) fn weight(values: &Values) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Array(items) => items.iter().fold(1, |sum, item| sum + of(item)),
            Value::Object(entries) => 1 + weight(entries),
            Value::String(text) => 1 + text.len() / 64,
            Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        }
    }
    values.iter().fold(0, |sum, (key, value)| sum + 1 + key.len() / 64 + of(value))
}

impl Coalescer {
    /// Nulls remove.
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, keeps_nulls: false, left: VALUES_MAX, warnings: Warnings::new() }
    }

    /// Nulls stay.
    pub(crate) fn merging() -> Self {
        Self { rules: Rules::Helm4, keeps_nulls: true, left: VALUES_MAX, warnings: Warnings::new() }
    }

    /// The values of a chart and of everything in it, under the given ones.
    pub(crate) fn coalesce(&mut self, chart: &Chart, mut given: Values) -> Result<Values, CoalesceError> {
        self.chart(chart, &mut given, &Path::ROOT)?;
        self.even_out(chart, &mut given)?;
        Ok(given)
    }

    fn chart(&mut self, chart: &Chart, values: &mut Values, prefix: &Path<'_>) -> Result<(), CoalesceError> {
        let prefix = prefix.to(chart.name());
        self.defaults(chart, values, &prefix);
        for child in &chart.dependencies {
            let globals = self.copied(values.get(GLOBAL))?;
            let own = values.entry(child.name().to_owned()).or_insert_with(|| Value::Object(Values::new()));
            let Value::Object(own) = own else {
                return Err(CoalesceError::NotATable(child.name().to_owned()));
            };
            let mut own = std::mem::take(own);
            self.hand_down(globals, &mut own, &prefix);
            self.chart(child, &mut own, &prefix)?;
            shared(values, &mut own, |mine, childs| {
                std::mem::swap(mine, childs);
                Ok(())
            })?;
            values.insert(child.name().to_owned(), Value::Object(own));
        }
        Ok(())
    }

    /// What a later chart added to a shared mapping, the earlier ones have as well.
    fn even_out(&mut self, chart: &Chart, values: &mut Values) -> Result<(), CoalesceError> {
        for child in &chart.dependencies {
            let Some(Value::Object(own)) = values.get_mut(child.name()) else { continue };
            let mut own = std::mem::take(own);
            shared(values, &mut own, |mine, childs| {
                if mine != childs {
                    let more = weight(mine).saturating_sub(weight(childs));
                    self.left = self.left.checked_sub(more).ok_or(CoalesceError::TooMany)?;
                    childs.clone_from(mine);
                }
                Ok(())
            })?;
            self.even_out(child, &mut own)?;
            values.insert(child.name().to_owned(), Value::Object(own));
        }
        Ok(())
    }

    /// A copy of what goes from a chart to one in it.
    fn copied(&mut self, globals: Option<&Value>) -> Result<Option<Value>, CoalesceError> {
        if let Some(Value::Object(globals)) = globals {
            self.left = self.left.checked_sub(weight(globals)).ok_or(CoalesceError::TooMany)?;
        }
        Ok(globals.cloned())
    }

    /// The chart's own values under those that are there.
    fn defaults(&mut self, chart: &Chart, values: &mut Values, prefix: &Path<'_>) {
        for (key, default) in &chart.values {
            let path = prefix.to(key);
            match (values.get_mut(key), default) {
                (None, _) => {
                    values.insert(key.clone(), default.clone());
                }
                (Some(Value::Null), _) if !self.keeps_nulls => {
                    values.remove(key);
                }
                (Some(Value::Object(own)), Value::Object(default)) => {
                    // Values of children keep their nulls: the child removes its own default with them.
                    let is_child = chart.dependencies.iter().any(|child| child.name() == key);
                    self.tables(own, default, &path, self.keeps_nulls || is_child);
                }
                (Some(Value::Object(_)), Value::Null) => {}
                (Some(Value::Object(_)), _) => {
                    self.warnings.add(format_args!("the value of `{path}` in the chart is no mapping and is left out"));
                }
                (Some(_), _) => {}
            }
        }
    }

    fn tables(&mut self, own: &mut Values, default: &Values, prefix: &Path<'_>, keeps_nulls: bool) {
        let removes = |(key, value): &(&String, &Value)| {
            let covers = |default: &Value| self.rules == Rules::Helm3 || !default.is_null();
            value.is_null() && default.get(*key).is_some_and(covers)
        };
        let removed: Vec<String> = own.iter().filter(removes).map(|(key, _)| key.clone()).collect();
        for (key, default) in default {
            let path = prefix.to(key);
            match (own.get_mut(key), default) {
                (None, _) => {
                    own.insert(key.clone(), default.clone());
                }
                (Some(Value::Object(own)), Value::Object(default)) => self.tables(own, default, &path, keeps_nulls),
                (Some(Value::Object(_)), Value::Null) => {}
                (Some(Value::Object(_)), _) => {
                    self.warnings.add(format_args!("`{path}` is a mapping; a value that is none is left out"));
                }
                (Some(Value::Null), _) => {}
                (Some(_), Value::Object(_)) => {
                    self.warnings
                        .add(format_args!("`{path}` is a mapping in the chart and no mapping in what was given"));
                }
                (Some(_), _) => {}
            }
        }
        if !keeps_nulls {
            for key in removed {
                own.remove(&key);
            }
        }
    }

    fn not_handed_down(&mut self, prefix: &Path<'_>) {
        self.warnings.add(format_args!("`{prefix}.{GLOBAL}` is not a mapping and is not handed down"));
    }

    fn hand_down(&mut self, globals: Option<Value>, own: &mut Values, prefix: &Path<'_>) {
        let globals = match globals {
            None => Values::new(),
            Some(Value::Object(globals)) => globals,
            Some(_) => return self.not_handed_down(prefix),
        };
        let target = own.entry(GLOBAL).or_insert_with(|| Value::Object(Values::new()));
        let Value::Object(target) = target else { return self.not_handed_down(prefix) };
        for (key, value) in globals {
            match (target.get_mut(&key), value) {
                (Some(Value::Object(own)), Value::Object(mut from_parent)) => {
                    self.tables(&mut from_parent, own, &prefix.to(&key), true);
                    *own = from_parent;
                }
                (Some(own), Value::Object(_)) if !own.is_object() => {
                    self.warnings.add(format_args!("`{prefix}.{GLOBAL}.{key}` is a mapping only in the parent"));
                }
                (Some(Value::Object(_)), _) => {
                    self.warnings.add(format_args!("`{prefix}.{GLOBAL}.{key}` is a mapping only in the child"));
                }
                (_, value) => {
                    target.insert(key, value);
                }
            }
        }
    }
}

/// Goes through the mappings that a chart's globals and those of a chart in it have in common.
///
/// Helm copies only the mappings directly below `global` when it hands them down. Those inside are the same ones for
/// all charts: a chart's own globals are added to them, for the charts around it and beside it as well.
fn shared(
    values: &mut Values,
    own: &mut Values,
    mut with: impl FnMut(&mut Values, &mut Values) -> Result<(), CoalesceError>,
) -> Result<(), CoalesceError> {
    let (Some(Value::Object(values)), Some(Value::Object(own))) = (values.get_mut(GLOBAL), own.get_mut(GLOBAL)) else {
        return Ok(());
    };
    for (key, values) in values {
        let (Value::Object(values), Some(Value::Object(own))) = (values, own.get_mut(key)) else { continue };
        for (key, values) in values {
            if let (Value::Object(values), Some(Value::Object(own))) = (values, own.get_mut(key)) {
                with(values, own)?;
            }
        }
    }
    Ok(())
}

/// Covers `under` with `over`; nulls of both are kept.
pub(crate) fn merge_tables(over: &mut Values, under: &Values) {
    Coalescer::merging().tables(over, under, &Path::ROOT, true);
}
