//! What is somewhere else, by name.

use std::fmt;

use serde::Serialize;

/// Something that a source names and that is not in the workspace.
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
pub(crate) fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
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
