//! Stages: order, concurrency, thresholds, what is left out when nothing changes.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{FailureKind, Phase, WaitingOn},
    plan::StepKind::{Apply, Bake, Verify, Wait},
};

#[test]
fn one_stage_after_the_other() {
    let mut run = Run::start(plan(vec![stage("canary", &["a"]).bake(30), stage("rest", &["b"])]));
    run.pass(1).ok("a", Apply);
    run.pass(1).progress("a", Wait, "1 of 2 pods");
    run.pass(1).ok("a", Wait);
    run.pass(1).ok("a", Verify);
    run.pass(30).ok("a", Bake);
    run.verify(&["b"]);
    insta::assert_snapshot!(run.log(), @"
    0s ann: Created ship it
       → claim
    0s engine: Led epoch 1, unobserved 0s
       → claim
    0s engine: ClaimGranted
    0s engine: StageOpened canary
    0s engine: started a/apply /1, deadline 1m 5s
       → perform a/apply /1 epoch 1
    1s engine: succeeded a/apply /1
    1s engine: started a/wait /1, deadline 1m 6s
       → perform a/wait /1 epoch 1
    2s engine: progressed a/wait /1: 1 of 2 pods
    3s engine: succeeded a/wait /1
    3s engine: started a/verify /1, deadline 1m 8s
       → perform a/verify /1 epoch 1
    4s engine: succeeded a/verify /1
    4s engine: BakeStarted canary until 34s
    4s engine: started a/bake /1, deadline 1m 39s
       → perform a/bake /1 epoch 1 until 34s
    34s engine: succeeded a/bake /1
    34s engine: StageCompleted canary Baked
    34s engine: StageOpened rest
    34s engine: started b/apply /1, deadline 1m 39s
       → perform b/apply /1 epoch 1
    34s engine: succeeded b/apply /1
    34s engine: started b/wait /1, deadline 1m 39s
       → perform b/wait /1 epoch 1
    34s engine: succeeded b/wait /1
    34s engine: started b/verify /1, deadline 1m 39s
       → perform b/verify /1 epoch 1
    34s engine: succeeded b/verify /1
    34s engine: StageCompleted rest NoBake
    34s engine: Succeeded
    ");
    assert_eq!(run.state.phase(), Phase::Succeeded);
    assert_eq!(run.state.waiting_on(), []);
    assert_eq!(run.state.next_wake_ms(run.now_ms), None);
}

#[test]
fn never_more_at_once_than_the_plan_allows() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b", "c", "d"]).at_once(2)]));
    assert!(run.state.waiting_on().iter().any(|on| matches!(on, WaitingOn::Slots { in_flight: 2, pending: 2, .. })));
    run.clear();
    run.verify(&["b"]);
    insta::assert_snapshot!(run.log(), @"
    0s engine: succeeded b/apply /1
    0s engine: started b/wait /1, deadline 1m 5s
       → perform b/wait /1 epoch 1
    0s engine: succeeded b/wait /1
    0s engine: started b/verify /1, deadline 1m 5s
       → perform b/verify /1 epoch 1
    0s engine: succeeded b/verify /1
    0s engine: started c/apply /1, deadline 1m 5s
       → perform c/apply /1 epoch 1
    ");
    run.verify(&["a", "c", "d"]);
    assert_eq!(run.state.phase(), Phase::Succeeded);
}

#[test]
fn a_failure_too_many_ends_the_rollout_when_nothing_is_in_flight() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b", "c"]).at_once(2), stage("rest", &["d"])]));
    run.clear();
    run.fail("a", Apply, FailureKind::Refused);
    run.verify(&["b"]);
    insta::assert_snapshot!(run.log(), @r#"
    0s engine: failed a/apply /1: refused: it did not
    0s engine: succeeded b/apply /1
    0s engine: started b/wait /1, deadline 1m 5s
       → perform b/wait /1 epoch 1
    0s engine: succeeded b/wait /1
    0s engine: started b/verify /1, deadline 1m 5s
       → perform b/verify /1 epoch 1
    0s engine: succeeded b/verify /1
    0s engine: Failed all ["a"]
    "#);
    assert_eq!(run.state.phase(), Phase::Failed);
}

#[test]
fn allowed_failures_do_not_hold_the_others() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).failures(1), stage("rest", &["c"])]));
    run.clear();
    run.fail("a", Wait, FailureKind::Unhealthy);
    run.fail("a", Apply, FailureKind::Denied);
    run.verify(&["b", "c"]);
    insta::assert_snapshot!(run.log(), @"
    0s engine: failed a/apply /1: not allowed: it did not
    0s engine: started b/apply /1, deadline 1m 5s
       → perform b/apply /1 epoch 1
    0s engine: succeeded b/apply /1
    0s engine: started b/wait /1, deadline 1m 5s
       → perform b/wait /1 epoch 1
    0s engine: succeeded b/wait /1
    0s engine: started b/verify /1, deadline 1m 5s
       → perform b/verify /1 epoch 1
    0s engine: succeeded b/verify /1
    0s engine: StageCompleted all NoBake
    0s engine: StageOpened rest
    0s engine: started c/apply /1, deadline 1m 5s
       → perform c/apply /1 epoch 1
    0s engine: succeeded c/apply /1
    0s engine: started c/wait /1, deadline 1m 5s
       → perform c/wait /1 epoch 1
    0s engine: succeeded c/wait /1
    0s engine: started c/verify /1, deadline 1m 5s
       → perform c/verify /1 epoch 1
    0s engine: succeeded c/verify /1
    0s engine: StageCompleted rest NoBake
    0s engine: Succeeded
    ");
}

