//! From finished objects to a rendering: duplicates, sizes, one verdict. The same for every source.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes, has_errors},
    ids::ServiceName,
    release::{Content, Rendered},
};

use crate::{CONTENT_BYTES_MAX, OBJECTS_MAX, Rendering, object::Finished};

/// Objects of one rendering, as they come.
pub(crate) struct Assembly {
    findings: Vec<Diagnostic>,
    objects: Vec<Rendered>,
    /// Where each object was declared first.
    places: BTreeMap<(String, String, String, String), Place>,
    bytes: usize,
}

impl Assembly {
    /// Nothing yet but findings that hold whatever comes.
    pub(crate) fn new(findings: Vec<Diagnostic>) -> Self {
        Self { findings, objects: Vec::new(), places: BTreeMap::new(), bytes: 0 }
    }

    /// Adds an object. `place` is where its name stands.
    pub(crate) fn add(&mut self, finished: &Finished, place: impl FnOnce() -> Place) {
        self.findings.extend(finished.findings.iter().cloned());
        let Some(rendered) = &finished.rendered else { return };
        self.bytes = self.bytes.saturating_add(finished.bytes);
        let (group, kind, namespace, name) = rendered.entry.object.key();
        let key = (group.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned());
        let place = place();
        match self.places.get(&key) {
            Some(first) => {
                let message = format!("`{}` is declared twice, first in {first}", rendered.entry.object);
                let finding = Diagnostic::error(codes::DUPLICATE_OBJECT, message);
                self.findings.push(finding.at(place).help("keep one of the two"));
            }
            None => drop(self.places.insert(key, place)),
        }
        self.objects.push(rendered.clone());
    }

    /// The rendering, or why there is none. `adjust` has the last word on the findings.
    pub(crate) fn finish(
        mut self,
        service: &ServiceName,
        adjust: impl FnOnce(&mut Vec<Diagnostic>),
    ) -> Result<Rendering, Vec<Diagnostic>> {
        if self.bytes > CONTENT_BYTES_MAX {
            let message =
                format!("the objects have {} bytes as JSON, expected at most {CONTENT_BYTES_MAX}", self.bytes);
            self.findings.push(Diagnostic::error(codes::TOO_MANY_OBJECTS, message).help("split the service"));
        }
        if self.objects.len() > OBJECTS_MAX {
            let message = format!("the source has {} objects, expected at most {OBJECTS_MAX}", self.objects.len());
            self.findings.push(Diagnostic::error(codes::TOO_MANY_OBJECTS, message).help("split the service"));
        }
        adjust(&mut self.findings);
        if has_errors(&self.findings) {
            return Err(self.findings);
        }
        let content = Arc::new(Content::new(service.clone(), self.objects));
        Ok(Rendering { content, remarks: self.findings.into() })
    }
}
