//! Errors of templates: what is wrong, where, and through which includes it was reached.

use std::fmt;

use crate::helm::fault::Fault;

/// A place in a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as named to [`super::Program::parse`].
    pub file: String,
    /// Counts from 1.
    pub line: u32,
    /// Counts from 1, in bytes.
    pub column: u32,
    /// The template that was running: the file or a name from `define`. Empty for errors of parsing.
    pub template: String,
    /// The part of the action, as written. Empty for errors of parsing.
    pub context: String,
}

/// Why a template could not be parsed or executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What went wrong.
    pub fault: Fault,
    /// Where: the innermost place first, then the places that included it.
    pub places: Vec<Place>,
}

/// Includes that are printed; recursion without end would fill the screen.
const PRINTED_PLACES_MAX: usize = 8;

impl TemplateError {
    /// The innermost place.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.places.first()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.file, self.line, self.column)?;
        if !self.template.is_empty() && self.template != self.file {
            write!(out, ": in {:?}", self.template)?;
        }
        if !self.context.is_empty() {
            write!(out, " at <{}>", self.context)?;
        }
        Ok(())
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = self.places.iter();
        if let Some(place) = places.next() {
            write!(out, "{place}: ")?;
        }
        write!(out, "{}", self.fault)?;
        for place in places.clone().take(PRINTED_PLACES_MAX) {
            write!(out, "\n  included from {place}")?;
        }
        let hidden = places.len().saturating_sub(PRINTED_PLACES_MAX);
        if hidden > 0 {
            write!(out, "\n  and {hidden} more")?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}
