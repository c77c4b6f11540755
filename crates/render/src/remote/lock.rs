//! The lock file: what each source was when it was locked.
//!
//! `seaway.lock` is at the root of a workspace and locks what its services name; `hld.lock` is beside the root component
//! of a high-level definition and locks what its components name. Both have one form.

use std::{collections::BTreeMap, fmt::Write as _};

use seaway_core::{
    diagnostic::{Diagnostic, codes, excerpt},
    digest::Digest,
    yaml::{self, Node, Span},
};
use serde::Serialize;

use super::source::Source;
use crate::hld::plain;

/// The file's name at the root of a workspace.
pub const LOCK_FILE: &str = "seaway.lock";
/// Most bytes of the file: ten thousand sources.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// What this program writes and reads.
const VERSION: &str = "1";

/// Every locked source.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lock {
    sources: BTreeMap<Source, Locked>,
}

/// What a source was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Locked {
    /// The commit of a Git repository, or the version of a chart.
    pub resolved: String,
    /// Digest of the tree.
    pub digest: Digest,
}

impl Lock {
    /// Locks nothing.
    pub(crate) const fn nothing() -> Self {
        Self { sources: BTreeMap::new() }
    }

    /// What a source is locked to.
    pub fn get(&self, source: &Source) -> Option<&Locked> {
        self.sources.get(source)
    }

    /// Locks a source.
    pub fn insert(&mut self, source: Source, locked: Locked) {
        self.sources.insert(source, locked);
    }

    /// Keeps only what is still named.
    pub fn retain(&mut self, is_kept: impl Fn(&Source) -> bool) {
        self.sources.retain(|source, _| is_kept(source));
    }

    /// Both locks; where both lock a source, the other one counts.
    #[must_use]
    pub fn under(&self, other: &Self) -> Self {
        let mut sources = self.sources.clone();
        sources.extend(other.sources.clone());
        Self { sources }
    }

    /// The sources, ordered.
    pub fn iter(&self) -> impl Iterator<Item = (&Source, &Locked)> {
        self.sources.iter()
    }

    /// Reads the file.
    ///
    /// # Errors
    /// All findings. A lock that cannot be read whole is not used in part.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut findings = Vec::new();
        let nodes = yaml::on_deep_stack(|| yaml::read_up_to(BYTES_MAX, file, text, &mut findings))
            .map_err(crate::hld::no_thread)?;
        let mut lock = Self::default();
        let node = nodes.into_iter().next().unwrap_or_else(Node::null);
        let bad = |span: Span, what: String| {
            let finding = Diagnostic::error(codes::HLD_BAD_LOCK, what).at(span.in_file(file));
            finding.help(format!("write it anew with `{}`", command(file)))
        };
        let version = node.get("lockVersion").map(|version| version.to_json().to_string());
        if findings.is_empty() && version.as_deref() != Some(VERSION) {
            findings.push(bad(node.span, format!("expected `lockVersion: {VERSION}`")));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        for item in node.get("sources").map(Node::items).unwrap_or_default() {
            match entry(item) {
                Ok((source, locked)) => {
                    if lock.sources.insert(source, locked).is_some() {
                        findings.push(bad(item.span, "a source is locked twice".to_owned()));
                    }
                }
                Err(what) => findings.push(bad(item.span, what)),
            }
        }
        if findings.is_empty() { Ok(lock) } else { Err(findings) }
    }

    /// The text of the file of this name: the same lock gives the same text.
    pub fn to_text(&self, file: &str) -> String {
        let mut out = format!(
            "# Written by `{}`. Each source as it was then; rendering takes exactly this.\n\
             lockVersion: {VERSION}\nsources:",
            command(file)
        );
        if self.sources.is_empty() {
            out.push_str(" []");
        }
        out.push('\n');
        for (source, locked) in &self.sources {
            let mut fields: Vec<(&str, &str)> = Vec::new();
            match source {
                Source::Git { url, branch, version, path } => {
                    fields.extend([("git", url.as_str()), ("branch", branch), ("version", version), ("path", path)]);
                    fields.push(("commit", &locked.resolved));
                }
                Source::Chart { repository, name, version } => {
                    fields.extend([("repository", repository.as_str()), ("chart", name), ("version", version)]);
                    fields.push(("resolved", &locked.resolved));
                }
                Source::File { url } => fields.push(("file", url)),
            }
            fields.push(("digest", locked.digest.as_str()));
            for (index, (key, value)) in fields.into_iter().filter(|(_, value)| !value.is_empty()).enumerate() {
                let lead = if index == 0 { "- " } else { "  " };
                // Writing to text cannot fail.
                let _ = writeln!(out, "{lead}{key}: {}", plain::yaml(value));
            }
        }
        out
    }
}

