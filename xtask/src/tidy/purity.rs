//! Crates that only compute: no clock, no network, no files, no randomness, no async.
//!
//! Two checks, because either alone can be got around: what the crates depend on, and what their code names.

use super::{Finding, graph::Graph, source::Source};

/// Crates that only compute, with the folders of their code.
const PURE: [(&str, &str); 3] =
    [("seaway-core", "crates/core/src/"), ("seaway-render", "crates/render/src/"), ("seaway-sim", "crates/sim/src/")];

/// Crates that reach the outside.
const REFUSED_CRATES: [&str; 14] = [
    "async-std",
    "hyper",
    "kube",
    "kube-client",
    "mio",
    "rand",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "tokio",
    "ureq",
];

/// Uses of such a crate for its traits alone: whoever wants a number passes the generator.
const TRAITS_ALONE: [(&str, &str); 1] = [("num-bigint-dig", "rand")];

/// Paths that reach the outside. `a::b` is found as written, and inside `use a::{b, …}`.
const REFUSED_PATHS: [&str; 16] = [
    "std::fs",
    "std::process",
    "std::net",
    "std::env",
    "std::os",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "rand",
    "RandomState",
    "tokio",
    "thread::sleep",
];

pub(crate) fn check_dependencies(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, _) in PURE {
        let reached = graph.reached_from(name, &TRAITS_ALONE);
        let refused = reached.iter().filter(|c| REFUSED_CRATES.contains(&c.name.as_str()));
        findings.extend(
            refused.map(|c| {
                Finding::new(name, format!("reaches `{}` through its dependencies; it only computes", c.name))
            }),
        );
    }
    findings
}

pub(crate) fn check_sources(sources: &[Source]) -> Vec<Finding> {
    let pure = sources.iter().filter(|source| PURE.iter().any(|(_, folder)| source.path.starts_with(folder)));
    pure.flat_map(check_source).collect()
}

fn check_source(source: &Source) -> Vec<Finding> {
    let words = words(&source.code());
    let mut findings: Vec<Finding> = paths(&words)
        .into_iter()
        .filter_map(|(line, path)| {
            let refused = REFUSED_PATHS.iter().find(|refused| names(&path, refused))?;
            Some(Finding::new(
                format!("{}:{line}", source.path),
                format!("names `{refused}`; this crate only computes: let the caller pass what it needs"),
            ))
        })
        .collect();
    findings.dedup();
    findings
}

/// Whether a path holds another one as consecutive parts.
fn names(path: &[String], refused: &str) -> bool {
    let refused: Vec<&str> = refused.split("::").collect();
    path.windows(refused.len()).any(|window| window == refused.as_slice())
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    line: usize,
    text: String,
}

/// Identifiers, `::`, and single other characters.
fn words(code: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let length = if is_part(first) {
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (word, after) = rest.split_at(length);
            words.push(Word { line: number + 1, text: word.to_owned() });
            rest = after.trim_start();
        }
    }
    words
}

/// All paths of the code with their lines; groups as in `a::{b, c::d}` are written out.
fn paths(words: &[Word]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if is_name(&words[at]) {
            at = path_from(words, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path that starts at a name, notes it, and returns the place after it.
fn path_from(words: &[Word], start: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = start;
    loop {
        path.push(words[at].text.clone());
        let is_followed = words.get(at + 1).is_some_and(|word| word.text == "::");
        match words.get(at + 2) {
            Some(next) if is_followed && is_name(next) => at += 2,
            Some(next) if is_followed && next.text == "{" => return group_from(words, at + 3, &path, found),
            _ => break,
        }
    }
    found.push((words[start].line, path));
    at + 1
}

/// Reads the paths of a group up to its closing brace, and returns the place after that.
fn group_from(words: &[Word], start: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
    let mut at = start;
    while let Some(word) = words.get(at) {
        if word.text == "}" {
            return at + 1;
        }
        at = if is_name(word) { path_from(words, at, prefix, found) } else { at + 1 };
    }
    at
}

fn is_name(word: &Word) -> bool {
    word.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::graph::Use;

    fn found(text: &str) -> Vec<String> {
        check_sources(&[Source::sample("crates/core/src/a.rs", text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_clock_in_a_dependency_of_a_dependency_is_found() {
        let graph = Graph::sample(
            &["seaway-core", "seaway-store"],
            &[
                ("seaway-core", "schemas", Use::Normal),
                ("schemas", "tokio", Use::Normal),
                ("seaway-core", "proptest", Use::Dev),
                ("proptest", "rand", Use::Normal),
                ("seaway-core", "num-bigint-dig", Use::Normal),
                ("num-bigint-dig", "rand", Use::Normal),
                ("seaway-store", "sqlx", Use::Normal),
            ],
        );
        let all: Vec<String> = check_dependencies(&graph).iter().map(ToString::to_string).collect();
        assert_eq!(all, ["seaway-core: reaches `tokio` through its dependencies; it only computes"]);
    }

    #[test]
    fn each_way_to_name_the_outside_is_found() {
        for text in [
            "use std::fs;",
            "use std::{collections::BTreeMap, fs::File};",
            "use std::{\n  io::{self, Read},\n  time::{Duration, SystemTime},\n};",
            "fn f() { let x = std::env::var(\"A\"); }",
            "fn f() { Instant::now() }",
            "fn f() { jiff::Timestamp::now() }",
            "fn f() { rand::random() }",
            "fn f() { ::std::process::exit(1) }",
            "use std::net::{IpAddr};",
        ] {
            assert_eq!(found(text).len(), 1, "{text}: {:?}", found(text));
        }
        let all = found("\n\nuse std::{\n    fmt,\n    fs,\n};");
        assert_eq!(
            all,
            ["crates/core/src/a.rs:5: names `std::fs`; this crate only computes: let the caller pass what it needs"]
        );
    }

    #[test]
    fn what_only_looks_like_it_is_not_found() {
        for text in [
            "/// Never calls std::fs.\nfn f() {}",
            "const A: &str = \"std::env\";",
            "use std::{fmt, time::Duration}; fn fs() {}",
            "fn f(instant: Instant) { operand::x(); env!(\"X\") }",
            "#[cfg(test)]\nmod tests { use std::fs; }",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
        let elsewhere = Source::sample("crates/store/src/a.rs", "use std::fs;");
        assert!(check_sources(&[elsewhere]).is_empty());
    }
}