#[test]
fn a_stage_whose_changed_targets_all_failed_says_that_nothing_was_verified() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).failures(1).bake(60), stage("rest", &["b"])]));
    run.clear();
    run.fail("a", Apply, FailureKind::Denied);
    run.verify(&["b"]);
    insta::assert_snapshot!(run.log(), @"
    0s engine: failed a/apply /1: not allowed: it did not
    0s engine: StageCompleted all NoneVerified
    0s engine: StageOpened rest
    0s engine: started b/apply /1, deadline 1m 5s
       → perform b/apply /1 epoch 1
    0s engine: succeeded b/apply /1
    0s engine: started b/wait /1, deadline 1m 5s
       → perform b/wait /1 epoch 1
    0s engine: succeeded b/wait /1
    0s engine: started b/verify /1, deadline 1m 5s
       → perform b/verify /1 epoch 1
    0s engine: succeeded b/verify /1
    0s engine: StageCompleted rest NoBake
    0s engine: Succeeded
    ");
}

#[test]
fn unchanged_targets_are_only_read_back() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).unchanged()]));
    run.ok("a", Verify);
    run.ok("b", Verify);
    insta::assert_snapshot!(run.log(), @"
    0s ann: Created ship it
       → claim
    0s engine: Led epoch 1, unobserved 0s
       → claim
    0s engine: ClaimGranted
    0s engine: StageOpened all
    0s engine: started a/verify /1, deadline 1m 5s
    0s engine: started b/verify /1, deadline 1m 5s
       → perform a/verify /1 epoch 1
       → perform b/verify /1 epoch 1
    0s engine: succeeded a/verify /1
    0s engine: succeeded b/verify /1
    0s engine: StageCompleted all NoChange
    0s engine: Succeeded
    ");
}

#[test]
fn a_plan_without_stages_succeeds_at_once() {
    let mut run = Run::start(plan(Vec::new()));
    insta::assert_snapshot!(run.log(), @"
    0s ann: Created ship it
       → claim
    0s engine: Led epoch 1, unobserved 0s
       → claim
    0s engine: ClaimGranted
    0s engine: Succeeded
    ");
}

#[test]
fn a_target_that_loses_its_health_ends_the_bake() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).bake(60), stage("rest", &["c"])]));
    run.verify(&["a", "b"]);
    run.clear();
    run.pass(10).fail("b", Bake, FailureKind::Unhealthy);
    insta::assert_snapshot!(run.log(), @r#"
    10s engine: failed b/bake /1: unhealthy: it did not
    10s engine: Failed all ["b"]
       → cancel a/bake /1
    "#);
    assert_eq!(run.state.phase(), Phase::Failed);
}

#[test]
fn an_allowed_loss_of_health_lets_the_others_bake_on() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).bake(60).failures(1)]));
    run.verify(&["a", "b"]);
    run.clear();
    run.pass(10).fail("b", Bake, FailureKind::Unhealthy);
    assert!(matches!(run.state.waiting_on().as_slice(), [WaitingOn::Bake { until_ms: 60_000, .. }]));
    run.pass(50).ok("a", Bake);
    insta::assert_snapshot!(run.log(), @"
    10s engine: failed b/bake /1: unhealthy: it did not
    1m engine: succeeded a/bake /1
    1m engine: StageCompleted all Baked
    1m engine: Succeeded
    ");
    assert_eq!(run.state.phase(), Phase::Succeeded);
}
