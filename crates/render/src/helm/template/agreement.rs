//! Snippets with the text that Helm 4.1.4 gives for them, or that it refuses them.

use std::sync::Arc;

use serde_json::json;

use super::{Program, Session, Settings, TemplateError};
use crate::helm::functions::Entropy;
use crate::helm::value::{Capabilities, Files, Map, MapKind, Str, Value, from_json, map_from_json};
use crate::yaml;

const VALUES: &str = include_str!("agreement/values.yaml");
const HELPERS: &str = include_str!("agreement/helpers.tpl");
const SNIPPETS: &str = include_str!("agreement/written-by-helm.json");

fn values() -> Value {
    let data = yaml::read(VALUES, yaml::Limits::default()).unwrap();
    map_from_json(MapKind::Values, data.as_object().unwrap()).into()
}

fn root() -> Value {
    let chart = json!({
        "APIVersion": "v2", "Annotations": {"x": "y"}, "AppVersion": "1.0", "Condition": "", "Dependencies": [],
        "Deprecated": false, "Description": "", "Home": "", "Icon": "", "IsRoot": true, "Keywords": ["k1"],
        "KubeVersion": "", "Maintainers": [{"Email": "e", "Name": "m", "URL": ""}], "Name": "c", "Sources": [],
        "Tags": "", "Type": "", "Version": "0.1.0",
    });
    let release = Map::of(
        MapKind::Any,
        [
            ("Name", "rel".into()),
            ("Namespace", "ns".into()),
            ("Service", "Helm".into()),
            ("IsInstall", true.into()),
            ("IsUpgrade", false.into()),
            ("Revision", Value::int(1)),
        ]
        .map(|(key, value): (&str, Value)| (Str::from(key), value))
        .to_vec(),
    );
    let template = json!({"BasePath": "c/templates", "Name": "c/templates/x.yaml"});
    let files: Files =
        [("a.txt", &b"hello file"[..]), ("f/l.txt", b"one\ntwo\n"), ("f/b.txt", b"x: 1"), ("f/bin", b"\xff\x01")]
            .into_iter()
            .map(|(path, bytes)| (path.to_owned(), Arc::from(bytes)))
            .collect();
    let capabilities = Capabilities::new("v1.35.0", "v1.35.0", ["v1", "apps/v1"], "v4.1.4");
    let entries = [
        ("Values", values()),
        ("Chart", from_json(&chart)),
        ("Release", release.into()),
        ("Template", map_from_json(MapKind::Values, template.as_object().unwrap()).into()),
        ("Files", files.into()),
        ("Capabilities", capabilities.into()),
        ("Subcharts", Map::new().into()),
    ];
    Map::of(MapKind::Values, entries.map(|(key, value)| (Str::from(key), value)).to_vec()).into()
}

fn render(snippet: &str) -> Result<String, TemplateError> {
    let files = [("c/templates/_helpers.tpl", HELPERS), ("c/templates/_s.tpl", snippet)];
    let program = Program::parse(files).map_err(|mut errors| errors.remove(0))?;
    let entropy = Entropy::Drawn { seed: [7; 32], unix_seconds: 1_700_000_000 };
    let settings = Settings { entropy, ..Settings::default() };
    Session::new(&program, settings).execute("c/templates/_s.tpl", root())
}

#[test]
fn snippets_give_what_helm_gives() {
    let snippets: Vec<(String, Option<String>)> = serde_json::from_str(SNIPPETS).unwrap();
    let mut differences = Vec::new();
    for (snippet, expected) in &snippets {
        let Ok(found) = std::panic::catch_unwind(|| render(snippet)) else {
            differences.push(format!("{snippet}\n  PANIC\n"));
            continue;
        };
        let agrees = match (&found, expected) {
            (Ok(found), Some(expected)) => found == expected,
            (Err(_), None) => true,
            (Ok(_), None) | (Err(_), Some(_)) => false,
        };
        if !agrees {
            let found = found.unwrap_or_else(|error| format!("ERROR {error}"));
            let expected = expected.as_deref().unwrap_or("ERROR");
            differences.push(format!("{snippet}\n  helm:   {expected:?}\n  seaway: {found:?}\n"));
        }
    }
    assert!(differences.is_empty(), "{} of {}:\n{}", differences.len(), snippets.len(), differences.join("\n"));
}
