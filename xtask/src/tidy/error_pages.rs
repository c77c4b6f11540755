//! Every code `SWnnnn` has a page that explains it, and every page a code.

use std::{collections::BTreeMap, collections::BTreeSet, fs, path::Path};

use anyhow::Context;

use super::{Finding, source::Source};

const FOLDER: &str = "docs/errors";

/// `SW` and this many digits.
const DIGITS: usize = 4;

pub(crate) fn check(root: &Path, sources: &[Source]) -> anyhow::Result<Vec<Finding>> {
    let folder = root.join(FOLDER);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {FOLDER}"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        pages.extend(name.strip_suffix(".md").filter(|stem| is_code(stem)).map(str::to_owned));
    }
    Ok(compare(&used_codes(sources), &pages))
}

/// Codes in the crates, each with the file where it is first used. Tests may make up codes.
fn used_codes(sources: &[Source]) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path.starts_with("crates/")) {
        for code in codes_in(&source.code_with_strings()) {
            codes.entry(code).or_insert_with(|| source.path.clone());
        }
    }
    codes
}

fn compare(used: &BTreeMap<String, String>, pages: &BTreeSet<String>) -> Vec<Finding> {
    let unexplained = used
        .iter()
        .filter(|(code, _)| !pages.contains(*code))
        .map(|(code, path)| Finding::new(path, format!("uses `{code}`, which has no page `{FOLDER}/{code}.md`")));
    let unused = pages
        .iter()
        .filter(|code| !used.contains_key(*code))
        .map(|code| Finding::new(format!("{FOLDER}/{code}.md"), "explains a code that no crate uses"));
    unexplained.chain(unused).collect()
}

fn codes_in(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| is_code(word))
        .map(str::to_owned)
        .collect()
}

fn is_code(word: &str) -> bool {
    word.strip_prefix("SW").is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_checked() {
        let sources = [
            Source::sample(
                "crates/core/src/a.rs",
                "code(\"SW0101\"); // SW0999\n#[cfg(test)]\nmod tests { fn f() { x(\"SW9999\") } }",
            ),
            Source::sample("crates/core/src/b.rs", "Code::SW0102 => SW01023, ASW0104"),
            Source::sample("xtask/src/c.rs", "\"SW0105\""),
        ];
        let used = used_codes(&sources);
        assert_eq!(used.keys().collect::<Vec<_>>(), ["SW0101", "SW0102"]);
        let pages = BTreeSet::from(["SW0102".to_owned(), "SW0200".to_owned()]);
        let all: Vec<String> = compare(&used, &pages).iter().map(ToString::to_string).collect();
        assert_eq!(
            all,
            [
                "crates/core/src/a.rs: uses `SW0101`, which has no page `docs/errors/SW0101.md`",
                "docs/errors/SW0200.md: explains a code that no crate uses",
            ]
        );
    }
}
