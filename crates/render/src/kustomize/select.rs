//! Which objects a selector means: patterns for names and kinds, and Kubernetes' own selectors for labels.

use regex::{Regex, RegexBuilder};

use super::{
    budget::{Budget, too_large},
    fault::{Fault, Outcome, quoted},
    label_selector::LabelSelector,
    resource::Resource,
    schema::Scopes,
    settings::Selector,
};

/// Sizes of compiled patterns, in bytes; a pattern counts as the first that it fits, and fits the last at least.
const SIZES: [usize; 5] = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
/// Work of compiling a byte of a pattern.
const COMPILE_WORK: u64 = 16;
/// Work of matching, beside what the text takes.
const MATCH_WORK: u64 = 100;
/// Bytes of a compiled pattern that are looked at for each byte of text, in a unit of work.
const MATCH_BYTES: u64 = 1 << 10;

/// A compiled pattern. Matching takes time linear in the text, and for each byte as much as the pattern is large.
pub(crate) struct Pattern {
    regex: Regex,
    size: u64,
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn compile(pattern: &str, budget: &Budget) -> Outcome<Self> {
        budget.spend(pattern.len() as u64 * COMPILE_WORK)?;
        for size in SIZES {
            budget.spend(size as u64 * COMPILE_WORK)?;
            match RegexBuilder::new(pattern).size_limit(size).dfa_size_limit(SIZES[4]).build() {
                Ok(regex) => return Ok(Self { regex, size: size as u64 }),
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(_) => return Err(no_pattern(pattern)),
            }
        }
        Err(too_large(format!("the pattern {} grows too large", quoted(pattern))).help("use smaller repetitions"))
    }

    /// Whether it matches anywhere in the text.
    pub(crate) fn is_match(&self, text: &str, budget: &Budget) -> Outcome<bool> {
        budget.spend(MATCH_WORK + text.len() as u64 * (1 + self.size / MATCH_BYTES))?;
        Ok(self.regex.is_match(text))
    }
}

fn no_pattern(pattern: &str) -> Box<Fault> {
    let fault = Fault::field(format!("expected a pattern, found {}", quoted(pattern)));
    fault.help("patterns are regular expressions without look-around; `.` and `*` have a meaning in them")
}

/// A selector with its patterns compiled.
pub(crate) struct Matcher {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    /// Work of comparing labels and annotations.
    labels_work: u64,
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl Matcher {
    pub(crate) fn of(selector: &Selector, budget: &Budget) -> Outcome<Self> {
        let whole = |pattern: &str| whole(pattern, budget);
        Ok(Self {
            group: whole(&selector.gvk.group)?,
            version: whole(&selector.gvk.version)?,
            kind: whole(&selector.gvk.kind)?,
            name: whole(&selector.name)?,
            namespace: whole(&selector.namespace)?,
            labels_work: (selector.labels.len() + selector.annotations.len()) as u64,
            labels: LabelSelector::parse(&selector.labels)?,
            annotations: LabelSelector::parse(&selector.annotations)?,
        })
    }

    pub(crate) fn matches(&self, resource: &Resource, scopes: &Scopes, budget: &Budget) -> Outcome<bool> {
        budget.spend(self.labels_work)?;
        let fits = |pattern: &Option<Pattern>, text: &str| {
            pattern.as_ref().map_or(Ok(true), |pattern| pattern.is_match(text, budget))
        };
        let (now, before) = (resource.id(scopes), resource.original_id(scopes));
        Ok((fits(&self.namespace, before.effective_namespace())? || fits(&self.namespace, now.effective_namespace())?)
            && (fits(&self.name, &before.name)? || fits(&self.name, &now.name)?)
            && fits(&self.group, &now.gvk.group)?
            && fits(&self.version, &now.gvk.version)?
            && fits(&self.kind, &now.gvk.kind)?
            && self.labels.matches(&resource.labels())
            && self.annotations.matches(&resource.annotations()))
    }
}

/// A pattern for the whole text; nothing when it is empty.
fn whole(pattern: &str, budget: &Budget) -> Outcome<Option<Pattern>> {
    if pattern.is_empty() { Ok(None) } else { Pattern::compile(&format!("^(?:{pattern})$"), budget).map(Some) }
}
