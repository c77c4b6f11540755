//! The shape of files: not too long, and with the lints of the workspace.

use std::{fs, path::Path};

use anyhow::Context;

use super::{Finding, graph::Graph, source::Source};

/// A longer file has more than one subject.
const LINES_MAX: usize = 700;

pub(crate) fn check_sizes(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter_map(|source| {
            let lines = source.text.lines().count();
            (lines > LINES_MAX).then(|| {
                Finding::new(
                    &source.path,
                    format!("has {lines} lines, expected at most {LINES_MAX}: split it by subject"),
                )
            })
        })
        .collect()
}

pub(crate) fn check_lints(root: &Path, graph: &Graph) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for folder in graph.members.values() {
        let path = format!("{folder}/Cargo.toml");
        let text = fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {path}"))?;
        findings.extend(check_manifest(&path, &text));
    }
    Ok(findings)
}

fn check_manifest(path: &str, text: &str) -> Option<Finding> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let has_lints = lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    (!has_lints).then(|| Finding::new(path, "lacks `[lints]` with `workspace = true`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let source = |lines: usize| Source::sample("crates/a/src/long.rs", &"x\n".repeat(lines));
        assert!(check_sizes(&[source(LINES_MAX)]).is_empty());
        let all = check_sizes(&[source(LINES_MAX + 1)]);
        assert_eq!(
            all[0].to_string(),
            "crates/a/src/long.rs: has 701 lines, expected at most 700: split it by subject"
        );
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_found() {
        assert_eq!(check_manifest("a", "[package]\n\n[lints]\nworkspace = true\n"), None);
        for text in ["[package]\n", "[lints]\n# workspace = true\n[dependencies]", "[lints.rust]\nworkspace = true"] {
            assert!(check_manifest("a", text).is_some(), "{text}");
        }
    }
}
