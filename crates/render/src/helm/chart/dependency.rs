//! Which subcharts take part, under which names, and which of their values go up to their parents.

use serde_json::Value;

use super::{CHARTS_MAX, Chart, Dependency, Import};
use crate::helm::{
    values::{CoalesceError, Coalescer, Rules, VALUES_MAX, Values, merge_tables, table_at, value_at, weight},
    version::is_compatible,
};

/// Declared dependencies that are not there; Helm refuses the chart even when they are switched off.
pub(crate) fn missing(chart: &Chart) -> Vec<&str> {
    let is_there = |name: &str| chart.dependencies.iter().any(|child| child.name() == name);
    let declared = chart.metadata.dependencies.iter().map(|dependency| dependency.name.as_str());
    declared.filter(|name| !is_there(name)).collect()
}

/// The chart as the given values make it: without switched-off subcharts, with aliases and imported values.
pub(crate) fn select(
    chart: &Chart,
    given: &Values,
    rules: Rules,
    warnings: &mut Vec<String>,
) -> Result<Chart, CoalesceError> {
    let mut chart = chart.clone();
    let mut room = Room { charts: CHARTS_MAX, values: VALUES_MAX };
    switch(&mut chart, given, "", rules, &mut room, warnings)?;
    import_all(&mut chart, warnings)?;
    Ok(chart)
}

/// What aliases may still copy: each is a chart of its own, with all charts in it.
struct Room {
    charts: usize,
    values: usize,
}

impl Room {
    fn take(&mut self, chart: &Chart) -> Result<(), CoalesceError> {
        let charts = self.charts.checked_sub(1);
        let values = self.values.checked_sub(weight(&chart.values));
        let (Some(charts), Some(values)) = (charts, values) else { return Err(CoalesceError::TooMany) };
        (self.charts, self.values) = (charts, values);
        chart.dependencies.iter().try_for_each(|child| self.take(child))
    }
}

fn switch(
    chart: &mut Chart,
    given: &Values,
    path: &str,
    rules: Rules,
    room: &mut Room,
    warnings: &mut Vec<String>,
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
    let mut coalescer = Coalescer::new(rules);
    let values = coalescer.coalesce(chart, given.clone())?;
    warnings.append(&mut coalescer.warnings);
    for declared in &mut chart.metadata.dependencies {
        apply_tags(declared, &values);
        apply_condition(declared, &values, path);
    }
    let off: Vec<String> = chart
        .metadata
        .dependencies
        .iter()
        .filter(|declared| !declared.is_enabled)
        .map(|declared| declared.name.clone())
        .collect();
    chart.dependencies.retain(|child| !off.iter().any(|name| name == child.name()));
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
    let fits = |child: &Chart, one: &Dependency| {
        child.name() == one.name && is_compatible(&one.version, &child.metadata.version)
    };
    let undeclared = chart.dependencies.iter().filter(|child| !declared.iter().any(|one| fits(child, one)));
    let mut children: Vec<Chart> = undeclared.cloned().collect();
    for one in declared {
        let Some(child) = chart.dependencies.iter().find(|child| fits(child, one)) else { continue };
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

fn import_all(chart: &mut Chart, warnings: &mut Vec<String>) -> Result<(), CoalesceError> {
    for child in &mut chart.dependencies {
        import_all(child, warnings)?;
    }
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
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
                Some(table) => merge_tables(&mut imported, &at_path(parent, table)),
                None => warnings.push(format!("subchart `{}` has no values `{child}` to import", declared.name)),
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

fn at_path(path: &str, values: &Values) -> Values {
    if path == "." {
        return values.clone();
    }
    let wrap = |inner: Values, key: &str| Values::from_iter([(key.to_owned(), Value::Object(inner))]);
    path.split('.').rev().fold(values.clone(), wrap)
}
