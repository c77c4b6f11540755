//! Where a store is. A location that carries a password never shows it.

use std::fmt;
use std::path::PathBuf;

/// Where the store is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, created when missing, together with its folder.
    Sqlite(PathBuf),
    /// A connection URL, `postgres://user:password@host:port/database`.
    Postgres(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_secrets(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// The URL with its scheme, user, host and database only. Works on what is not a URL as well:
/// text that cannot be understood is not shown at all.
fn without_secrets(url: &str) -> String {
    let Some((scheme @ ("postgres" | "postgresql"), rest)) = url.split_once("://") else {
        return "postgres".to_owned();
    };
    // Parameters may carry a password as well.
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // The last `@` ends the credentials: a password may contain others, unescaped by mistake.
    match rest.rsplit_once('@') {
        Some((credentials, place)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        // Without `@` there should be no password; a colon followed by other than a port is one.
        None => {
            let (host, database) = rest.split_once('/').unwrap_or((rest, ""));
            let shown = match host.rsplit_once(':') {
                Some((name, port)) if !port.chars().all(|c| c.is_ascii_digit()) => name,
                Some(_) | None => host,
            };
            format!("{scheme}://{shown}/{database}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_url_shows_its_password() {
        let cases = [
            ("postgres://u:s3cret@h:5432/d", "postgres://u@h:5432/d"),
            ("postgresql://u:s3c@ret@h/d?sslmode=require&password=s3cret", "postgresql://u@h/d"),
            ("postgres://h:5432/d", "postgres://h:5432/d"),
            ("postgres://u:s3cret", "postgres://u/"),
            ("postgres://h/d?password=s3cret", "postgres://h/d"),
            ("u:s3cret@h", "postgres"),
            ("mysql://u:s3cret@h/d", "postgres"),
        ];
        for (url, shown) in cases {
            let location = Location::Postgres(url.to_owned());
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("s3c"), "{location:?}");
        }
    }
}
