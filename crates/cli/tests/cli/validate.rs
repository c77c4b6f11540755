//! `validate`: every finding with its place, for people and programs.

use super::sandbox::Sandbox;

#[test]
fn all_findings_with_place_and_advice() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("environments/dev.yaml", "bake: PT1M", "bakes: PT1M");
    sandbox.edit("environments/dev.yaml", "stage: broad", "stage: braod");
    sandbox.edit("services/hello/seaway.yaml", "replicas: 1\n", "replicas: many\n");
    let found = sandbox.run(&["validate"]);
    assert_eq!(found.code, 1);
    insta::assert_snapshot!(found.stdout);
    let report = sandbox.run(&["validate", "-o", "json"]);
    assert_eq!(report.code, 1);
    let report = report.json();
    assert_eq!(report["errors"], report["findings"].as_array().unwrap().len());
    let first = &report["findings"][0];
    assert_eq!(first["place"]["file"], "environments/dev.yaml");
    assert!(first["code"].as_str().unwrap().starts_with("SW"));
}

#[test]
fn what_only_rendering_shows_is_found_too() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("services/hello/manifests/hello.yaml", "${config.greeting}", "${config.greetings}");
    let found = sandbox.run(&["validate"]);
    assert_eq!(found.code, 1, "{}", found.stdout);
    assert!(found.stdout.contains("services/hello/manifests/hello.yaml:6:"), "{}", found.stdout);
    assert!(found.stdout.contains("greeting"), "{}", found.stdout);
}

#[test]
fn found_from_a_folder_below() {
    let sandbox = Sandbox::initialised();
    let mut below = sandbox.command(&["validate"]);
    below.current_dir(sandbox.path().join("services/hello/manifests"));
    assert_eq!(super::sandbox::Ran::of(below.output().unwrap()).stdout, "1 environment and 1 service: valid\n");
}

#[test]
fn colours_only_when_asked_for() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("environments/dev.yaml", "bake: PT1M", "bake: soon");
    assert!(!sandbox.run(&["validate"]).stdout.contains('\u{1b}'));
    assert!(sandbox.run(&["validate", "--color", "always"]).stdout.contains("\u{1b}["));
}
