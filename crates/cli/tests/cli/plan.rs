//! `plan` where no cluster answers: what is not known is said, and what is kept is the same again.

use super::sandbox::Sandbox;

#[test]
fn clusters_that_do_not_answer_are_unknown() {
    let sandbox = Sandbox::initialised();
    let planned = sandbox.run(&["plan", "hello", "-e", "dev"]);
    assert_eq!(planned.code, 2, "{}", planned.stderr);
    assert!(planned.stdout.contains("  !  cluster  first-1  (cannot be read: "), "{}", planned.stdout);
    assert!(planned.stdout.contains("Plan: 0 create, 0 change, 0 destroy, 0 unchanged, 2 unknown"));
    assert!(planned.stdout.contains("start it: `seaway rollout start --plan "));
    let reason = sandbox.run(&["plan", "hello", "-e", "dev", "-v"]).stdout;
    assert!(reason.contains("why: region `first` is in stage `canary`; `hello` selects it"), "{reason}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let sandbox = Sandbox::initialised();
    let plan = |to: &str| {
        let ran = sandbox.run(&["plan", "-e", "dev", "-o", "json", "--out", to]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        (sandbox.read(to), ran.json())
    };
    let ((first, report), (second, _)) = (plan("a.json"), plan("b.json"));
    assert_eq!(first, second);
    assert_eq!(report["plan"], serde_json::from_str::<serde_json::Value>(&first).unwrap());
    let plans = sandbox.run(&["get", "plans", "-o", "json"]).json();
    assert_eq!(plans.as_array().unwrap().len(), 1);
    assert_eq!(plans[0]["hash"], report["hash"]);
    let yaml = sandbox.run(&["plan", "-e", "dev", "-o", "yaml"]).stdout;
    let yaml: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(yaml, report);
}

#[test]
fn a_release_says_what_it_was_rendered_from() {
    let sandbox = Sandbox::initialised();
    let plan = sandbox.run(&["plan", "hello", "-e", "dev", "-o", "json"]).json();
    let releases = sandbox.run(&["get", "releases", "-o", "json"]).json();
    let [release] = releases.as_array().unwrap().as_slice() else { panic!("{releases}") };
    assert_eq!(release["release"], plan["plan"]["release"]);
    assert_eq!(release["plans"], serde_json::json!([plan["hash"]]));
    assert_eq!(release["provenance"], plan["plan"]["services"]["hello"]["provenance"]);
    assert_eq!(release["contents"].as_object().unwrap().values().filter_map(|count| count.as_u64()).sum::<u64>(), 2);
    let hex = release["release"].as_str().unwrap().trim_start_matches("sha256:");
    let table = sandbox.run(&["get", "releases", &hex[..6]]).stdout;
    assert!(table.contains("hello") && table.contains("manifests services/hello/"), "{table}");
    assert!(table.contains(&format!("seaway {}", env!("CARGO_PKG_VERSION"))), "{table}");
    assert_eq!(sandbox.run(&["get", "releases", "ffffff"]).stdout, "nothing found\n");
}

#[test]
fn errors_in_the_declarations_are_shown_and_nothing_is_written() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("services/hello/seaway.yaml", "namespace: hello", "namespace: Hello!");
    let refused = sandbox.run(&["plan", "-e", "dev", "--out", "plan.json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("services/hello/seaway.yaml:7:14"), "{}", refused.stderr);
    assert!(
        refused.stderr.ends_with("hint: repair them and try again; `seaway validate` checks the whole workspace\n")
    );
    assert!(!sandbox.path().join("plan.json").exists());
}

#[test]
fn a_plan_file_that_cannot_be_written_leaves_nothing() {
    let sandbox = Sandbox::initialised();
    let refused = sandbox.run(&["plan", "-e", "dev", "--out", "missing/plan.json"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("cannot write `missing/plan.json`"), "{}", refused.stderr);
}
