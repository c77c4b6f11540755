//! High-level definitions against `tests/hld`: each file is a case with what goes in, what is run, and what comes out in
//! both profiles. `SEAWAY_UPDATE=1` writes the expectations anew; read the difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod command;
mod hostile;
mod renderer;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use case::Case;

/// How many rules the format has: `H-1` to `H-65`, `D-1` to `D-20`.
const RULES: [(&str, usize); 2] = [("H", 65), ("D", 20)];

fn cases() -> Vec<(PathBuf, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hld");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let case = Case::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        (path, case)
    };
    paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt")).map(read).collect()
}

#[test]
fn every_case_gives_what_it_says() {
    let update = std::env::var_os("SEAWAY_UPDATE").is_some();
    let mut wrong = Vec::new();
    for (path, case) in cases().into_iter().filter(|(_, case)| !case.is_of_cli) {
        let found = case.outcome();
        if update {
            fs::write(&path, format!("{}{found}", case.given)).unwrap();
        } else if found != case.expected {
            let expected = &case.expected;
            wrong.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_is_without_a_case() {
    let covered: BTreeSet<String> = cases().into_iter().flat_map(|(_, case)| case.rules).collect();
    let all: BTreeSet<String> =
        RULES.iter().flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}-{number}"))).collect();
    let missing: Vec<&String> = all.difference(&covered).collect();
    let unknown: Vec<&String> = covered.difference(&all).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "without a case: {missing:?}; unknown: {unknown:?}");
}
