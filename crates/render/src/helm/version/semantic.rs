//! One version.

use std::{cmp::Ordering, fmt};

/// Longest version that is read, in bytes: the Go library's limit.
const BYTES_MAX: usize = 256;

/// Major, minor and patch number with what stands behind them. Equality and order leave the build metadata out.
#[derive(Clone, Debug)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number; 0 when it is not written.
    pub minor: u64,
    /// Third number; 0 when it is not written.
    pub patch: u64,
    /// What stands behind `-`; empty for a release.
    pub prerelease: String,
    /// What stands behind `+`.
    pub metadata: String,
    /// As it was written.
    pub original: String,
}

impl Version {
    /// Reads a version: `1`, `v1.2`, `1.2.3-rc.1+build`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = split(rest, '+')?;
        let (numbers, prerelease) = split(rest, '-')?;
        let mut parts = numbers.split('.');
        let mut next = || match parts.next() {
            Some(part) if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) => part.parse().ok().map(Some),
            Some(_) => None,
            None => Some(None),
        };
        let (major, minor, patch) = (next()??, next()?.unwrap_or(0), next()?.unwrap_or(0));
        if next()?.is_some() || prerelease.split('.').any(is_padded_number) {
            return None;
        }
        let (prerelease, metadata) = (prerelease.to_owned(), metadata.to_owned());
        Some(Self { major, minor, patch, prerelease, metadata, original: text.to_owned() })
    }
}

/// What stands before and behind the first `mark`; nothing when an identifier behind it is malformed.
fn split(text: &str, mark: char) -> Option<(&str, &str)> {
    let Some((before, behind)) = text.split_once(mark) else { return Some((text, "")) };
    let is_identifier = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    behind.split('.').all(is_identifier).then_some((before, behind))
}

fn is_padded_number(part: &str) -> bool {
    part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

/// A release is higher than its pre-releases; numbers are lower than words.
pub(super) fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
}
