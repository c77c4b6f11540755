//! The Go toolchain that builds the Kubernetes programs: the one on the `PATH`, else the one in the cache folder.

use std::{
    fmt,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

/// Go releases from this one on fetch the release that a `go.mod` asks for by themselves.
const MIN: (u32, u32) = (1, 21);

/// A `go` command that is new enough.
#[derive(Debug, Clone)]
pub struct Go {
    program: PathBuf,
}

/// Why there is none: what was found instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoGo(String);

impl fmt::Display for NoGo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; needed is Go {}.{} or newer", self.0, MIN.0, MIN.1)
    }
}

impl Go {
    /// The `go` on the `PATH` if it is new enough, else the one in `cache`.
    ///
    /// # Errors
    /// When a `go` is there that cannot be started. That there is none, or an old one only, is [`NoGo`].
    pub fn find(cache: &Path) -> anyhow::Result<Result<Self, NoGo>> {
        let mut found = Err(NoGo("no `go` on the PATH".to_owned()));
        for program in [PathBuf::from("go"), Self::cached(cache)] {
            if let Some(version) = version_of(&program)? {
                if is_enough(&version) {
                    return Ok(Ok(Self { program }));
                }
                found = Err(NoGo(format!("`{}` is version `{version}`", program.display())));
            }
        }
        Ok(found)
    }

    /// Where the `go` command of the toolchain in the cache folder is, if it is there.
    pub fn cached(cache: &Path) -> PathBuf {
        Self::folder(cache).join("go/bin/go")
    }

    /// The folder of the cache that a toolchain is put into.
    pub fn folder(cache: &Path) -> PathBuf {
        cache.join("go-toolchain")
    }

    /// The program to start.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// What `go env GOVERSION` prints, or `None` when there is no such program.
fn version_of(program: &Path) -> anyhow::Result<Option<String>> {
    // In a folder of its own a `go.mod` of the working folder does not choose another release.
    let folder = std::env::temp_dir();
    match Command::new(program).args(["env", "GOVERSION"]).current_dir(folder).output() {
        Ok(output) => Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(|| format!("cannot start `{}`", program.display())),
    }
}

fn is_enough(version: &str) -> bool {
    parse(version).is_some_and(|version| version >= MIN)
}

/// `go1.26.8` → `(1, 26)`.
fn parse(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.strip_prefix("go")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("go1.26.8"), Some((1, 26)));
        assert_eq!(parse("go1.27rc1"), Some((1, 27)));
        assert_eq!(parse("devel"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn old_releases_are_not_enough() {
        assert!(is_enough("go1.21") && is_enough("go1.26.8"));
        assert!(!is_enough("go1.19.8") && !is_enough("") && !is_enough("devel"));
        let message = NoGo("`go` is version `go1.19.8`".to_owned()).to_string();
        assert_eq!(message, "`go` is version `go1.19.8`; needed is Go 1.21 or newer");
    }

    #[test]
    fn a_program_that_is_not_there_has_no_version() {
        assert_eq!(version_of(Path::new("/nonexistent/go")).unwrap(), None);
    }
}
