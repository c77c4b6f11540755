//! Names that become parts of paths.

use seaway_core::diagnostic::{Place, codes, excerpt};

use super::trouble::Trouble;

/// Longest name, in bytes: the limit of common file systems for one part of a path, less the ending.
const BYTES_MAX: usize = 200;

/// Why a component's name cannot be used at all; to be read after the name.
fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.len() > BYTES_MAX {
        Some("is longer than 200 bytes")
    } else if matches!(name, "." | "..") {
        Some("means a folder")
    } else if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        Some("has a slash, backslash or control character in it")
    } else {
        None
    }
}

/// `[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`
fn is_plain(name: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    is_end(name.chars().next())
        && is_end(name.chars().next_back())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Checks the name of a component. `false` = it cannot be used.
pub(super) fn check(trouble: &mut Trouble<'_>, name: &str, place: Place) -> bool {
    let help = "use letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
    if let Some(why) = fault(name) {
        let message = format!("the component's name `{}` {why}: it names a file of the output", excerpt(name));
        trouble.error(codes::HLD_BAD_NAME, Some(place), message, help);
        return false;
    }
    if trouble.is_strict() && !is_plain(name) {
        let message = format!("the component's name `{}` has characters other than letters and digits", excerpt(name));
        trouble.error(codes::HLD_BAD_NAME, Some(place), message, help);
        return false;
    }
    true
}

/// Checks the name of an environment. `false` = it cannot be used. A `/` nests in the compat profile.
pub(super) fn check_environment(trouble: &mut Trouble<'_>, name: &str) -> bool {
    let why = name.split('/').find_map(fault);
    let is_bad = trouble.is_strict() && !is_plain(name);
    if why.is_none() && !is_bad {
        return true;
    }
    let why = why.unwrap_or("has characters other than letters and digits");
    let message = format!("the environment's name `{}` {why}", excerpt(name));
    trouble.error(codes::HLD_BAD_NAME, None, message, "an environment is named as its file: `config/<name>.yaml`");
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "A9", "a-b_c.d", "9"] {
            assert!(fault(good).is_none() && is_plain(good), "{good}");
        }
        for odd in ["-a", "a-", "a b", "é", ".a", "a."] {
            assert!(fault(odd).is_none() && !is_plain(odd), "{odd}");
        }
        for bad in ["", ".", "..", "a/b", "a\\b", "a\nb", &"a".repeat(201)] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}
