//! What comes from elsewhere: named here, fetched by a driver, found again by digest.

use std::{collections::BTreeMap, fmt, sync::Arc};

use seaway_core::{
    diagnostic::{Diagnostic, Place, has_errors},
    digest::Digest,
};
use serde::Serialize;

use super::{Lock, Profile, Settings, generate::Request, trouble::Trouble, walk::Walk};
use crate::Tree;

/// Something that a component names and that is not in the repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Source {
    /// A Git repository at a commit.
    Git {
        /// Where it is.
        url: String,
        /// Branch; empty = the repository's own choice.
        branch: String,
        /// Commit or tag; empty = the branch's newest commit. It wins over the branch.
        version: String,
        /// The folder that is needed; empty = the whole repository.
        path: String,
    },
    /// A chart in a chart repository, or in an OCI registry when the repository starts with `oci://`.
    Chart {
        /// Where it is.
        repository: String,
        /// The chart's name.
        name: String,
        /// Version or constraint; empty = the newest release.
        version: String,
    },
    /// One YAML file.
    File {
        /// Where it is.
        url: String,
    },
}

impl Source {
    /// The URL that names it, as it is written.
    pub fn url(&self) -> &str {
        match self {
            Self::Git { url, .. } | Self::File { url } => url,
            Self::Chart { repository, .. } => repository,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = without_credentials(self.url());
        match self {
            Self::Git { branch, version, path, .. } => {
                f.write_str(&url)?;
                if !path.is_empty() {
                    write!(f, ", folder {path}")?;
                }
                match (version.is_empty(), branch.is_empty()) {
                    (false, _) => write!(f, " at {version}"),
                    (true, false) => write!(f, " at branch {branch}"),
                    (true, true) => Ok(()),
                }
            }
            Self::Chart { name, version, .. } => {
                let version = if version.is_empty() { "newest" } else { version };
                write!(f, "chart {name} ({version}) of {url}")
            }
            Self::File { .. } => f.write_str(&url),
        }
    }
}

/// A URL without user and password, for messages and records.
pub(super) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// Where fetched trees are found.
pub trait Store: Sync {
    /// The tree with this digest, when it is here.
    fn tree(&self, digest: &Digest) -> Option<Arc<Tree>>;
}

/// A store of nothing.
impl Store for () {
    fn tree(&self, _: &Digest) -> Option<Arc<Tree>> {
        None
    }
}

impl Store for BTreeMap<Digest, Arc<Tree>> {
    fn tree(&self, digest: &Digest) -> Option<Arc<Tree>> {
        self.get(digest).cloned()
    }
}

/// One source that the components name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// What.
    pub source: Source,
    /// The first component that names it; empty for the root.
    pub component: String,
    /// Where it is named.
    pub place: Place,
    /// Environment variable that holds a token for it.
    pub token_variable: Option<String>,
    /// Variable that a fetched component asks for. It is not used: a fetched component must not choose which secret is
    /// sent to whom.
    pub asked_variable: Option<String>,
    /// Digest that the component itself states.
    pub stated: Option<Digest>,
    /// Digest in the lock.
    pub locked: Option<Digest>,
    /// Whether the tree is in the store.
    pub is_here: bool,
}

/// What the components of all these environment sets name, as far as it can be known: what a missing tree names itself is
/// only known once it is here, so whoever fetches asks again until everything is here.
///
/// A component that is disabled in every set is left out with all below it.
///
/// # Errors
/// All findings, when the tree cannot be walked.
pub fn wanted(
    tree: &Tree,
    folder: &str,
    settings: &Settings,
    sets: &[Vec<String>],
    lock: &Lock,
    store: &dyn Store,
) -> Result<Vec<Wanted>, Vec<Diagnostic>> {
    // What is missing is what is asked for here, and traps are for whoever renders.
    let lenient = Settings { profile: Profile::Compat, ..settings.clone() };
    let mut all: BTreeMap<Source, Wanted> = BTreeMap::new();
    for environments in sets {
        let request = Request { tree, folder, settings: &lenient, environments, lock, store };
        let walked = seaway_core::yaml::on_deep_stack(|| {
            let mut trouble = Trouble::new(&lenient);
            let walk = Walk::run(&request, &mut trouble, true);
            (walk.wanted, trouble.findings)
        });
        let (wanted, findings) = walked.map_err(super::generate::no_thread)?;
        if has_errors(&findings) {
            return Err(findings);
        }
        for one in wanted {
            all.entry(one.source.clone()).or_insert(one);
        }
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        for (url, shown) in [
            ("https://user:secret@host/a", "https://host/a"),
            ("https://host/a@b", "https://host/a@b"),
            ("https://a@b:c@host", "https://host"),
            ("git@host:a", "git@host:a"),
            ("https://token@host?x", "https://host?x"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
