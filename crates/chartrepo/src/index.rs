//! `index.yaml`: which versions of a chart a repository has, and where they are.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Error;

/// Most values in an index. The largest public one has a million.
const NODES_MAX: usize = 5_000_000;

/// One version of a chart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// Its version.
    pub version: String,
    /// Where it is, absolute.
    pub url: String,
    /// `sha256` of the packed chart, 64 hexadecimal digits, when the index has it.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    entries: BTreeMap<String, Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    version: Option<String>,
    #[serde(default)]
    urls: Vec<String>,
    digest: Option<String>,
}

/// The versions of a chart in an index, in its order. `repository` is the repository's URL, for relative ones.
///
/// # Errors
/// When the index cannot be read.
pub fn releases(index: &[u8], repository: &str, chart: &str) -> Result<Vec<Release>, Error> {
    let text = std::str::from_utf8(index).map_err(|_| Error::Index("it is not UTF-8".to_owned()))?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: NODES_MAX * 2,
            max_nodes: NODES_MAX,
            max_depth: 64,
            max_total_scalar_bytes: 128 << 20,
            max_aliases: 1000,
        },
        with_snippet: false,
        strict_booleans: false,
    };
    let index: Index =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| Error::Index(error.to_string()))?;
    let entries = index.entries.into_iter().find(|(name, _)| name == chart).map(|(_, entries)| entries);
    let release = |entry: Entry| {
        let digest = entry.digest.map(|digest| digest.trim_start_matches("sha256:").to_ascii_lowercase());
        Some(Release {
            version: entry.version?,
            url: absolute(repository, entry.urls.first()?),
            sha256: digest.filter(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())),
        })
    };
    Ok(entries.unwrap_or_default().into_iter().filter_map(release).collect())
}

/// A URL of the index, which may be relative to the repository.
fn absolute(repository: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    if let Some(path) = url.strip_prefix('/') {
        let end = repository.find("://").map_or(0, |at| at + 3);
        let host = repository[end..].find('/').map_or(repository.len(), |at| end + at);
        return format!("{}/{path}", &repository[..host]);
    }
    format!("{}/{url}", repository.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_versions() {
        let index = "apiVersion: v1\nentries:\n  redis:\n  - version: 1.10.0\n    digest: \
                     2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n    urls: [charts/redis-1.10.0.tgz]\n  \
                     - version: 1.9.0\n    urls: [https://elsewhere.example/r.tgz]\n  - version: 1.8.0\n  other: []\n";
        let found = releases(index.as_bytes(), "https://charts.example/stable/", "redis").unwrap();
        let shown: Vec<_> = found.iter().map(|one| (one.version.as_str(), one.url.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("1.10.0", "https://charts.example/stable/charts/redis-1.10.0.tgz"),
                ("1.9.0", "https://elsewhere.example/r.tgz")
            ]
        );
        assert!(found[0].sha256.is_some() && found[1].sha256.is_none());
        assert_eq!(releases(index.as_bytes(), "x", "gone").unwrap(), []);
        assert_eq!(absolute("https://h/a/b", "/c"), "https://h/c");
        assert!(releases(b"<html>", "x", "y").is_err());
        assert!(releases(b"entries: [", "x", "y").is_err());
    }
}
