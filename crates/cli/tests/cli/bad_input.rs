//! Wrong input: what, where, why, what to do next, and a code that tells it from success.

use super::sandbox::Sandbox;

#[test]
fn outside_of_a_workspace() {
    let sandbox = Sandbox::new();
    for args in [&["validate"][..], &["plan", "-e", "dev"], &["rollout", "list"], &["get", "services"]] {
        let ran = sandbox.run(args);
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(ran.stderr.contains("no workspace in `"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: make one with `seaway init`"), "{}", ran.stderr);
    }
    let ran = sandbox.run(&["-C", "nowhere", "validate"]);
    assert_eq!((ran.code, ran.stderr.contains("`nowhere` is not a folder")), (1, true));
    assert!(sandbox.files().is_empty(), "nothing was written");
}

#[test]
fn plans_that_are_none() {
    let sandbox = Sandbox::initialised();
    assert_eq!(sandbox.run(&["plan", "-e", "dev", "--out", "plan.json"]).code, 2);
    let plan = sandbox.read("plan.json");
    sandbox.write("text.json", "hello");
    sandbox.write("other.json", "{\"apiVersion\": \"seaway.dev/v1\"}");
    sandbox.write("newer.json", &plan.replace("seaway.dev/v1", "seaway.dev/v2"));
    sandbox.write("cut.json", &plan[..plan.len() / 2]);
    sandbox.write("edited.json", &plan.replace("\"maxConcurrent\": 1", "\"maxConcurrent\": 100"));
    for name in [
        "text.json",
        "other.json",
        "newer.json",
        "cut.json",
        "edited.json",
        "missing.json",
        ".",
        "ffff0000",
        "not-a-hash",
    ] {
        let ran = sandbox.run(&["rollout", "start", "--plan", name, "--yes", "--no-watch"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("error"), "{name}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{name}: {}", ran.stderr);
    }
    assert_eq!(sandbox.run(&["rollout", "list"]).stdout, "no rollouts\n");
    assert_eq!(sandbox.run(&["rollout", "start", "--plan", "plan.json", "--yes", "--no-watch"]).code, 0);
}

#[test]
fn rollouts_that_are_not_there() {
    let sandbox = Sandbox::initialised();
    let ran = sandbox.run(&["rollout", "status"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("there is no rollout in this workspace yet"), "{}", ran.stderr);
    for verb in ["status", "watch", "explain", "pause", "resume", "retry"] {
        let ran = sandbox.run(&["rollout", verb, "dev-000000-zzz"]);
        assert_eq!(ran.code, 1, "{verb}");
        assert!(ran.stderr.contains("rollout `dev-000000-zzz` is not known"), "{verb}: {}", ran.stderr);
    }
}

#[test]
fn errors_for_programs_are_json() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["rollout", "list", "-o", "json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["exitCode"], 1);
    assert!(error["hint"].is_string());
}

#[test]
fn a_damaged_state_is_named() {
    let sandbox = Sandbox::initialised();
    sandbox.write(".seaway/state.db", &"not a database ".repeat(1000));
    let ran = sandbox.run(&["rollout", "list"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("state.db"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("SqliteError"), "{}", ran.stderr);
}

#[test]
fn names_of_people_that_are_none() {
    let sandbox = Sandbox::initialised();
    let ran = sandbox.run(&["rollout", "start", "-e", "dev", "--yes", "--no-watch", "--as", " "]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("expected the name of a person"), "{}", ran.stderr);
}
