//! Charts that draw random values and ask the time: refused, or drawn once.

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const ENVIRONMENT: &str = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: play}
spec:
  stages: [{name: all}]
  regions:
  - name: here
    stage: all
    clusters: [{name: c1, context: first-1}, {name: c2, context: first-2}]
";

const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: drawn}
data:
  password: {{ randAlphaNum 24 }}
  at: {{ now | date "2006-01-02" | quote }}
---
apiVersion: v1
kind: Secret
metadata: {name: drawn}
stringData:
  password: canary-{{ randAlphaNum 24 }}
"#;

const KEY: &str = "a key of at least thirty-two bytes, for tests";

fn workspace(drawn: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/play.yaml", ENVIRONMENT);
    sandbox.write("web/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    sandbox.write("web/chart/templates/a.yaml", TEMPLATE);
    sandbox.write("key", KEY);
    declare(&sandbox, drawn);
    sandbox
}

fn declare(sandbox: &Sandbox, drawn: &str) {
    let text = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  namespace: web\n  source: {{helm: {{chart: chart}}}}\n{drawn}"
    );
    sandbox.write("web/seaway.yaml", &text);
}

const RENDER: [&str; 6] = ["render", "web", "-e", "play", "-o", "json"];

/// What each group of equal targets has.
fn rendered(sandbox: &Sandbox) -> Vec<(String, String)> {
    let ran = sandbox.run(&RENDER);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let groups = ran.json();
    let data = |group: &Value| {
        let objects = group["objects"].as_array().unwrap();
        let map = objects.iter().find(|one| one["kind"] == "ConfigMap").unwrap();
        let text = |key: &str| map["manifest"]["data"][key].as_str().unwrap().to_owned();
        (text("password"), text("at"))
    };
    groups.as_array().unwrap().iter().map(data).collect()
}

#[test]
fn it_is_refused_with_the_function_and_its_line_unless_declared() {
    let sandbox = workspace("");
    let ran = sandbox.run(&RENDER);
    assert_eq!(ran.code, 1);
    for part in ["randAlphaNum", "web/chart/templates/a.yaml:5", "`drawn`"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    // The time alone is no secret.
    declare(&sandbox, "  drawn: {at: 2026-01-31T12:00:00Z}\n");
    let ran = sandbox.run(&RENDER);
    assert!(ran.code == 1 && ran.stderr.contains("`key`"), "{}", ran.stderr);
}

#[test]
fn it_is_drawn_once_for_each_cluster_and_again_when_that_is_declared() {
    let sandbox = workspace("  drawn: {at: 2026-01-31T12:00:00Z, key: {file: ../key}}\n");
    let first = rendered(&sandbox);
    assert_eq!(first.len(), 2, "each cluster has its own");
    assert_ne!(first[0].0, first[1].0);
    assert!(first.iter().all(|(password, at)| password.len() == 24 && at == "2026-01-31"), "{first:?}");
    assert_eq!(first, rendered(&sandbox));
    declare(&sandbox, "  drawn: {at: 2026-02-28T12:00:00Z, key: {file: ../key}}\n");
    let renewed = rendered(&sandbox);
    assert!(first.iter().zip(&renewed).all(|(one, other)| one.0 != other.0 && other.1 == "2026-02-28"));
    declare(&sandbox, "  drawn: {at: 2026-02-28T12:00:00Z, key: {file: ../key}, per: environment}\n");
    assert_eq!(rendered(&sandbox).len(), 1, "they share");
}

#[test]
fn plans_are_equal_name_the_key_and_hold_neither_it_nor_a_secret() {
    let sandbox = workspace("  drawn: {at: 2026-01-31T12:00:00Z, key: {env: SEAWAY_TEST_DRAW_KEY}}\n");
    let plan = |key: &str| {
        let mut command = sandbox.command(&["plan", "web", "-e", "play", "-o", "json"]);
        let ran = Ran::command(command.env("SEAWAY_TEST_DRAW_KEY", key));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        ran.json()
    };
    let one = plan(KEY);
    assert_eq!(one["hash"], plan(KEY)["hash"]);
    let other = plan("another key of at least thirty-two bytes, for tests");
    assert_ne!(one["hash"], other["hash"]);
    let drawn = |plan: &Value| plan["plan"]["services"]["web"]["provenance"]["drawn"].clone();
    let (from, from_other) = (drawn(&one), drawn(&other));
    assert_eq!((&from["at"], &from["per"]), (&"2026-01-31T12:00:00Z".into(), &"target".into()), "{one}");
    assert_ne!(from["key"], from_other["key"]);
    for secret in [KEY, "canary-"] {
        assert!(!one.to_string().contains(secret), "{secret} is in the plan");
    }
}

#[test]
fn without_its_key_nothing_is_rendered() {
    let sandbox = workspace("  drawn: {at: 2026-01-31T12:00:00Z, key: {env: SEAWAY_TEST_NO_SUCH_KEY}}\n");
    let ran = sandbox.run(&RENDER);
    assert!(ran.code == 1 && ran.stderr.contains("SW0525"), "{}", ran.stderr);
    declare(&sandbox, "  drawn: {at: 2026-01-31T12:00:00Z, key: {file: ../key}}\n");
    sandbox.write("key", "too short: hush");
    let ran = sandbox.run(&RENDER);
    assert!(ran.code == 1 && ran.stderr.contains("expected at least 32"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
}
