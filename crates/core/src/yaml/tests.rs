#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnostic::codes;

fn one(text: &str) -> Node {
    let mut findings = Vec::new();
    let mut nodes = read("a.yaml", text, &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(nodes.len(), 1);
    nodes.remove(0)
}

#[test]
fn a_deep_stack_is_used_again_as_long_as_little_of_it_is_in_use() {
    let id = || std::thread::current().id();
    fn deeper<T>(levels: usize, work: &dyn Fn() -> T) -> T {
        let used = std::hint::black_box([0_u8; 64 * 1024]);
        if levels == 0 { work() } else { deeper(levels - usize::from(used[levels] == 0), work) }
    }
    let (outer, inner, far) = on_deep_stack(|| {
        let far = deeper(32, &|| on_deep_stack(id).unwrap());
        (id(), on_deep_stack(id).unwrap(), far)
    })
    .unwrap();
    assert_ne!(outer, id());
    assert_eq!(outer, inner);
    assert_ne!(outer, far);
}

fn faults(text: &str) -> Vec<(&'static str, u32, u32, usize)> {
    let mut findings = Vec::new();
    read("a.yaml", text, &mut findings);
    let place = |d: &crate::diagnostic::Diagnostic| d.place.clone().map(|p| (d.code, p.line, p.column, p.offset));
    findings.iter().filter_map(place).collect()
}

#[test]
fn scalars_by_the_rules_of_kubernetes() {
    let text =
        "a: yes\nb: \"yes\"\nc: 017\nd: 0x1F\ne: 3.0\nf: 1.5\ng: ~\nh: 2020-01-01\ni: 1:30\nj: 1e3\nk: -0\nl: off";
    let expected = json!({
        "a": true, "b": "yes", "c": 15, "d": 31, "e": 3, "f": 1.5, "g": null, "h": "2020-01-01", "i": "1:30",
        "j": 1000, "k": 0, "l": false,
    });
    assert_eq!(one(text).to_json(), expected);
    assert_eq!(one("{1: a, yes: b, 1.5: c}").to_json(), json!({"1": "a", "true": "b", "1.5": "c"}));
    assert_eq!(one("base: &b {x: 1, z: 2}\nc: {<<: *b, z: 3}").to_json()["c"], json!({"x": 1, "z": 3}));
}

#[test]
fn places() {
    let node = one("# head\n---\nä: {b: \"ß\", c: [1]}\nd: |\n  text\n");
    let b = node.get("ä").and_then(|n| n.entry("b")).expect("is there");
    assert_eq!(b.key.span, Span { line: 3, column: 5, offset: 16, len: 1 });
    assert_eq!(b.value.span, Span { line: 3, column: 8, offset: 19, len: 4 });
    assert!(b.value.is_quoted);
    let d = node.get("d").expect("is there");
    assert_eq!((d.span.line, d.span.column, d.span.len, d.is_quoted), (5, 3, 4, false));
    assert_eq!(one("\u{feff}a: 1").entry("a").expect("is there").key.span.offset, 3);
}

#[test]
fn a_fault_costs_only_its_own_document() {
    let text = "a: 1\n---\nb: [1\n---\nc: 3\n...\n# nothing\n---\n--- d\n";
    let mut findings = Vec::new();
    let nodes: Vec<_> = read("a.yaml", text, &mut findings).iter().map(Node::to_json).collect();
    assert_eq!(nodes, [json!({"a": 1}), json!({"c": 3}), json!("d")]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, codes::SYNTAX);
}

#[test]
fn duplicate_keys_name_both_places() {
    assert_eq!(
        faults("x: 1\n---\na: 1\nb: {c: 1, c: 2}\na: 3\n"),
        [(codes::DUPLICATE_KEY, 4, 11, 24), (codes::DUPLICATE_KEY, 5, 1, 30)]
    );
    assert_eq!(
        faults("a: {1: a, 2: b, 1: c}\nb: 1\n3: [{x: 1, x: 2}]\nb: 2\n"),
        [(codes::DUPLICATE_KEY, 1, 17, 16), (codes::DUPLICATE_KEY, 3, 12, 38), (codes::DUPLICATE_KEY, 4, 1, 45)]
    );
    assert_eq!(faults("yes: a\n\"true\": b\n"), [(codes::DUPLICATE_KEY, 2, 1, 7)]);
    assert_eq!(faults("a: &a {b: 1, b: 2}\nc: *a\n").len(), 1);
}

#[test]
fn faults_have_places() {
    for (text, code, line, column) in [
        ("a: b: c\n", codes::SYNTAX, 1, 5),
        ("ä: [1, 2\nb: 3\n", codes::SYNTAX, 2, 2),
        ("a: *nope\n", codes::SYNTAX, 1, 4),
        ("a: &a [*a]\n", codes::SYNTAX, 1, 8),
        ("a: !foo x\n", codes::SYNTAX, 1, 9),
        ("a: .inf\n", codes::SYNTAX, 1, 4),
        ("? [a]\n: b\n", codes::SYNTAX, 1, 3),
        ("~: b\n", codes::SYNTAX, 1, 1),
    ] {
        let found = faults(text);
        assert_eq!(found.iter().map(|f| (f.0, f.1, f.2)).collect::<Vec<_>>(), [(code, line, column)], "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c:\\-\\[\\]{}&*!|>'\"#%, \n\t0-9~.ä]{0,60}") {
        let mut findings = Vec::new();
        for node in read("a.yaml", &text, &mut findings) {
            prop_assert!(node.span.offset + node.span.len <= text.len());
        }
        for place in findings.iter().filter_map(|d| d.place.as_ref()) {
            prop_assert!(text.get(place.offset..place.offset + place.len).is_some(), "{place}");
        }
    }

    #[test]
    fn json_is_read_as_json(value in json_value()) {
        let text = serde_json::to_string_pretty(&value).expect("is JSON");
        prop_assert_eq!(one(&text).to_json(), value);
    }

    #[test]
    fn documents_are_the_whole_text(parts in prop::collection::vec("[a-z#]{0,4}|---|\\.\\.\\.", 0..12)) {
        let text = parts.join("\n");
        for document in documents(&text) {
            prop_assert_eq!(&text[document.offset..document.offset + document.text.len()], document.text);
            let lines = text[..document.offset].matches('\n').count();
            prop_assert_eq!(lines, document.lines_before as usize);
        }
    }
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|b| json!({"b": b})),
        any::<i64>().prop_map(|n| json!([n])),
        "[ -~äß\n]{0,20}".prop_map(|s| json!({"s": s})),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(serde_json::Value::Array),
            prop::collection::btree_map("[a-w]{1,6}z", inner, 1..4).prop_map(|m| json!(m)),
        ]
    })
}

#[test]
fn lenient_reading_takes_the_last_of_equal_keys_and_passes_over_tags() {
    let mut findings = Vec::new();
    let text = "a: 1\nb: !replace\n- x\na: 2\n1: x\n1: z\n";
    let read = super::read_lenient(1000, "f", text, &mut findings);
    assert_eq!(read[0].to_json(), serde_json::json!({"a": 2, "b": ["x"], "1": "z"}));
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(!crate::diagnostic::has_errors(&findings), "{findings:?}");
    let mut findings = Vec::new();
    let _ = super::read_up_to(1000, "f", text, &mut findings);
    assert!(crate::diagnostic::has_errors(&findings));
}
