//! The loader against `tests/declarations`: good files give no finding, each folder under `bad` gives exactly
//! the findings of its `expected.txt`. `SEAWAY_UPDATE=1` writes the expectations anew; read the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use seaway_core::{
    declaration::{CLUSTERS_MAX, FINDINGS_MAX, Kind, SourceFile, load, reference, schema},
    diagnostic::{Diagnostic, codes, render_plain},
    yaml,
};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/declarations")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn files(folder: &Path, root: &Path, out: &mut Vec<SourceFile>) {
    for path in sorted(folder) {
        if path.is_dir() {
            files(&path, root, out);
        } else if path.extension().is_some_and(|ext| ext == "yaml") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            out.push(SourceFile { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn rendered(findings: &[Diagnostic], files: &[SourceFile]) -> String {
    let source = |d: &Diagnostic| {
        let place = d.place.as_ref()?;
        files.iter().find(|file| file.path == place.file).map(|file| file.text.as_str())
    };
    findings.iter().map(|d| render_plain(d, source(d))).collect::<Vec<_>>().join("\n")
}

#[test]
fn good_files_give_no_finding() {
    let mut count = 0;
    for path in sorted(&data().join("good")) {
        let files = [SourceFile { path: "seaway.yaml".into(), text: fs::read_to_string(&path).unwrap() }];
        let (workspace, findings) = load(&files);
        assert!(findings.is_empty(), "{}:\n{}", path.display(), rendered(&findings, &files));
        assert!(!workspace.environments.is_empty() || !workspace.services.is_empty(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 5, "only {count} good files");
}

#[test]
fn bad_files_give_exactly_the_expected_findings() {
    let update = std::env::var_os("SEAWAY_UPDATE").is_some();
    let (mut cases, mut wrong) = (0, Vec::new());
    for folder in sorted(&data().join("bad")) {
        assert!(folder.is_dir(), "{} is a forgotten file: cases are folders", folder.display());
        let mut sources = Vec::new();
        files(&folder, &folder, &mut sources);
        assert!(!sources.is_empty(), "{} has no YAML file", folder.display());
        let (_, findings) = load(&sources);
        assert!(!findings.is_empty(), "{} gives no finding", folder.display());
        places_are_right(&findings, &sources);
        let found = rendered(&findings, &sources);
        let expected = folder.join("expected.txt");
        if update {
            fs::write(&expected, &found).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\n--- expected\n{expected}\n--- found\n{found}", folder.display()));
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 45, "only {cases} cases");
}

/// Line and column say the same as the byte offset.
fn places_are_right(findings: &[Diagnostic], sources: &[SourceFile]) {
    for place in findings.iter().filter_map(|d| d.place.as_ref()).filter(|place| place.line > 0) {
        let text = &sources.iter().find(|file| file.path == place.file).unwrap().text;
        let before = &text[..place.offset];
        assert!(text.is_char_boundary(place.offset + place.len), "{place}");
        assert_eq!(before.matches('\n').count() + 1, place.line as usize, "line of {place}");
        let line = before.rsplit('\n').next().unwrap().trim_start_matches('\u{feff}');
        assert_eq!(line.chars().count() + 1, place.column as usize, "column of {place}");
    }
}

#[test]
fn schemas_accept_good_files_and_refuse_unknown_keys() {
    let validators = Kind::ALL.map(|kind| (kind, jsonschema::validator_for(&schema(kind)).unwrap()));
    let refusals = |text: &str, file: &str| {
        let mut findings = Vec::new();
        let documents = yaml::read(file, text, &mut findings);
        let mut refused = Vec::new();
        for document in documents {
            let document = document.to_json();
            let kind = document["kind"].as_str().and_then(Kind::named);
            let Some((_, validator)) = validators.iter().find(|(one, _)| Some(*one) == kind) else { continue };
            refused.extend(validator.iter_errors(&document).map(|error| error.to_string()));
        }
        refused
    };
    for path in sorted(&data().join("good")) {
        let refused = refusals(&fs::read_to_string(&path).unwrap(), "good");
        assert!(refused.is_empty(), "{}: {refused:?}", path.display());
    }
    let mut checked = 0;
    for folder in sorted(&data().join("bad")) {
        let mut sources = Vec::new();
        files(&folder, &folder, &mut sources);
        let (_, findings) = load(&sources);
        let named: BTreeSet<&str> = findings
            .iter()
            .filter(|d| d.code == codes::UNKNOWN_KEY)
            .filter_map(|d| Some(d.place.as_ref()?.file.as_str()))
            .collect();
        for source in sources.iter().filter(|source| named.contains(source.path.as_str())) {
            assert!(!refusals(&source.text, &source.path).is_empty(), "{} {}", folder.display(), source.path);
            checked += 1;
        }
    }
    assert!(checked >= 3, "only {checked} files with unknown keys");
}

#[test]
fn every_code_of_the_loader_has_a_case_and_every_code_a_page() {
    let docs = data().join("../../docs/errors");
    let pages: BTreeSet<String> = sorted(&docs)
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().trim_end_matches(".md").to_owned())
        .filter(|name| name != "README")
        .collect();
    let known: BTreeSet<String> = codes::ALL.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(pages, known, "docs/errors and the table of codes differ");
    assert_eq!(known.len(), codes::ALL.len(), "a code is used twice");
    for (code, title) in codes::ALL {
        let page = fs::read_to_string(docs.join(format!("{code}.md"))).unwrap();
        assert!(page.starts_with(&format!("# {code}: {title}\n")), "{code}.md has another title");
    }
    // Too large to be files in the repository; `limits` in this file makes them.
    let made = [
        codes::FILE_TOO_LARGE,
        codes::TOO_MANY_DOCUMENTS,
        codes::TOO_COMPLEX,
        codes::TOO_MANY_FINDINGS,
        codes::TOO_MANY_CLUSTERS,
    ];
    let mut seen = String::new();
    for folder in sorted(&data().join("bad")) {
        seen += &fs::read_to_string(folder.join("expected.txt")).unwrap();
    }
    for (code, title) in codes::ALL.iter().filter(|(code, _)| *code < "SW05" && !made.contains(code)) {
        assert!(seen.contains(code), "no case under tests/declarations/bad shows {code} ({title})");
    }
}

fn codes_of(text: String) -> Vec<&'static str> {
    let (_, findings) = load(&[SourceFile { path: "a.yaml".into(), text }]);
    let mut codes: Vec<&str> = findings.iter().map(|d| d.code).collect();
    codes.dedup();
    codes
}

#[test]
fn limits() {
    let large = format!("a: {}\n", "x".repeat(yaml::FILE_BYTES_MAX));
    assert_eq!(codes_of(large), [codes::FILE_TOO_LARGE]);

    let text = "--- {apiVersion: seaway.dev/v1, kind: X}\n".repeat(yaml::DOCUMENTS_MAX + 1);
    let (_, findings) = load(&[SourceFile { path: "a.yaml".into(), text }]);
    assert!(findings.iter().any(|d| d.code == codes::TOO_MANY_FINDINGS));
    assert_eq!(findings.len(), FINDINGS_MAX + 1);

    let many = "--- null\n".repeat(yaml::DOCUMENTS_MAX + 1);
    assert_eq!(codes_of(many), [codes::TOO_MANY_DOCUMENTS]);

    let deep = |levels: usize| format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(codes_of(deep(yaml::DEPTH_MAX)), [codes::TOO_COMPLEX]);
    assert_eq!(codes_of(deep(yaml::DEPTH_MAX - 1)), [codes::NOT_A_DECLARATION]);

    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    assert_eq!(codes_of(bomb), [codes::TOO_COMPLEX]);

    let mut fleet = "apiVersion: seaway.dev/v1\nkind: Environment\nmetadata: {name: big}\nspec:\n  \
                     stages: [{name: s}]\n  regions:\n  - name: r\n    stage: s\n    clusters:\n"
        .to_owned();
    for n in 0..CLUSTERS_MAX {
        fleet += &format!("    - {{name: c{n}, context: c{n}, labels: {{tier: standard}}, roles: [compute]}}\n");
    }
    assert_eq!(codes_of(fleet + "    - {name: one-more}\n"), [codes::TOO_MANY_CLUSTERS]);
}

#[test]
fn findings_do_not_depend_on_the_order_of_files() {
    for folder in sorted(&data().join("bad")) {
        let mut sources = Vec::new();
        files(&folder, &folder, &mut sources);
        let forward = load(&sources);
        sources.reverse();
        assert_eq!(load(&sources), forward, "{}", folder.display());
    }
}

#[test]
fn reference_pages() {
    keys_are_those_of_the_format();
    examples_are_valid();
}

fn keys_are_those_of_the_format() {
    const MARK: &str = "<!-- written by the tests: SEAWAY_UPDATE=1 -->\n";
    for kind in Kind::ALL {
        let path = data().join(format!("../../docs/reference/{}.md", kind.name().to_lowercase()));
        let page = fs::read_to_string(&path).unwrap();
        let (head, keys) = page.split_once(MARK).expect("the page has a mark");
        let expected = format!("\n{}\n", reference(kind).trim_end());
        if std::env::var_os("SEAWAY_UPDATE").is_some() {
            fs::write(&path, format!("{head}{MARK}{expected}")).unwrap();
        } else {
            assert_eq!(keys, expected, "{}", path.display());
        }
    }
}

/// Every YAML example of the reference pages loads without a finding.
fn examples_are_valid() {
    let mut count = 0;
    for name in ["environment", "service", "config"] {
        let page = data().join(format!("../../docs/reference/{name}.md"));
        let text = fs::read_to_string(&page).unwrap();
        for example in text.split("```yaml\napiVersion: seaway.dev/").skip(1) {
            let (example, _) = example.split_once("```").unwrap();
            let files = [SourceFile { path: "a.yaml".into(), text: format!("apiVersion: seaway.dev/{example}") }];
            let (_, findings) = load(&files);
            assert!(findings.is_empty(), "{}:\n{}", page.display(), rendered(&findings, &files));
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} examples");
}

#[test]
fn the_schema_of_plans_accepts_a_plan() {
    let plan = fs::read(data().join("../../fuzz/seeds/plan_reader/plan.json")).unwrap();
    seaway_core::plan::read("plan.json", &plan).unwrap();
    let validator = jsonschema::validator_for(&seaway_core::plan::schema()).unwrap();
    let mut plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
    let refused: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    plan["stages"][0]["surprise"] = true.into();
    assert!(!validator.is_valid(&plan));
}
