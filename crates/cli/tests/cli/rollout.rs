//! `rollout` without clusters: recorded, listed, refused, stopped.

use super::sandbox::{Ran, Sandbox};

/// A recorded rollout that nobody drives.
fn recorded() -> (Sandbox, String) {
    let sandbox = Sandbox::initialised();
    let args = ["rollout", "start", "hello", "-e", "dev", "--yes", "--no-watch", "--reason", "try", "-o", "json"];
    let started = sandbox.run(&args);
    assert_eq!(started.code, 0, "{}", started.stderr);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    (sandbox, id)
}

#[test]
fn nobody_drives_and_every_view_says_so() {
    let (sandbox, id) = recorded();
    for verb in ["status", "explain"] {
        let shown = sandbox.run(&["rollout", verb]);
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        assert!(shown.stdout.contains(&format!("seaway rollout resume {id}")), "{}", shown.stdout);
        assert!(shown.stdout.contains("nobody"), "{}", shown.stdout);
        assert!(shown.stdout.contains("by ana"), "{}", shown.stdout);
    }
    assert_eq!(sandbox.run(&["rollout", "status", "--exit-code"]).code, 7);
    let status = sandbox.run(&["rollout", "status", "-o", "json"]).json();
    assert_eq!((&status["phase"], &status["driver"]), (&"Pending".into(), &serde_json::Value::Null));
    assert_eq!(status["waitingOn"][0]["on"], "driver");
    let list = sandbox.run(&["rollout", "list", "--open", "-o", "json"]).json();
    assert_eq!(list[0]["id"].as_str(), Some(id.as_str()));
    assert_eq!(sandbox.run(&["get", "rollouts", &id[..8]]).stdout.lines().count(), 2);
}

#[test]
fn rules_refuse_with_their_own_code() {
    let (sandbox, id) = recorded();
    let cases: &[(&[&str], &str)] = &[
        (&["rollout", "start", "hello", "-e", "dev"], "say yes beforehand with `--yes`"),
        (&["rollout", "stop", &id], "say yes beforehand with `--yes`"),
        (&["rollout", "approve", &id], "no stage of rollout"),
        (&["rollout", "approve", &id, "--stage", "canary", "--plan", "00000000"], "this rollout runs another one"),
        (&["rollout", "retry", &id], "no target of the rollout has failed"),
        (&["rollout", "retry", &id, "nope"], "the plan has no target `nope`"),
    ];
    for (args, why) in cases {
        let refused = sandbox.run(args);
        assert_eq!(refused.code, 6, "{args:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(why), "{args:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("hint: "), "{args:?}: {}", refused.stderr);
    }
}

#[test]
fn pause_and_stop_are_kept_with_who_and_why() {
    let (sandbox, id) = recorded();
    assert_eq!(sandbox.run(&["rollout", "pause", &id, "--reason", "lunch", "--as", "bo"]).code, 0);
    let status = sandbox.run(&["rollout", "status", &id]).stdout;
    assert!(status.contains("paused by `bo` (lunch)"), "{status}");
    assert_eq!(sandbox.run(&["rollout", "pause", &id]).code, 6);
    let stopped = sandbox.run(&["rollout", "stop", &id, "--yes", "--reason", "wrong one"]);
    assert_eq!(stopped.code, 0, "{}{}", stopped.stdout, stopped.stderr);
    let explained = sandbox.run(&["rollout", "explain", &id]).stdout;
    assert!(explained.contains("stopped by `ana` (wrong one)"), "{explained}");
    assert_eq!(sandbox.run(&["rollout", "status", &id, "--exit-code"]).code, 4);
    assert_eq!(sandbox.run(&["rollout", "resume", &id]).code, 6);
    assert_eq!(sandbox.run(&["rollout", "list", "--open"]).stdout, "no rollouts\n");
}

#[test]
fn an_unreachable_fleet_fails_with_its_cause() {
    let sandbox = Sandbox::initialised();
    // No patience: the test is about the end, not about the wait.
    sandbox.edit("environments/dev.yaml", "  regions:\n", "  unreachable: {giveUpAfter: PT0S}\n  regions:\n");
    let failed = sandbox.run(&["rollout", "start", "hello", "-e", "dev", "--yes"]);
    assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
    assert!(failed.stdout.contains("first-1: apply hello failed: unreachable: "), "{}", failed.stdout);
    assert!(failed.stdout.contains("1 target was not touched (stage broad)"));
    assert!(failed.stdout.contains("seaway rollout retry "), "{}", failed.stdout);
}

#[test]
fn a_kubeconfig_that_is_not_there_is_no_reason_to_wait() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("environments/dev.yaml", "  regions:\n", "  unreachable: {giveUpAfter: PT1H}\n  regions:\n");
    let args = ["rollout", "start", "hello", "-e", "dev", "--yes"];
    let failed = Ran::command(sandbox.command(&args).env("KUBECONFIG", "/nowhere/kubeconfig"));
    assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
    let cause = "first-1: apply hello failed: misconfigured: kubeconfig `/nowhere/kubeconfig` cannot be read";
    assert!(failed.stdout.contains(cause), "{}", failed.stdout);
}

#[test]
fn output_for_programs_is_one_document() {
    let sandbox = Sandbox::initialised();
    sandbox.edit("environments/dev.yaml", "  regions:\n", "  unreachable: {giveUpAfter: PT0S}\n  regions:\n");
    let failed = sandbox.run(&["rollout", "start", "hello", "-e", "dev", "--yes", "-o", "json"]);
    assert_eq!(failed.code, 3);
    assert_eq!(failed.json()["phase"], "Failed");
    assert!(failed.stderr.contains("rollout failed in stage canary: first-1"), "{}", failed.stderr);
}
