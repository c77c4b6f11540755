//! The entries of a commit, as `git ls-tree` gives them.

use std::{collections::BTreeMap, ffi::OsStr};

use crate::{Cache, Error};

/// Bytes of the list for each entry that is allowed.
const BYTES_PER_ENTRY: u64 = 256;

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    File,
    Link,
}

/// One file or symbolic link.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) object: String,
    pub(crate) bytes: u64,
}

impl Cache {
    /// Every file and link of a commit by path. Submodules are left out: they are other repositories.
    pub(crate) fn entries(&self, commit: &str) -> Result<BTreeMap<String, Entry>, Error> {
        let arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit].map(OsStr::new).to_vec();
        let most = self.git.limits.entries;
        let answer = self.call("ls-tree", arguments, Some(most as u64 * BYTES_PER_ENTRY))?;
        let mut entries = BTreeMap::new();
        for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let (path, entry) = read(line).ok_or(Error::Answer("ls-tree"))?;
            let Some(entry) = entry else { continue };
            entries.insert(path, entry);
            if entries.len() > most {
                return Err(Error::TooLarge { what: "the commit".to_owned(), limit: most as u64, unit: "files" });
            }
        }
        Ok(entries)
    }
}

/// `<mode> <type> <object> <size>\t<path>`. Paths that are not UTF-8 are shown with replacement characters, and thus
/// cannot be named by anybody.
fn read(line: &[u8]) -> Option<(String, Option<Entry>)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = std::str::from_utf8(&line[..tab]).ok()?;
    let path = String::from_utf8_lossy(&line[tab + 1..]).into_owned();
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = match (mode, kind) {
        ("120000", "blob") => Kind::Link,
        (_, "blob") => Kind::File,
        ("160000", "commit") => return Some((path, None)),
        _ => return None,
    };
    Some((path, Some(Entry { kind, object: object.to_owned(), bytes: size.parse().ok()? })))
}
