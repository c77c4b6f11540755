//! Hostile input ends in a clear error, within bounds that are counted, not timed.

use std::sync::Arc;

use seaway_core::{
    diagnostic::{Diagnostic, codes},
    digest::Digest,
};
use seaway_render::{
    Tree,
    hld::{Generated, Lock, Locked, Profile, Request, Settings, Source, generate},
};

use crate::renderer::Names;

fn render(files: &[(&str, &str)]) -> Result<Generated, Vec<Diagnostic>> {
    let tree = Tree::of("", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap();
    let settings = Settings { profile: Profile::Compat, ..Settings::default() };
    let lock = Lock::default();
    let request = Request { tree: &tree, folder: "", settings: &settings, environments: &[], lock: &lock, store: &() };
    generate(&request, &Names)
}

fn refused(files: &[(&str, &str)], code: &str) -> String {
    let findings = render(files).map(|made| made.files.len()).unwrap_err();
    let found = findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code}: {findings:#?}")).message.clone()
}

#[test]
fn no_path_field_leads_out() {
    let inner = ("a/component.yaml", "name: a\n");
    for path in ["../../etc", "/etc/passwd", "a/../../b", "c:/x", "a\\\\..\\\\b", "..", "a/\\u0000"] {
        for entry in [
            format!("{{name: x, source: \"{path}\"}}"),
            format!("{{name: x, source: ./a, path: \"../{path}\"}}"),
            format!("{{name: x, path: \"{path}\"}}"),
            format!("{{name: x, type: static, path: \"{path}\"}}"),
            format!("{{name: x, type: helm, path: \"{path}\"}}"),
            format!("{{name: x, type: helm, method: git, source: u, path: \"{path}\"}}"),
        ] {
            let root = format!("name: root\nsubcomponents: [{entry}]\n");
            let findings = render(&[("component.yaml", &root), inner]).unwrap_err();
            let is_escape = |finding: &Diagnostic| finding.code == codes::HLD_ESCAPE || finding.code == codes::SYNTAX;
            // What stays inside is missing instead.
            let is_known = |finding: &Diagnostic| {
                is_escape(finding)
                    || [codes::HLD_NO_COMPONENT, codes::HLD_STATIC, codes::HLD_CHART].contains(&finding.code)
            };
            assert!(findings.iter().any(is_known), "{entry}: {findings:?}");
            if (path.starts_with('/') && !entry.contains("..")) || path.starts_with("../..") {
                assert!(findings.iter().any(is_escape), "{entry}: {findings:?}");
            }
        }
    }
}

#[test]
fn names_cannot_place_files_elsewhere() {
    for name in ["../x", "..", ".", "a/b", "/etc/cron.d/x", "a\\\\b", "\\n"] {
        let root = format!("name: root\nsubcomponents: [{{name: \"{name}\", type: static, path: m}}]\n");
        refused(&[("component.yaml", &root), ("m/a", "")], codes::HLD_BAD_NAME);
        refused(&[("component.yaml", &format!("name: \"{name}\"\n"))], codes::HLD_BAD_NAME);
    }
}

#[test]
fn aliases_do_not_grow() {
    let mut bomb = "config:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("  a{level}: &a{level} [{aliases}]\n");
    }
    refused(&[("component.yaml", "name: root\n"), ("config/common.yaml", &bomb)], codes::TOO_COMPLEX);
    refused(&[("component.yaml", &format!("name: root\n{bomb}"))], codes::TOO_COMPLEX);
}

#[test]
fn a_file_that_is_read_often_costs_each_time() {
    // 400,000 values from a few bytes, taken by each of a thousand components.
    let mut big = "config:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..5 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        big += &format!("  a{level}: &a{level} [{aliases}]\n");
    }
    let entries: String = (0..1000).map(|n| format!("- {{name: c{n}, source: ./x}}\n")).collect();
    let root = format!("name: root\nsubcomponents:\n{entries}");
    let files = [("component.yaml", root.as_str()), ("x/component.yaml", "name: x\n"), ("x/config/common.yaml", &big)];
    let message = refused(&files, codes::HLD_TOO_LARGE);
    assert!(message.contains("more work than"), "{message}");
}

#[test]
fn a_folder_that_is_taken_often_is_bounded() {
    let entries: String = (0..4000).map(|n| format!("- {{name: c{n}, type: static, path: m}}\n")).collect();
    let root = format!("name: root\nsubcomponents:\n{entries}");
    let big = "x".repeat(1_000_000);
    refused(&[("component.yaml", &root), ("m/a.yaml", &big)], codes::HLD_TOO_LARGE);
}

#[test]
fn deep_values_end() {
    for text in ["[".repeat(10_000), "a: ".repeat(10_000), "{a: ".repeat(10_000)] {
        let findings = render(&[("component.yaml", "name: root\n"), ("config/common.yaml", &text)]).unwrap_err();
        assert!(findings.iter().all(|finding| finding.code.starts_with("SW00")), "{findings:?}");
    }
}

#[test]
fn components_that_nest_without_end() {
    // A fetched component that names itself: each level is a place of its own.
    let component = "name: again\nsubcomponents:\n- {name: again, method: git, source: 'https://git.example/again'}\n\
                     - {name: twin, method: git, source: 'https://git.example/again'}\n";
    let fetched = Tree::of("again", [("component.yaml".to_owned(), component.as_bytes())]).unwrap();
    let source = Source::Git {
        url: "https://git.example/again".to_owned(),
        branch: String::new(),
        version: String::new(),
        path: String::new(),
    };
    let mut lock = Lock::default();
    let locked = Locked { resolved: "0".repeat(40), digest: fetched.digest() };
    lock.insert(source, locked);
    let store = std::collections::BTreeMap::<Digest, _>::from([(fetched.digest(), Arc::new(fetched.clone()))]);
    let settings = Settings::default();
    let request =
        Request { tree: &fetched, folder: "", settings: &settings, environments: &[], lock: &lock, store: &store };
    let findings = generate(&request, &Names).map(|made| made.files.len()).unwrap_err();
    assert!(findings.iter().any(|finding| finding.code == codes::HLD_TOO_LARGE), "{findings:?}");
}

#[test]
fn everything_at_once_is_still_an_answer() {
    for text in [
        "",
        "\u{feff}",
        "- a\n",
        "name: {a: b}\n",
        "subcomponents: {a: b}\n",
        "subcomponents: [[]]\n",
        "name: \"\\ud800\"\n",
    ] {
        assert!(render(&[("component.yaml", text)]).is_err(), "{text:?}");
    }
    let many = vec!["e".to_owned(); 80];
    let tree = Tree::of("", [("component.yaml".to_owned(), b"name: root\n".as_slice())]).unwrap();
    let (settings, lock) = (Settings::default(), Lock::default());
    let request =
        Request { tree: &tree, folder: "", settings: &settings, environments: &many, lock: &lock, store: &() };
    assert_eq!(generate(&request, &Names).unwrap_err()[0].code, codes::HLD_TOO_LARGE);
}
