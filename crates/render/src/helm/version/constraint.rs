//! A set of ranges: alternatives of bounds that hold together.

use super::{Version, semantic::compare_prereleases};

/// Longest constraint that is read, in bytes.
const BYTES_MAX: usize = 1024;

/// A constraint on versions.
#[derive(Clone, Debug)]
pub struct Constraint {
    alternatives: Vec<Vec<Bound>>,
}

#[derive(Clone, Debug)]
struct Bound {
    operator: Operator,
    version: Version,
    /// The first part that is not written or is a wildcard.
    open_from: OpenFrom,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum OpenFrom {
    Major,
    Minor,
    Patch,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Constraint {
    /// Reads a constraint; `None` when it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let alternatives = text.split("||").map(bounds).collect::<Option<Vec<_>>>()?;
        Some(Self { alternatives })
    }

    /// Whether a version satisfies it.
    pub fn allows(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|bounds| {
            let names_prerelease = bounds.iter().any(|bound| !bound.version.prerelease.is_empty());
            bounds.iter().all(|bound| bound.allows(version, names_prerelease))
        })
    }
}

/// Bounds that are separated by commas or space.
fn bounds(text: &str) -> Option<Vec<Bound>> {
    let mut bounds = Vec::new();
    let mut words = Words { rest: text };
    let mut after_comma = true;
    loop {
        words.skip_space();
        if words.rest.is_empty() {
            break;
        }
        if let Some(rest) = words.rest.strip_prefix(',') {
            if after_comma {
                return None;
            }
            (words.rest, after_comma) = (rest, true);
            continue;
        }
        if let Some(rest) = hyphen(words.rest) {
            // The lower end was read as a plain version.
            let Some(Bound { operator: lower @ Operator::Equal, .. }) = bounds.last_mut() else { return None };
            *lower = Operator::GreaterOrEqual;
            words.rest = rest;
            bounds.push(Bound { operator: Operator::LessOrEqual, ..words.bound()? });
            continue;
        }
        bounds.push(words.bound()?);
        after_comma = false;
    }
    (!bounds.is_empty() && !after_comma).then_some(bounds)
}

/// What stands behind ` - `.
fn hyphen(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('-')?;
    rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn bound(&mut self) -> Option<Bound> {
        const OPERATORS: [(&str, Operator); 11] = [
            ("!=", Operator::NotEqual),
            (">=", Operator::GreaterOrEqual),
            ("=>", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=<", Operator::LessOrEqual),
            ("~>", Operator::Tilde),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("~", Operator::Tilde),
            ("^", Operator::Caret),
        ];
        let mut operator = Operator::Equal;
        if let Some((text, found)) = OPERATORS.iter().find(|(text, _)| self.rest.starts_with(text)) {
            operator = *found;
            self.rest = self.rest.get(text.len()..)?;
            self.skip_space();
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        bound(operator, word)
    }
}

fn bound(operator: Operator, word: &str) -> Option<Bound> {
    let word = word.strip_prefix('v').unwrap_or(word);
    let end = word.find(['-', '+']).unwrap_or(word.len());
    let (numbers, suffix) = word.split_at(end);
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.is_empty() || parts.len() > 3 {
        return None;
    }
    let is_wildcard = |part: &str| matches!(part, "x" | "X" | "*");
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(|part| is_wildcard(part) || is_number(part)) {
        return None;
    }
    let written = parts.iter().take_while(|part| is_number(part)).count();
    let open_from = [OpenFrom::Major, OpenFrom::Minor, OpenFrom::Patch, OpenFrom::Nothing].get(written).copied()?;
    let number = |at: usize| parts.get(at).filter(|_| at < written).copied().unwrap_or("0");
    let version = Version::parse(&format!("{}.{}.{}{suffix}", number(0), number(1), number(2)))?;
    Some(Bound { operator, version, open_from })
}

impl Bound {
    fn allows(&self, version: &Version, with_prereleases: bool) -> bool {
        let own = &self.version;
        if !version.prerelease.is_empty() && own.prerelease.is_empty() && !with_prereleases {
            return false;
        }
        match self.operator {
            Operator::Equal if self.open_from == OpenFrom::Nothing => version == own,
            Operator::Equal | Operator::Tilde => self.allows_by_tilde(version),
            Operator::NotEqual => self.differs(version),
            Operator::Greater => match self.open_from {
                OpenFrom::Nothing | OpenFrom::Major => version > own,
                OpenFrom::Minor => version.major > own.major,
                OpenFrom::Patch => (version.major, version.minor) > (own.major, own.minor),
            },
            Operator::Less => version < own,
            Operator::GreaterOrEqual => version >= own,
            Operator::LessOrEqual => match self.open_from {
                OpenFrom::Nothing => version <= own,
                OpenFrom::Minor => version.major <= own.major,
                OpenFrom::Major | OpenFrom::Patch => (version.major, version.minor) <= (own.major, own.minor),
            },
            Operator::Caret => self.allows_by_caret(version),
        }
    }

    fn allows_by_tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        let is_zero = own.major == 0 && own.minor == 0 && own.patch == 0;
        if is_zero && matches!(self.open_from, OpenFrom::Major | OpenFrom::Nothing) {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.open_from == OpenFrom::Minor)
    }

    fn allows_by_caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version < own {
            return false;
        }
        if own.major > 0 || self.open_from == OpenFrom::Minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.open_from == OpenFrom::Patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        match self.open_from {
            OpenFrom::Nothing => version != own,
            OpenFrom::Minor => version.major != own.major,
            OpenFrom::Patch | OpenFrom::Major if (version.major, version.minor) != (own.major, own.minor) => true,
            OpenFrom::Patch if !version.prerelease.is_empty() || !own.prerelease.is_empty() => {
                compare_prereleases(&version.prerelease, &own.prerelease).is_ne()
            }
            OpenFrom::Patch => false,
            OpenFrom::Major => version.patch != own.patch,
        }
    }
}
