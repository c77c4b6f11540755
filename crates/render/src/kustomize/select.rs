//! Which objects a selector means: patterns for names and kinds, and Kubernetes' own selectors for labels.

use regex::{Regex, RegexBuilder};

use super::{
    fault::{Fault, Outcome, quoted},
    label_selector::LabelSelector,
    resource::Resource,
    schema::Scopes,
    settings::Selector,
};

/// Largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A selector with its patterns compiled.
pub(crate) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl Matcher {
    pub(crate) fn of(selector: &Selector) -> Outcome<Self> {
        Ok(Self {
            group: whole(&selector.gvk.group)?,
            version: whole(&selector.gvk.version)?,
            kind: whole(&selector.gvk.kind)?,
            name: whole(&selector.name)?,
            namespace: whole(&selector.namespace)?,
            labels: LabelSelector::parse(&selector.labels)?,
            annotations: LabelSelector::parse(&selector.annotations)?,
        })
    }

    pub(crate) fn matches(&self, resource: &Resource, scopes: &Scopes) -> bool {
        let fits = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
        let (now, before) = (resource.id(scopes), resource.original_id(scopes));
        (fits(&self.namespace, before.effective_namespace()) || fits(&self.namespace, now.effective_namespace()))
            && (fits(&self.name, &before.name) || fits(&self.name, &now.name))
            && fits(&self.group, &now.gvk.group)
            && fits(&self.version, &now.gvk.version)
            && fits(&self.kind, &now.gvk.kind)
            && self.labels.matches(&resource.labels())
            && self.annotations.matches(&resource.annotations())
    }
}

/// A pattern for the whole text; nothing when it is empty.
fn whole(pattern: &str) -> Outcome<Option<Regex>> {
    if pattern.is_empty() { Ok(None) } else { compile(&format!("^(?:{pattern})$")).map(Some) }
}

/// Compiles a pattern. Matching takes time linear in the text, whatever the pattern.
pub(crate) fn compile(pattern: &str) -> Outcome<Regex> {
    let built = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
    built.map_err(|_| {
        let fault = Fault::field(format!("expected a pattern, found {}", quoted(pattern)));
        fault.help("patterns are regular expressions without look-around; `.` and `*` have a meaning in them")
    })
}
