//! The commands of cases.

use std::{collections::BTreeSet, fmt::Write as _};

use seaway_core::diagnostic::Diagnostic;
use seaway_render::{
    Tree,
    hld::{
        Part, Profile, Request, Settings,
        edit::{self, Assignments, Edited, NewEntry},
        explain, find, generate, reach, settings, wanted,
    },
};

use crate::{case::Case, renderer::Names};

/// Runs all commands of a case on one tree.
pub fn run(case: &Case, profile: Profile) -> String {
    let mut files = case.files.clone();
    let mut out = String::new();
    for run in &case.runs {
        let tree = Tree::of("", files.iter().map(|(path, text)| (path.clone(), text.as_bytes()))).unwrap();
        let words: Vec<&str> = run.iter().map(String::as_str).collect();
        let settings = match settings(&tree, &case.folder) {
            Ok(settings) => Settings { profile, ..settings },
            Err(findings) => {
                out += &shown(&findings);
                continue;
            }
        };
        match (words[0], &words[1..]) {
            ("generate", environments) => out += &generated(case, &tree, &settings, environments),
            ("wanted", sets) => out += &wants(case, &tree, &settings, sets),
            ("explain", rest) => out += &explained(case, &tree, &settings, rest),
            ("find", [word]) => writeln!(out, "{}", find(&tree, word).join(" ")).unwrap(),
            (_, rest) => match edit(&tree, profile, words[0], rest, &files) {
                Ok(edited) => {
                    let text = String::from_utf8(edited.bytes).unwrap();
                    let new = if edited.is_new { " (new)" } else { "" };
                    writeln!(out, "-- {}{new} --\n{}", edited.path, text.replace('\r', "")).unwrap();
                    out.truncate(out.trim_end().len());
                    out.push('\n');
                    out += &shown(&edited.remarks);
                    files.insert(edited.path, text);
                }
                Err(findings) => out += &shown(&findings),
            },
        }
    }
    out
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn generated(case: &Case, tree: &Tree, settings: &Settings, environments: &[&str]) -> String {
    let environments = texts(environments);
    let (folder, lock) = (case.folder.as_str(), &case.lock);
    let request = Request { tree, folder, settings, environments: &environments, lock, store: &case.store };
    let made = generate(&request, &Names);
    assert_eq!(generate(&request, &Names), made, "the same input gives the same output");
    let reached = reached(case, tree, settings);
    let of_reached = generate(&Request { tree: &reached, ..request }, &Names);
    let names: Vec<&str> = reached.files().map(|(path, _)| path).collect();
    assert_eq!(of_reached, made, "nothing else is looked at than {names:?}\n{}", case.given);
    let made = match made {
        Ok(made) => made,
        Err(findings) => return shown(&findings),
    };
    let mut out = String::new();
    for (path, bytes) in &made.files {
        let text = String::from_utf8_lossy(bytes);
        writeln!(out, "-- {}/{path} ({} bytes) --\n{text}", made.folder, bytes.len()).unwrap();
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    if made.files.is_empty() {
        writeln!(out, "no files in {}", made.folder).unwrap();
    }
    for hook in &made.hooks {
        writeln!(out, "{hook:?}").unwrap();
    }
    out + &shown(&made.remarks)
}

/// The tree with nothing but what the definitions look at, read part by part as from a disk.
fn reached(case: &Case, tree: &Tree, settings: &Settings) -> Tree {
    let at = |name: &str| if case.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", case.folder) };
    let mut parts: BTreeSet<Part> = [Part::Component(case.folder.clone())].into();
    loop {
        let mut read = Tree::new("");
        for (path, bytes) in tree.files() {
            let is_below = |folder: &str| {
                folder.is_empty()
                    || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let is_asked = |part: &Part| match part {
                Part::Everything(folder) => is_below(folder),
                Part::Component(folder) => {
                    let name = path.strip_prefix(folder.as_str()).unwrap_or("x/x").trim_start_matches('/');
                    ["component.yaml", "component.json", "access.yaml"].contains(&name) || name.starts_with("config/")
                }
            };
            if path == at("hld.yaml") || parts.iter().any(is_asked) {
                read.insert(path, bytes).unwrap();
            }
        }
        let found = reach(&read, &case.folder, settings, &case.lock, &case.store).unwrap();
        let before = parts.len();
        parts.extend(found);
        if parts.len() == before {
            return read;
        }
    }
}

fn wants(case: &Case, tree: &Tree, settings: &Settings, sets: &[&str]) -> String {
    let sets: Vec<Vec<String>> = sets.iter().map(|set| texts(&set.split(',').collect::<Vec<_>>())).collect();
    let sets = if sets.is_empty() { vec![Vec::new()] } else { sets };
    match wanted(tree, &case.folder, settings, &sets, &case.lock, &case.store) {
        Err(findings) => shown(&findings),
        Ok(wanted) if wanted.is_empty() => "nothing\n".to_owned(),
        Ok(wanted) => wanted
            .iter()
            .map(|one| {
                let token = one.token_variable.as_ref().map(|name| format!(" token in {name}")).unwrap_or_default();
                let asked = one.asked_variable.as_ref().map(|name| format!(" asks for {name}")).unwrap_or_default();
                let token = token + &asked;
                let here = if one.is_here { " (here)" } else { "" };
                format!("{}: {}{token}{here}\n", one.component, one.source)
            })
            .collect(),
    }
}

fn explained(case: &Case, tree: &Tree, settings: &Settings, words: &[&str]) -> String {
    let [component, key, environments @ ..] = words else { panic!("explain COMPONENT KEY ENVIRONMENT…") };
    let environments = texts(environments);
    let (folder, lock) = (case.folder.as_str(), &case.lock);
    let request = Request { tree, folder, settings, environments: &environments, lock, store: &case.store };
    let explained = match explain(&request, component, key) {
        Ok(explained) => explained,
        Err(findings) => return shown(&findings),
    };
    let mut out = String::new();
    for value in &explained.values {
        writeln!(out, "{} = {} ({})", value.path, value.value, value.place).unwrap();
        for (shown, place) in &value.beaten {
            writeln!(out, "  beats {shown} ({place})").unwrap();
        }
    }
    out
}

fn edit(
    tree: &Tree,
    profile: Profile,
    verb: &str,
    words: &[&str],
    files: &std::collections::BTreeMap<String, String>,
) -> Result<Edited, Vec<Diagnostic>> {
    let option = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1]).unwrap_or_default();
    let mut plain = Vec::new();
    let mut skip = false;
    for word in words {
        match (skip, word.starts_with("--")) {
            (true, _) => skip = false,
            (false, true) => skip = !["--string", "--no-new-config-keys"].contains(word),
            (false, false) => plain.push((*word).to_owned()),
        }
    }
    match verb {
        "set" => {
            let file = option("--file");
            let assignments = Assignments {
                environment: option("--environment"),
                subcomponent: option("--subcomponent"),
                file: (!file.is_empty()).then(|| (file, files[file].as_str())),
                arguments: &plain,
                only_known: words.contains(&"--no-new-config-keys"),
                as_text: words.contains(&"--string"),
            };
            edit::set(tree, "", profile, &assignments)
        }
        "add" => {
            let entry = NewEntry {
                name: plain.first().map(String::as_str).unwrap_or_default(),
                source: option("--source"),
                kind: option("--type"),
                method: option("--method"),
                path: option("--path"),
                branch: option("--branch"),
                version: option("--version"),
            };
            edit::add(tree, "", "folder", profile, &entry)
        }
        "remove" => edit::remove(tree, "", profile, &plain),
        other => panic!("unknown command `{other}`"),
    }
}

/// Findings, one a line.
pub fn shown(findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = finding.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let help = finding.help.as_ref().map(|help| format!(" [{help}]")).unwrap_or_default();
        let severity = format!("{:?}", finding.severity).to_lowercase();
        writeln!(out, "{severity} {} {place}{}{help}", finding.code, finding.message).unwrap();
    }
    out
}
