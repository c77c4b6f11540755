//! Which subcharts take part, under which names, and which of their values go up to their parents.

use std::collections::BTreeSet;

use seaway_core::diagnostic::excerpt;
use serde_json::Value;

use super::{CHARTS_MAX, Chart, Dependency, Import};
use crate::helm::{
    values::{
        CoalesceError, Coalescer, IMPORT_DEPTH_MAX, Rules, VALUES_MAX, Values, Warnings, merge_tables, table_at,
        value_at, weight,
    },
    version::is_compatible,
};

/// Most work of choosing subcharts and of their imports, in parts of values that are copied or looked at: half a
/// second's worth. The largest public charts need a tenth.
const WORK_MAX: usize = 1_500_000;
/// Steps of templates that take as long as such a part.
const PART_STEPS: u64 = 3;

/// Declared dependencies that are not there; Helm refuses the chart even when they are switched off.
pub(crate) fn missing(chart: &Chart) -> Vec<&str> {
    let is_there = |name: &str| chart.dependencies.iter().any(|child| child.name() == name);
    let declared = chart.metadata.dependencies.iter().map(|dependency| dependency.name.as_str());
    declared.filter(|name| !is_there(name)).collect()
}

/// The chart as the given values make it: without switched-off subcharts, with aliases and imported values. The work is
/// taken from the steps of the render.
pub(crate) fn select(
    chart: &Chart,
    given: &Values,
    rules: Rules,
    steps: &mut u64,
    warnings: &mut Warnings,
) -> Result<Chart, CoalesceError> {
    let mut chart = chart.clone();
    let work = WORK_MAX.min(usize::try_from(*steps / PART_STEPS).unwrap_or(usize::MAX));
    let mut room = Room { charts: CHARTS_MAX, values: VALUES_MAX, work };
    switch(&mut chart, given, "", rules, &mut room, warnings)?;
    import_all(&mut chart, &mut room, warnings)?;
    *steps -= (work - room.work) as u64 * PART_STEPS;
    Ok(chart)
}

/// What may still be done for a chart.
struct Room {
    /// Copies of charts: each alias is a chart of its own, with all charts in it.
    charts: usize,
    /// Parts of the copies.
    values: usize,
    work: usize,
}

impl Room {
    fn take(&mut self, chart: &Chart) -> Result<(), CoalesceError> {
        let charts = self.charts.checked_sub(1);
        let values = self.values.checked_sub(parts(chart));
        let (Some(charts), Some(values)) = (charts, values) else { return Err(CoalesceError::TooMany) };
        (self.charts, self.values) = (charts, values);
        chart.dependencies.iter().try_for_each(|child| self.take(child))
    }

    /// Takes parts of values that stay.
    fn keep(&mut self, parts: usize) -> Result<(), CoalesceError> {
        self.values = self.values.checked_sub(parts).ok_or(CoalesceError::TooMany)?;
        Ok(())
    }

    fn work(&mut self, parts: usize) -> Result<(), CoalesceError> {
        self.work = self.work.checked_sub(parts).ok_or(CoalesceError::TooMuchWork)?;
        Ok(())
    }
}

/// What a copy of a chart takes, without the charts in it; the bytes of its files are shared.
fn parts(chart: &Chart) -> usize {
    let files = chart.templates.iter().chain(&chart.files).map(|file| 2 + file.name.len() / 64);
    let metadata = &chart.metadata;
    let declared = metadata.dependencies.iter().map(|one| 8 + one.tags.len() + 2 * one.import_values.len());
    let texts = metadata.sources.len() + metadata.keywords.len() + 3 * metadata.maintainers.len();
    weight(&chart.values) + files.chain(declared).sum::<usize>() + texts + 2 * metadata.annotations.len()
}

/// Parts of the values of a chart and of all charts in it.
fn whole_weight(chart: &Chart) -> usize {
    chart.dependencies.iter().fold(1 + weight(&chart.values), |sum, child| sum + whole_weight(child))
}

fn switch(
    chart: &mut Chart,
    given: &Values,
    path: &str,
    rules: Rules,
    room: &mut Room,
    warnings: &mut Warnings,
) -> Result<(), CoalesceError> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    chart.dependencies = under_their_names(chart, room)?;
    for declared in &mut chart.metadata.dependencies {
        if !declared.alias.is_empty() {
            declared.name.clone_from(&declared.alias);
        }
        declared.is_enabled = true;
    }
    room.work(weight(given) + whole_weight(chart))?;
    let mut coalescer = Coalescer::new(rules);
    let values = coalescer.coalesce(chart, given.clone())?;
    warnings.append(coalescer.warnings);
    for declared in &mut chart.metadata.dependencies {
        room.work(1 + declared.tags.len() + declared.condition.len() / 2)?;
        apply_tags(declared, &values);
        apply_condition(declared, &values, path);
    }
    let off: BTreeSet<String> = chart
        .metadata
        .dependencies
        .iter()
        .filter(|declared| !declared.is_enabled)
        .map(|declared| declared.name.clone())
        .collect();
    chart.dependencies.retain(|child| !off.contains(child.name()));
    chart.metadata.dependencies.retain(|declared| !off.contains(&declared.name));
    for child in &mut chart.dependencies {
        let path = format!("{path}{}.", child.name());
        switch(child, &values, &path, rules, room, warnings)?;
    }
    Ok(())
}