/// The command that writes the file of this name.
pub(crate) fn command(file: &str) -> &'static str {
    if file.ends_with(crate::hld::LOCK_FILE) { "seaway hld lock" } else { "seaway lock" }
}

fn entry(item: &Node) -> Result<(Source, Locked), String> {
    let text = |key: &str| match item.get(key) {
        None => Ok(String::new()),
        Some(node) => {
            node.text().map(str::to_owned).ok_or_else(|| format!("expected `{key}` to be text, found {}", node.kind()))
        }
    };
    let needed = |key: &str| match text(key)? {
        empty if empty.is_empty() => Err(format!("`{key}` is missing")),
        found => Ok(found),
    };
    let digest = needed("digest")?;
    let digest = Digest::parse(&digest)
        .ok_or_else(|| format!("expected `sha256:` and 64 hexadecimal digits, found `{}`", excerpt(&digest)))?;
    if item.get("git").is_some() {
        let commit = needed("commit")?;
        if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("expected a whole commit, found `{}`", excerpt(&commit)));
        }
        let source = Source::Git {
            url: needed("git")?,
            branch: text("branch")?,
            version: text("version")?,
            path: text("path")?,
        };
        return Ok((source, Locked { resolved: commit, digest }));
    }
    if item.get("repository").is_some() {
        let source =
            Source::Chart { repository: needed("repository")?, name: needed("chart")?, version: text("version")? };
        return Ok((source, Locked { resolved: needed("resolved")?, digest }));
    }
    if item.get("file").is_some() {
        return Ok((Source::File { url: needed("file")? }, Locked { resolved: String::new(), digest }));
    }
    Err("expected `git`, `repository` or `file`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let text = |text: &str| text.to_owned();
        let locked = |resolved: &str| Locked { resolved: text(resolved), digest: Digest::of(b"x") };
        let mut lock = Lock::default();
        let git = Source::Git { url: text("https://a/b"), branch: text(""), version: text("1.10"), path: text("c d") };
        lock.insert(git, locked(&"0a".repeat(20)));
        let chart = Source::Chart { repository: text("oci://r/c"), name: text("redis"), version: text("^1") };
        lock.insert(chart, locked("1.2.3"));
        lock.insert(Source::File { url: text("https://a/x.yaml") }, locked(""));
        lock
    }

    #[test]
    fn comes_back() {
        let text = lock().to_text(LOCK_FILE);
        assert_eq!(Lock::read(LOCK_FILE, &text).unwrap(), lock(), "{text}");
        assert_eq!(Lock::read(LOCK_FILE, &Lock::default().to_text(LOCK_FILE)).unwrap(), Lock::default());
    }

    #[test]
    fn is_taken_whole_or_not_at_all() {
        let good = lock().to_text(LOCK_FILE);
        for (from, to, expected) in [
            ("lockVersion: 1", "lockVersion: 2", "expected `lockVersion: 1`"),
            ("sha256:2d", "sha256:zz", "expected `sha256:`"),
            ("commit: \"0a", "commit: \"", "expected a whole commit"),
            ("resolved:", "resolve:", "`resolved` is missing"),
            ("- file:", "- other:", "expected `git`, `repository` or `file`"),
            ("version: \"1.10\"", "version: 1.10", "expected `version` to be text"),
        ] {
            assert!(good.contains(from), "{from}: {good}");
            let findings = Lock::read(LOCK_FILE, &good.replace(from, to)).unwrap_err();
            assert!(findings.iter().any(|finding| finding.message.contains(expected)), "{expected}: {findings:?}");
        }
        assert!(Lock::read(LOCK_FILE, "").is_err(), "an empty file locks nothing by accident");
    }
}
