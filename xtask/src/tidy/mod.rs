//! Architecture checks that no compiler makes.
//!
//! Each check is a pure function from what was read to findings, so that its test can show a violation. Everything
//! is checked before the run fails: one run shows all findings.

mod arrows;
mod error_pages;
mod graph;
mod purity;
mod shape;
mod source;
mod tls;

use std::{fmt, path::Path};

use anyhow::bail;

use crate::root;

/// Something that must be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// File or crate.
    place: String,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    let findings = check(&root())?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("architecture checks found {} faults, expected none", findings.len());
    }
    Ok(())
}

fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let graph = graph::read(root)?;
    let sources = source::read_all(root)?;
    let mut findings = arrows::check(&graph);
    findings.extend(purity::check_dependencies(&graph));
    findings.extend(purity::check_sources(&sources));
    findings.extend(tls::check(&graph));
    findings.extend(shape::check_sizes(&sources));
    findings.extend(shape::check_lints(root, &graph)?);
    findings.extend(error_pages::check(root, &sources)?);
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let findings = check(&root()).unwrap();
        assert!(findings.is_empty(), "{findings:#?}");
    }
}
