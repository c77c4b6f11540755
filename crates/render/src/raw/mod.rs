//! A folder of Kubernetes manifests: every `.yaml`, `.yml` and `.json` file, by path, each with any number of
//! documents. A `List` stands for its items.

mod prepare;

pub use prepare::MANIFEST_BYTES_MAX;

use std::{collections::BTreeSet, sync::Arc};

use seaway_core::{
    declaration::Service,
    diagnostic::{Diagnostic, codes, excerpt},
    yaml::Node,
};
use serde_json::{Value, json};

use crate::{
    Prepared, Rendering, TargetContext,
    assembly::Assembly,
    memo::Memo,
    object::{Finished, Origin, Rules, finish},
    patches::Patches,
    scope::Scopes,
    template::{Placeholder, Template, Use, Values},
};

/// A folder of manifests, read once.
pub(crate) struct Manifests {
    service: Service,
    scopes: Scopes,
    objects: Vec<ObjectTemplate>,
    /// Every placeholder of every object.
    placeholders: BTreeSet<Placeholder>,
    patches: Option<Arc<Patches>>,
    /// Warnings that hold for every target.
    warnings: Vec<Diagnostic>,
    known: Memo<Result<Rendering, Vec<Diagnostic>>>,
}

/// One object with its placeholders.
struct ObjectTemplate {
    file: Arc<str>,
    node: Node,
    template: Template,
    uses: Vec<Use>,
    is_secret: bool,
    known: Memo<Arc<Finished>>,
}

impl Prepared for Manifests {
    fn render(&self, target: &TargetContext) -> Result<Rendering, Vec<Diagnostic>> {
        let value = |placeholder: &Placeholder| target.value(&self.service, placeholder);
        let values: Values = self.placeholders.iter().filter_map(|one| Some((one.clone(), value(one)?))).collect();
        if values.len() < self.placeholders.len() {
            return Err(self.without_value(target, &values));
        }
        let Some(patches) = &self.patches else {
            return self.known.get(key(target, values.values()), || self.assemble(target, &values));
        };
        let further: Vec<_> = patches.placeholders.iter().map(value).collect();
        // A finding about a value that is missing names the target.
        if further.iter().any(Option::is_none) {
            return self.assemble_patched(patches, target, &values);
        }
        let key = json!([key(target, values.values()), further]).to_string();
        self.known.get(key, || self.assemble_patched(patches, target, &values))
    }
}

/// What a result depends on.
fn key<'a>(target: &TargetContext, values: impl Iterator<Item = &'a Value>) -> String {
    json!([target.environment, values.collect::<Vec<_>>()]).to_string()
}

impl Manifests {
    fn without_value(&self, target: &TargetContext, values: &Values) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for object in &self.objects {
            for one in object.uses.iter().filter(|one| !values.contains_key(&one.placeholder)) {
                let message = format!("`${{{}}}` has no value on target `{}`", one.placeholder, target.cluster);
                let help = match &one.placeholder {
                    Placeholder::ClusterLabel(key) => format!("give the cluster the label `{}`", excerpt(key)),
                    Placeholder::RegionName => "a global cluster is in no region".to_owned(),
                    Placeholder::Config(key) => format!("give configuration key `{}` a value", excerpt(key)),
                    Placeholder::EnvironmentName
                    | Placeholder::StageName
                    | Placeholder::ClusterName
                    | Placeholder::ServiceName
                    | Placeholder::ServiceNamespace => "use another placeholder".to_owned(),
                };
                let finding = Diagnostic::error(codes::NO_VALUE_HERE, message).help(help);
                findings.push(finding.at(one.span.in_file(&object.file)));
            }
        }
        self.hide_secrets(&mut findings);
        findings
    }

    fn assemble(&self, target: &TargetContext, values: &Values) -> Result<Rendering, Vec<Diagnostic>> {
        let mut assembly = Assembly::new(self.warnings.clone());
        for template in &self.objects {
            let finished = self.object(template, target, values);
            assembly.add(&finished, || template.origin().place(&["metadata", "name"]));
        }
        assembly.finish(&self.service.name, |findings| self.hide_secrets(findings))
    }

    fn assemble_patched(
        &self,
        patches: &Patches,
        target: &TargetContext,
        values: &Values,
    ) -> Result<Rendering, Vec<Diagnostic>> {
        let filled = |one: &ObjectTemplate| one.template.substitute(values);
        let objects: Vec<(Value, &str)> = self.objects.iter().map(|one| (filled(one), &*one.file)).collect();
        let (patched, warnings) = patches.apply(&self.service, target, &objects)?;
        let mut assembly = Assembly::new(self.warnings.iter().chain(&warnings).cloned().collect());
        let mut scopes = self.scopes.clone();
        patched.iter().for_each(|one| scopes.learn(&one.manifest));
        let rules = Rules { service: &self.service, environment: &target.environment, scopes: &scopes };
        for one in patched {
            let Some(template) = self.objects.get(one.from) else { continue };
            let finished = finish(&rules, one.manifest, &template.origin());
            assembly.add(&finished, || template.origin().place(&["metadata", "name"]));
        }
        assembly.finish(&self.service.name, |findings| self.hide_secrets(findings))
    }

    fn object(&self, template: &ObjectTemplate, target: &TargetContext, values: &Values) -> Arc<Finished> {
        let used = template.uses.iter().filter_map(|one| values.get(&one.placeholder));
        template.known.get(key(target, used), || {
            let rules = Rules { service: &self.service, environment: &target.environment, scopes: &self.scopes };
            Arc::new(finish(&rules, template.template.substitute(values), &template.origin()))
        })
    }

    /// Findings in files that declare a Secret are shown without the text of the file.
    fn hide_secrets(&self, findings: &mut [Diagnostic]) {
        let files: BTreeSet<&str> = self.objects.iter().filter(|o| o.is_secret).map(|o| &*o.file).collect();
        for finding in findings {
            finding.hides_source |= finding.place.as_ref().is_some_and(|place| files.contains(place.file.as_str()));
        }
    }
}

impl ObjectTemplate {
    fn origin(&self) -> Origin<'_> {
        Origin { file: &self.file, node: Some(&self.node) }
    }
}

#[cfg(test)]
mod tests;
