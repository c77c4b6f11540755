//! What a reference names: a registry and a path in it.

use crate::Error;

/// Longest path, in bytes; the distribution specification allows 255 with the registry's name.
const PATH_BYTES_MAX: usize = 255;

/// A repository of a registry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository {
    /// Host, with a port when it has one.
    pub(crate) registry: String,
    pub(crate) path: String,
}

impl Repository {
    /// `oci://registry/path` and a chart's name below it.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn of_chart(repository: &str, chart: &str) -> Result<Self, Error> {
        let shown = format!("{repository}/{chart}");
        let bad = |why| Error::BadReference { reference: shown.rsplit('@').next().unwrap_or_default().to_owned(), why };
        let rest = repository.strip_prefix("oci://").ok_or_else(|| bad("does not start with `oci://`"))?;
        let (registry, above) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest.trim_end_matches('/'), ""));
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        if registry.is_empty() || registry.starts_with('-') || !registry.chars().all(is_host) {
            return Err(bad("names no registry"));
        }
        let path = if above.is_empty() { chart.to_owned() } else { format!("{above}/{chart}") };
        let is_part = |part: &str| {
            let ends = part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.ends_with(|c: char| c.is_ascii_alphanumeric());
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
            ends && part.chars().all(is_plain) && !part.contains("..")
        };
        if path.len() > PATH_BYTES_MAX || !path.split('/').all(is_part) {
            return Err(bad(
                "has a path that no registry has: lower-case letters, digits, `.`, `_`, `-` between slashes",
            ));
        }
        Ok(Self { registry: registry.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let good = Repository::of_chart("oci://registry.example:5000/charts/stable/", "redis").unwrap();
        assert_eq!((good.registry.as_str(), good.path.as_str()), ("registry.example:5000", "charts/stable/redis"));
        assert_eq!(Repository::of_chart("oci://h", "redis").unwrap().path, "redis");
        for (repository, chart) in [
            ("https://h", "a"),
            ("oci://", "a"),
            ("oci://h", ""),
            ("oci://h", "../a"),
            ("oci://h/a/../b", "a"),
            ("oci://h", "A"),
            ("oci://user:hunter2@h", "a"),
            ("oci://h?x", "a"),
            ("oci://h", "a?b"),
            ("oci://h", "a b"),
        ] {
            let error = Repository::of_chart(repository, chart).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
