//! `demo`: a whole rollout that needs nothing.

use super::sandbox::Sandbox;

#[test]
fn the_simulated_fleet_rolls_out_and_says_that_it_is_simulated() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["demo", "--speed", "600"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.starts_with("This fleet is simulated: six regions, twelve clusters"), "{}", ran.stderr);
    for said in ["stage canary: done, baked", "stage broad: done, baked", "rollout succeeded", "What next:"] {
        assert!(ran.stdout.contains(said), "no `{said}` in {}", ran.stdout);
    }
    let verified = ran.stdout.lines().filter(|line| line.contains(": verified after ")).count();
    assert_eq!(verified, 12);
    assert!(sandbox.files().is_empty(), "nothing is kept");
}

#[test]
fn the_summary_for_programs() {
    let ran = Sandbox::new().run(&["demo", "--speed", "2000", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["stages"].as_array().unwrap().len(), 3);
}

#[test]
fn a_kubeconfig_that_is_none_changes_nothing() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["demo", "--kubeconfig", "missing", "--yes"]).code, 1);
    sandbox.write("config", "contexts: [{name: c1}]\n");
    let refused = sandbox.run(&["demo", "--kubeconfig", "config"]);
    assert_eq!(refused.code, 6, "{}", refused.stderr);
    assert!(refused.stderr.contains("This is real") && refused.stderr.contains("`--yes`"), "{}", refused.stderr);
}
