use std::collections::BTreeMap;

use proptest::prelude::*;
use seaway_core::{
    declaration::{Service, SourceFile, load},
    diagnostic::{Diagnostic, codes},
    yaml,
};
use serde_json::{Value, json};

use super::*;

const CONFIG: &str = "{text: {type: string, default: a}, count: {type: integer, default: 1}, flag: {type: boolean, default: \
                      true}, map: {type: object, default: {}}, list: {type: array, default: []}}";

fn service() -> Service {
    let text = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{source: {{manifests: {{path: m}}}}, \
         namespace: web, config: {{schema: {CONFIG}}}}}"
    );
    let (workspace, findings) = load(&[SourceFile { path: "seaway.yaml".into(), text }]);
    assert!(findings.is_empty(), "{findings:?}");
    workspace.services.into_values().next().unwrap()
}

fn values() -> Values {
    [
        (Placeholder::Config("text".into()), json!("a: \"b\"\n# c")),
        (Placeholder::Config("count".into()), json!(3)),
        (Placeholder::Config("flag".into()), json!(true)),
        (Placeholder::Config("map".into()), json!({"x": [1, null]})),
        (Placeholder::Config("list".into()), json!(["y"])),
        (Placeholder::ClusterName, json!("c1")),
        (Placeholder::ClusterLabel("topology.kubernetes.io/zone".into()), json!("z1")),
    ]
    .into()
}

fn compiled(file: &str, text: &str) -> (Template, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let nodes = yaml::read(file, text, &mut findings);
    assert!(findings.is_empty(), "{findings:?}");
    let service = service();
    let mut compiler = Compiler::new(&service, file, text, false);
    let template = compiler.compile(&nodes[0]);
    (template, compiler.findings)
}

fn substituted(text: &str) -> Value {
    let (template, findings) = compiled("a.yaml", text);
    assert!(findings.is_empty(), "{findings:?}");
    template.substitute(&values())
}

#[test]
fn a_plain_whole_scalar_keeps_the_type_and_the_rest_is_text() {
    let text = "a: ${config.count}\nb: \"${config.count}\"\nc: x-${config.count}-${cluster.name}\nd: ${config.flag}\ne: ${config.map}\n\
                f: [${cluster.name}, '${config.list}x']\n";
    let text = text.replace(", '${config.list}x'", "");
    let text = text.replace("[${cluster.name}]", "\n- ${config.list}\n- ${cluster.labels.topology.kubernetes.io/zone}");
    let expected = json!({
        "a": 3, "b": "3", "c": "x-3-c1", "d": true, "e": {"x": [1, null]}, "f": [["y"], "z1"],
    });
    assert_eq!(substituted(&text), expected);
    let (json, findings) = compiled("a.json", r#"{"a": "${config.count}", "b": "n=${config.count}"}"#);
    assert!(findings.is_empty());
    assert_eq!(json.substitute(&values()), json!({"a": 3, "b": "n=3"}));
}

#[test]
fn text_is_never_read_again() {
    assert_eq!(
        substituted("a: '${config.text}'\nb: ${config.text}"),
        json!({"a": "a: \"b\"\n# c", "b": "a: \"b\"\n# c"})
    );
    let block = "a: |\n  one ${config.count}\n  two ${cluster.name}\n";
    assert_eq!(substituted(block), json!({"a": "one 3\ntwo c1\n"}));
}

#[test]
fn escapes() {
    for (text, expected) in [
        ("$${HOME}", "${HOME}"),
        ("a$${b}${cluster.name}", "a${b}c1"),
        ("$(VAR) $1 $ $$ {x}", "$(VAR) $1 $ $$ {x}"),
        ("${cluster.name}$${cluster.name}", "c1${cluster.name}"),
        ("$$${x}", "$${x}"),
    ] {
        assert_eq!(substituted(&format!("a: \"{text}\"")), json!({"a": expected}), "{text}");
    }
}

#[test]
fn faulty_placeholders_are_named_with_their_place() {
    let text = "a: x ${config.txt} y\nb: |\n  ok\n    ${HOME}\nc: ${open\nd: ${config.none-at-all}\ne: '${config.map}'\n\
                f: x${config.list}\ng: ${ config.count }\n${cluster.name}: 1\nh: ${}\n";
    let (_, findings) = compiled("a.yaml", text);
    let found: Vec<_> = findings
        .iter()
        .map(|d| {
            let place = d.place.as_ref().unwrap();
            (d.code, place.line, place.column, &text[place.offset..place.offset + place.len])
        })
        .collect();
    assert_eq!(
        found,
        [
            (codes::UNKNOWN_PLACEHOLDER, 1, 6, "${config.txt}"),
            (codes::UNKNOWN_PLACEHOLDER, 4, 5, "${HOME}"),
            (codes::BAD_PLACEHOLDER, 5, 4, "${open"),
            (codes::UNKNOWN_PLACEHOLDER, 6, 4, "${config.none-at-all}"),
            (codes::PLACEHOLDER_IN_TEXT, 7, 5, "${config.map}"),
            (codes::PLACEHOLDER_IN_TEXT, 8, 5, "${config.list}"),
            (codes::UNKNOWN_PLACEHOLDER, 9, 4, "${ config.count }"),
            (codes::BAD_PLACEHOLDER, 10, 1, "${cluster.name}"),
            (codes::UNKNOWN_PLACEHOLDER, 11, 4, "${}"),
        ]
    );
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `${config.text}`?"));
    assert_eq!(findings[1].help.as_deref(), Some("write `$${HOME}` when it is not for Seaway"));
}

/// A tree of JSON in which some scalars hold placeholders, and what must come out.
fn tree() -> impl Strategy<Value = (Value, Value)> {
    let same = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        "[ -~äß\n]{0,12}".prop_filter("no placeholder", |s| !s.contains("${")).prop_map(|s| json!(s)),
    ]
    .prop_map(|value| (value.clone(), value));
    let text = ("[a-z :#'\"]{0,4}", "[a-z {}]{0,4}")
        .prop_map(|(a, b)| (json!(format!("{a}${{cluster.name}}{b}${{config.count}}")), json!(format!("{a}c1{b}3"))));
    let whole = Just((json!("${config.map}"), json!({"x": [1, null]})));
    let leaf = prop_oneof![6 => same, 2 => text, 1 => whole];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| {
                let (before, after): (Vec<Value>, Vec<Value>) = items.into_iter().unzip();
                (json!(before), json!(after))
            }),
            prop::collection::btree_map("[a-w]{0,6}z", inner, 0..5).prop_map(|entries| {
                let before: BTreeMap<_, _> = entries.iter().map(|(k, (b, _))| (k.clone(), b.clone())).collect();
                let after: BTreeMap<_, _> = entries.into_iter().map(|(k, (_, a))| (k, a)).collect();
                (json!(before), json!(after))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn substitution_changes_placeholders_and_nothing_else((before, after) in tree()) {
        let before = json!({"root": before});
        let (template, findings) = compiled("a.json", &before.to_string());
        prop_assert!(findings.is_empty(), "{:?}", findings);
        prop_assert_eq!(template.substitute(&values()), json!({"root": after}));
    }

    #[test]
    fn any_scalar_compiles_or_is_refused(text in "[${}a-c.]{0,24}") {
        let node = json!({"root": text}).to_string();
        let (template, findings) = compiled("a.json", &node);
        let out = template.substitute(&values());
        if findings.is_empty() && !text.contains("${") {
            prop_assert_eq!(out, json!({"root": text}));
        }
    }
}