/// Charts that are there without being declared, then the declared ones in their order.
fn under_their_names(chart: &Chart, room: &mut Room) -> Result<Vec<Chart>, CoalesceError> {
    let declared = &chart.metadata.dependencies;
    let mut is_declared = vec![false; chart.dependencies.len()];
    let mut found = Vec::new();
    for one in declared {
        room.work(1 + chart.dependencies.len() / 16)?;
        let mut first = None;
        for (at, child) in chart.dependencies.iter().enumerate() {
            if child.name() != one.name {
                continue;
            }
            room.work(2 + one.version.len() / 4)?;
            if is_compatible(&one.version, &child.metadata.version) {
                first = first.or(Some(at));
                if let Some(known) = is_declared.get_mut(at) {
                    *known = true;
                }
            }
        }
        found.extend(first.map(|at| (one, at)));
    }
    let undeclared = chart.dependencies.iter().zip(&is_declared).filter(|(_, known)| !**known);
    let mut children: Vec<Chart> = undeclared.map(|(child, _)| child.clone()).collect();
    for (one, at) in found {
        let Some(child) = chart.dependencies.get(at) else { continue };
        room.take(child)?;
        let mut child = child.clone();
        if !one.alias.is_empty() {
            child.metadata.name.clone_from(&one.alias);
        }
        children.push(child);
    }
    Ok(children)
}

fn apply_tags(declared: &mut Dependency, values: &Values) {
    let Some(Value::Object(tags)) = values.get("tags") else { return };
    let mut switches = declared.tags.iter().filter_map(|tag| tags.get(tag)).filter_map(Value::as_bool).peekable();
    // One tag that is on is enough; no tag that says anything leaves it on.
    declared.is_enabled = switches.peek().is_none() || switches.any(|is_on| is_on);
}

fn apply_condition(declared: &mut Dependency, values: &Values, path: &str) {
    for condition in declared.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
        if let Some(Value::Bool(is_on)) = value_at(values, &format!("{path}{condition}")) {
            declared.is_enabled = *is_on;
            return;
        }
    }
}

fn import_all(chart: &mut Chart, room: &mut Room, warnings: &mut Warnings) -> Result<(), CoalesceError> {
    for child in &mut chart.dependencies {
        import_all(child, room, warnings)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    room.work(whole_weight(chart))?;
    // Nulls stay: a default that a parent removes is removed when the values are covered for good.
    let mut values = Coalescer::merging().coalesce(chart, Values::new())?;
    let mut imported = Values::new();
    for declared in &chart.metadata.dependencies {
        for import in &declared.import_values {
            let (child, parent) = match import {
                Import::Export(key) => (format!("exports.{key}"), "."),
                Import::Move { child, parent } => (child.clone(), parent.as_str()),
            };
            match table_at(&values, &format!("{}.{child}", declared.name)) {
                Some(table) => {
                    let parts = 1 + parent.len() / 64 + weight(table);
                    room.work(parts)?;
                    room.keep(parts)?;
                    let Some(moved) = at_path(parent, table) else {
                        return Err(CoalesceError::ImportTooDeep(declared.name.clone()));
                    };
                    merge_tables(&mut imported, &moved);
                }
                None => warnings.add(format_args!(
                    "subchart `{}` has no values `{}` to import",
                    declared.name,
                    excerpt(&child)
                )),
            }
        }
    }
    merge_tables(&mut values, &imported);
    chart.values = values;
    // Templates see where the values of an export went.
    for import in chart.metadata.dependencies.iter_mut().flat_map(|declared| &mut declared.import_values) {
        if let Import::Export(key) = import {
            *import = Import::Move { child: format!("exports.{key}"), parent: ".".to_owned() };
        }
    }
    Ok(())
}

/// A mapping with the values at a path; `None` when that is too deep.
fn at_path(path: &str, values: &Values) -> Option<Values> {
    if path == "." {
        return Some(values.clone());
    }
    if path.split('.').nth(IMPORT_DEPTH_MAX).is_some() {
        return None;
    }
    let wrap = |inner: Values, key: &str| Values::from_iter([(key.to_owned(), Value::Object(inner))]);
    Some(path.split('.').rev().fold(values.clone(), wrap))
}
