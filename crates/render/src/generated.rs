//! Objects that a renderer made: placeholders are put in, then they are completed like any other object.
//!
//! What was made has no places, only the file it was made from. Placeholders are replaced in text that holds one by
//! its whole name (`${config.x}`); all other text stays, because what a chart or a kustomization makes may hold
//! `${…}` of somebody else. Text that is nothing but a placeholder becomes the value with its type, as in JSON.

use std::{collections::BTreeSet, sync::Arc};

use seaway_core::{
    declaration::{ConfigType, Service},
    diagnostic::{Diagnostic, Place, codes, excerpt, nearest},
};
use serde_json::{Value, json};

use crate::{
    Rendering, TargetContext,
    assembly::Assembly,
    memo::Memo,
    object::{Origin, Rules, finish},
    patches::Patches,
    scope::Scopes,
    template::Placeholder,
};

/// An object and the file that it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The manifest.
    pub(crate) manifest: Value,
    /// Path in the workspace.
    pub(crate) file: Arc<str>,
}

/// What a renderer made, for every target with the same input.
pub(crate) struct Product {
    made: Vec<Made>,
    warnings: Vec<Diagnostic>,
    placeholders: BTreeSet<Placeholder>,
    is_complete: bool,
    patches: Option<Arc<Patches>>,
    known: Memo<Result<Rendering, Vec<Diagnostic>>>,
}

impl Product {
    /// Of objects that are complete already: what looks like a placeholder in them is somebody else's.
    pub(crate) fn complete(made: Vec<Made>, warnings: Vec<Diagnostic>) -> Self {
        Self { made, warnings, placeholders: BTreeSet::new(), is_complete: true, patches: None, known: Memo::new() }
    }

    /// Of these objects, which may hold placeholders. Warnings come along with every rendering.
    pub(crate) fn new(made: Vec<Made>, warnings: Vec<Diagnostic>) -> Self {
        let mut placeholders = BTreeSet::new();
        made.iter().for_each(|one| collect(&one.manifest, &mut placeholders));
        Self { made, warnings, placeholders, is_complete: false, patches: None, known: Memo::new() }
    }

    /// The same with these patches.
    pub(crate) fn patched(mut self, patches: Option<Arc<Patches>>) -> Self {
        self.placeholders.extend(patches.iter().flat_map(|patches| patches.placeholders.iter().cloned()));
        Self { patches, ..self }
    }

    /// The objects completed for a target. Targets with equal values share one rendering.
    ///
    /// # Errors
    /// All findings, one of them an error.
    pub(crate) fn on(&self, service: &Service, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let values: Vec<_> = self.placeholders.iter().map(|one| target.value(service, one)).collect();
        // A finding about a value that is missing names the target.
        if values.iter().any(Option::is_none) {
            return self.assemble(service, target);
        }
        let key = json!([target.environment, values]).to_string();
        self.known.get(key, || self.assemble(service, target))
    }

    fn assemble(&self, service: &Service, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let made: Vec<(Value, &str)> = self
            .made
            .iter()
            .map(|one| {
                let mut manifest = one.manifest.clone();
                if !self.is_complete {
                    Filler { service, target, file: &one.file, findings: &mut findings }.fill(&mut manifest);
                }
                (manifest, &*one.file)
            })
            .collect();
        // What has no value is said before anything is patched with it.
        let (made, warnings): (Vec<(Value, &str)>, Vec<Diagnostic>) = match &self.patches {
            Some(patches) if findings.is_empty() => {
                let (patched, warnings) = patches.apply(service, target, &made)?;
                let file = |from: usize| made.get(from).map_or("", |(_, file)| file);
                (patched.into_iter().map(|one| (one.manifest, file(one.from))).collect(), warnings)
            }
            Some(_) | None => (made, Vec::new()),
        };
        findings.extend(warnings);
        let mut scopes = Scopes::default();
        made.iter().for_each(|(manifest, _)| scopes.learn(manifest));
        let rules = Rules { service, environment: &target.environment, scopes: &scopes };
        let mut assembly = Assembly::new(self.warnings.clone());
        for (manifest, file) in made {
            let origin = Origin::of_file(file);
            assembly.add(&finish(&rules, manifest, &origin), || origin.place(&[]));
        }
        assembly.finish(&service.name, |all| {
            all.extend(findings);
            // The source is not what the finding is about, and may be that of a Secret.
            all.iter_mut().for_each(|finding| finding.hides_source = true);
        })
    }
}

