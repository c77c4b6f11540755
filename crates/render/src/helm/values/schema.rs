//! `values.schema.json`: checked for a chart and for every chart in it, without a network or a disk.

use jsonschema::PatternOptions;
use serde_json::Value;

use super::{Values, effort, pattern_size};
use crate::{
    helm::chart::Chart,
    yaml::{self, Limits},
};

/// Most findings of one chart.
const FINDINGS_MAX: usize = 50;
/// Most subschemas after every reference is followed once on each way to it. A schema that says "both of these"
/// thirty times in a row would be checked a thousand million times.
const SUBSCHEMAS_MAX: u64 = 300_000;
/// Most references behind each other: the validator follows them by calling itself.
const REFERENCES_MAX: usize = 200;

/// Steps of templates that take as long as a check, and as compiling some bytes of a pattern.
const CHECK_STEPS: u64 = 2;
const PATTERN_STEP_BYTES: u64 = 8;

/// What the schemas of all charts may still take.
struct Left {
    limits: Limits,
    subschemas: u64,
    pattern_bytes: usize,
    checks: u64,
}

/// Checks the values of a chart and of its subcharts; gives what does not fit, with the chart's name in front. What it
/// took is taken from the steps of the render.
pub(crate) fn check(chart: &Chart, values: &Values, steps: &mut u64) -> Vec<String> {
    let mut findings = Vec::new();
    let mut left = Left {
        limits: Limits { steps: *steps, ..Limits::default() },
        subschemas: SUBSCHEMAS_MAX,
        pattern_bytes: pattern_size::ALL_BYTES_MAX,
        checks: effort::CHECKS_MAX.min(*steps / CHECK_STEPS),
    };
    let before = (left.checks, left.pattern_bytes);
    check_chart(chart, values, chart.name(), &mut left, &mut findings);
    let checks = (before.0 - left.checks) * CHECK_STEPS;
    let patterns = (before.1 - left.pattern_bytes) as u64 / PATTERN_STEP_BYTES;
    *steps = left.limits.steps.saturating_sub(checks).saturating_sub(patterns);
    findings
}

fn check_chart(chart: &Chart, values: &Values, name: &str, left: &mut Left, findings: &mut Vec<String>) {
    if let Some(schema) = &chart.schema {
        check_one(schema, values, name, left, findings);
    }
    for child in &chart.dependencies {
        if let Some(Value::Object(own)) = values.get(child.name()) {
            check_chart(child, own, &format!("{name}.{}", child.name()), left, findings);
        }
    }
}

fn check_one(schema: &[u8], values: &Values, name: &str, left: &mut Left, findings: &mut Vec<String>) {
    let mut refuse = |why: String| findings.push(format!("{name}: `values.schema.json` cannot be used: {why}"));
    let Ok(text) = std::str::from_utf8(schema) else { return refuse("expected UTF-8 text".to_owned()) };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return refuse(format!("not JSON: {error}"));
    }
    let schema = match yaml::read_within(text, &mut left.limits) {
        Ok(schema) => schema,
        Err(error) => return refuse(error.to_string()),
    };
    if let Some(reference) = outside_reference(&schema) {
        return refuse(format!("`$ref` leads out of it: `{}`", seaway_core::diagnostic::excerpt(reference)));
    }
    let Some(rest) = size(&schema).and_then(|size| left.subschemas.checked_sub(size)) else {
        let references = format!("or more than {REFERENCES_MAX} references behind each other");
        return refuse(format!("it has more than {SUBSCHEMAS_MAX} subschemas with what they refer to, {references}"));
    };
    left.subschemas = rest;
    if !pattern_size::fits(&schema, &mut left.pattern_bytes) {
        return refuse("its patterns are too large; use fewer or shorter ones, or smaller repetitions".to_owned());
    }
    if let Err(why) = effort::check(&schema, values, &mut left.checks) {
        return refuse(why.to_owned());
    }
    let patterns = PatternOptions::regex().size_limit(pattern_size::COMPILED_BYTES_MAX);
    let options = jsonschema::options().offline().with_pattern_options(patterns);
    let validator = match options.build(&schema) {
        Ok(validator) => validator,
        Err(error) => return refuse(error.to_string()),
    };
    let values = Value::Object(values.clone());
    for error in validator.iter_errors(&values).take(FINDINGS_MAX) {
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { "the values" } else { place.as_str() };
        // A value may be a password: it is never part of the message.
        findings.push(format!("{name}: at {place}: {}", error.masked()));
    }
}

/// The first reference to another document.
fn outside_reference(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(entries) => {
            let own = entries.get("$ref").and_then(Value::as_str);
            let is_outside = |reference: &&str| reference.contains("://") && !is_metaschema(reference);
            own.filter(is_outside).or_else(|| entries.values().find_map(outside_reference))
        }
        Value::Array(items) => items.iter().find_map(outside_reference),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn is_metaschema(reference: &str) -> bool {
    ["http://json-schema.org/", "https://json-schema.org/"].iter().any(|start| reference.starts_with(start))
}

/// Subschemas when every local reference is followed; a reference into itself counts once. Nothing when references
/// follow each other too far.
fn size(schema: &Value) -> Option<u64> {
    let mut sizer = Sizer { root: schema, known: std::collections::BTreeMap::new(), references: 0, is_too_deep: false };
    let size = sizer.of(schema);
    (!sizer.is_too_deep).then_some(size)
}

struct Sizer<'a> {
    root: &'a Value,
    /// Sizes of the targets of references; 1 while one is being measured.
    known: std::collections::BTreeMap<&'a str, u64>,
    /// References that are being followed.
    references: usize,
    is_too_deep: bool,
}

impl<'a> Sizer<'a> {
    fn of(&mut self, schema: &'a Value) -> u64 {
        let children = match schema {
            Value::Object(entries) => entries.values().fold(0_u64, |sum, value| sum.saturating_add(self.of(value))),
            Value::Array(items) => items.iter().fold(0_u64, |sum, value| sum.saturating_add(self.of(value))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        let target = reference.map_or(0, |pointer| self.target(pointer));
        children.saturating_add(target).saturating_add(1)
    }

    fn target(&mut self, pointer: &'a str) -> u64 {
        if let Some(size) = self.known.get(pointer) {
            return *size;
        }
        if self.references == REFERENCES_MAX {
            self.is_too_deep = true;
            return 1;
        }
        self.known.insert(pointer, 1);
        let root = self.root;
        self.references += 1;
        let size = root.pointer(pointer).map_or(1, |target| self.of(target));
        self.references -= 1;
        self.known.insert(pointer, size);
        size
    }
}