/// The placeholders in a manifest.
pub(crate) fn collect(value: &Value, found: &mut BTreeSet<Placeholder>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, found)),
        Value::String(text) => {
            let names = text.split("${").skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            found.extend(names.filter_map(Placeholder::named));
        }
    }
}

/// A path or a name with placeholders, on a target.
///
/// # Errors
/// When a placeholder is not known or has no value there.
pub(crate) fn text_on(
    service: &Service,
    target: &TargetContext,
    file: &str,
    text: &str,
) -> Result<String, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut value = Value::String(text.to_owned());
    Filler { service, target, file, findings: &mut findings }.fill(&mut value);
    match value {
        Value::String(text) if findings.is_empty() => Ok(text),
        Value::Number(number) if findings.is_empty() => Ok(number.to_string()),
        Value::Bool(flag) if findings.is_empty() => Ok(flag.to_string()),
        _ if !findings.is_empty() => Err(findings),
        _ => {
            let message = format!("`{}` becomes no text on target `{}`", excerpt(text), target.cluster);
            Err(vec![Diagnostic::error(codes::BAD_PLACEHOLDER, message).at(whole(file))])
        }
    }
}

fn whole(file: &str) -> Place {
    Place { file: file.to_owned(), line: 0, column: 0, offset: 0, len: 0 }
}

/// Puts values in.
pub(crate) struct Filler<'a> {
    pub(crate) service: &'a Service,
    pub(crate) target: &'a TargetContext,
    pub(crate) file: &'a str,
    pub(crate) findings: &'a mut Vec<Diagnostic>,
}

impl Filler<'_> {
    pub(crate) fn fill(&mut self, value: &mut Value) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::Object(entries) => entries.values_mut().for_each(|value| self.fill(value)),
            Value::String(text) if text.contains("${") => *value = self.filled(text),
            Value::String(_) => {}
        }
    }

    fn filled(&mut self, text: &str) -> Value {
        let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = whole.filter(|name| !name.contains('}')) {
            return match self.meant(name) {
                Some(placeholder) => self.value(&placeholder).unwrap_or(Value::Null),
                None => Value::String(text.to_owned()),
            };
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let name = from.get(2..).and_then(|inner| inner.split_once('}')).map(|(name, _)| name);
            match name.and_then(|name| Some((name, self.meant(name)?))) {
                // `$${` is a literal `${`, for names that would be replaced.
                Some((name, _)) if before.ends_with('$') => {
                    out.pop();
                    out.push_str(&format!("${{{name}}}"));
                    rest = from.get(name.len() + 3..).unwrap_or_default();
                }
                Some((name, placeholder)) => {
                    self.append(&placeholder, &mut out);
                    rest = from.get(name.len() + 3..).unwrap_or_default();
                }
                None => {
                    out.push_str("${");
                    rest = from.get(2..).unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        Value::String(out)
    }

    /// The placeholder of that name, when the text is meant for us; a name of ours that does not exist is a finding.
    fn meant(&mut self, name: &str) -> Option<Placeholder> {
        match Placeholder::named(name) {
            Some(Placeholder::Config(key)) if !self.service.config.contains_key(&key) => {
                let candidates = Placeholder::candidates(self.service.config.keys());
                let help = match nearest(name, candidates.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `${{{near}}}`?"),
                    None => "declare the key in `config.schema`".to_owned(),
                };
                let message = format!("unknown placeholder `${{{}}}` in what the source renders", excerpt(name));
                self.findings.push(Diagnostic::error(codes::BAD_PLACEHOLDER, message).at(whole(self.file)).help(help));
                None
            }
            found => found,
        }
    }

    fn append(&mut self, placeholder: &Placeholder, out: &mut String) {
        let is_whole_only = matches!(placeholder, Placeholder::Config(key)
            if self.service.config.get(key).is_some_and(|key| matches!(key.kind, ConfigType::Object | ConfigType::Array)));
        if is_whole_only {
            let message = format!("`${{{placeholder}}}` is no text and cannot stand inside of text");
            self.findings.push(Diagnostic::error(codes::BAD_PLACEHOLDER, message).at(whole(self.file)));
            return;
        }
        match self.value(placeholder) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => out.push_str(&text),
            Some(other) => out.push_str(&other.to_string()),
        }
    }

    fn value(&mut self, placeholder: &Placeholder) -> Option<Value> {
        let value = self.target.value(self.service, placeholder);
        if value.is_none() {
            let message = format!("`${{{placeholder}}}` has no value on target `{}`", self.target.cluster);
            self.findings.push(Diagnostic::error(codes::NO_VALUE_HERE, message).at(whole(self.file)));
        }
        value
    }
}

#[cfg(test)]
mod tests;
