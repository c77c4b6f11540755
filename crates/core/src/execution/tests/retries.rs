//! Retries: by itself after transient failures, and by people for failed targets.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{ClaimAnswer, Command, FailureKind, Phase, WaitingOn},
    ids::TargetName,
    plan::StepKind::{Apply, Bake, Verify, Wait},
};

fn retry(targets: &[&str]) -> Command {
    Command::Retry { targets: targets.iter().map(TargetName::new).collect() }
}

#[test]
fn a_target_that_does_not_answer_is_tried_again_until_patience_ends() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.clear();
    for _ in 0..4 {
        run.fail("a", Apply, FailureKind::Unreachable);
        if run.state.end.is_none() {
            let reasons = run.state.waiting_on();
            assert!(matches!(reasons.as_slice(), [WaitingOn::Retry { since_ms: 0, .. }]), "{reasons:?}");
            run.wake();
        }
    }
    insta::assert_snapshot!(run.log(), @r#"
    0s engine: failed a/apply /1: unreachable: it did not, again at 1s
    1s engine: started a/apply /2, deadline 1m 6s
       → perform a/apply /2 epoch 1
    1s engine: failed a/apply /2: unreachable: it did not, again at 3s
    3s engine: started a/apply /3, deadline 1m 8s
       → perform a/apply /3 epoch 1
    3s engine: failed a/apply /3: unreachable: it did not, again at 7s
    7s engine: started a/apply /4, deadline 1m 12s
       → perform a/apply /4 epoch 1
    7s engine: failed a/apply /4: unreachable: it did not
    7s engine: Failed all ["a"]
    "#);
}

#[test]
fn a_bake_that_loses_contact_now_and_then_goes_on() {
    // Two hours, patience of ten seconds.
    let mut run = Run::start(plan(vec![stage("all", &["a"]).bake(7200)]));
    run.verify(&["a"]);
    run.clear();
    for _ in 0..2 {
        run.pass(3000).fail("a", Bake, FailureKind::Unreachable);
        run.wake();
    }
    run.pass(1197).ok("a", Bake);
    insta::assert_snapshot!(run.log(), @"
    50m engine: failed a/bake /1: unreachable: it did not, again at 50m 1s
    50m 1s engine: started a/bake /2, deadline 2h 1m
       → perform a/bake /2 epoch 1 until 2h
    1h 40m engine: failed a/bake /2: unreachable: it did not, again at 1h 40m
    1h 40m engine: started a/bake /3, deadline 2h 1m
       → perform a/bake /3 epoch 1 until 2h
    2h engine: succeeded a/bake /3
    2h engine: StageCompleted all Baked
    2h engine: Succeeded
    ");
}

#[test]
fn patience_with_a_bake_ends_too() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).bake(7200)]));
    run.verify(&["a"]);
    run.pass(3000);
    run.clear();
    for _ in 0..4 {
        run.fail("a", Bake, FailureKind::Unreachable);
        if run.state.end.is_none() {
            run.wake();
        }
    }
    insta::assert_snapshot!(run.log(), @r#"
    50m engine: failed a/bake /1: unreachable: it did not, again at 50m 1s
    50m 1s engine: started a/bake /2, deadline 2h 1m
       → perform a/bake /2 epoch 1 until 2h
    50m 1s engine: failed a/bake /2: unreachable: it did not, again at 50m 3s
    50m 3s engine: started a/bake /3, deadline 2h 1m
       → perform a/bake /3 epoch 1 until 2h
    50m 3s engine: failed a/bake /3: unreachable: it did not, again at 50m 7s
    50m 7s engine: started a/bake /4, deadline 2h 1m
       → perform a/bake /4 epoch 1 until 2h
    50m 7s engine: failed a/bake /4: unreachable: it did not
    50m 7s engine: Failed all ["a"]
    "#);
}

#[test]
fn a_pause_does_not_use_up_patience() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.fail("a", Apply, FailureKind::Unreachable);
    run.command("ann", Command::Pause);
    run.pass(3600).command("ann", Command::Resume);
    run.tick();
    run.clear();
    run.fail("a", Apply, FailureKind::Unreachable);
    insta::assert_snapshot!(run.log(), @"1h engine: failed a/apply /2: unreachable: it did not, again at 1h 2s");
}

#[test]
fn an_answer_after_silence_counts() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.fail("a", Apply, FailureKind::Throttled);
    run.wake();
    run.clear();
    run.verify(&["a"]);
    insta::assert_snapshot!(run.log(), @"
    1s engine: succeeded a/apply /2
    1s engine: started a/wait /1, deadline 1m 6s
       → perform a/wait /1 epoch 1
    1s engine: succeeded a/wait /1
    1s engine: started a/verify /1, deadline 1m 6s
       → perform a/verify /1 epoch 1
    1s engine: succeeded a/verify /1
    1s engine: StageCompleted all NoBake
    1s engine: Succeeded
    ");
}

#[test]
fn no_answer_at_all_ends_at_the_limit() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.progress("a", Apply, "3 of 9 objects");
    run.clear();
    run.wake();
    insta::assert_snapshot!(run.log(), @r#"
    1m 5s engine: failed a/apply /1: timed out: no answer within its limit; last seen: 3 of 9 objects
    1m 5s engine: Failed all ["a"]
       → cancel a/apply /1
    "#);
}

#[test]
fn a_failed_target_starts_again_from_its_first_step() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).failures(1)]));
    run.ok("a", Apply);
    run.fail("a", Wait, FailureKind::Unhealthy);
    run.clear();
    run.command("ann", retry(&["b"]));
    run.command("ann", retry(&["z"]));
    run.command("ann", retry(&["a"]));
    run.tick();
    run.verify(&["a", "b"]);
    insta::assert_snapshot!(run.log(), @r#"
    0s ann: refused: target `b` has not failed
    0s ann: refused: the plan has no target `z`
    0s ann: Retried ["a"]
    0s engine: started a/apply /2, deadline 1m 5s
       → perform a/apply /2 epoch 1
    0s engine: succeeded a/apply /2
    0s engine: started a/wait /2, deadline 1m 5s
       → perform a/wait /2 epoch 1
    0s engine: succeeded a/wait /2
    0s engine: started a/verify /1, deadline 1m 5s
       → perform a/verify /1 epoch 1
    0s engine: succeeded a/verify /1
    0s engine: succeeded b/apply /1
    0s engine: started b/wait /1, deadline 1m 5s
       → perform b/wait /1 epoch 1
    0s engine: succeeded b/wait /1
    0s engine: started b/verify /1, deadline 1m 5s
       → perform b/verify /1 epoch 1
    0s engine: succeeded b/verify /1
    0s engine: StageCompleted all NoBake
    0s engine: Succeeded
    "#);
    assert_eq!(run.state.phase(), Phase::Succeeded);
    run.clear();
    run.command("ann", retry(&[]));
    insta::assert_snapshot!(run.log(), @"0s ann: refused: no target of the rollout has failed");
}

#[test]
fn a_retry_that_leaves_too_many_failed_is_refused() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2)]));
    run.fail("a", Apply, FailureKind::Denied);
    run.fail("b", Apply, FailureKind::Denied);
    run.clear();
    run.command("ann", retry(&["a"]));
    run.command("ann", retry(&["a", "b"]));
    insta::assert_snapshot!(run.log(), @r#"
    0s ann: refused: `b` failed too, and stage `all` goes on with at most 0 failed: retry them together
    0s ann: Retried ["a", "b"]
       → claim
    "#);
}

#[test]
fn a_retry_during_the_bake_bakes_the_whole_stage_anew() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).failures(1).bake(60)]));
    run.fail("b", Apply, FailureKind::Denied);
    run.verify(&["a"]);
    run.clear();
    run.pass(30).command("ann", retry(&["b"]));
    run.tick();
    run.verify(&["b"]);
    insta::assert_snapshot!(run.log(), @r#"
    30s ann: Retried ["b"]
       → cancel a/bake /1
    30s engine: started b/apply /2, deadline 1m 35s
       → perform b/apply /2 epoch 1
    30s engine: succeeded b/apply /2
    30s engine: started b/wait /1, deadline 1m 35s
       → perform b/wait /1 epoch 1
    30s engine: succeeded b/wait /1
    30s engine: started b/verify /1, deadline 1m 35s
       → perform b/verify /1 epoch 1
    30s engine: succeeded b/verify /1
    30s engine: BakeStarted all until 1m 30s
    30s engine: started a/bake /2, deadline 2m 35s
    30s engine: started b/bake /1, deadline 2m 35s
       → perform a/bake /2 epoch 1 until 1m 30s
       → perform b/bake /1 epoch 1 until 1m 30s
    "#);
}

#[test]
fn a_stage_that_is_done_is_retried_only_after_the_end() {
    let mut run = Run::start(plan(vec![stage("canary", &["a", "b"]).failures(1), stage("rest", &["c"])]));
    run.fail("a", Apply, FailureKind::Denied);
    run.verify(&["b"]);
    run.clear();
    run.command("ann", retry(&["a"]));
    run.verify(&["c"]);
    run.command("ann", retry(&["a"]));
    insta::assert_snapshot!(run.log(), @r#"
    0s ann: refused: stage `canary` of target `a` is done and the rollout has gone on; retry it when the rollout has ended
    0s engine: succeeded c/apply /1
    0s engine: started c/wait /1, deadline 1m 5s
       → perform c/wait /1 epoch 1
    0s engine: succeeded c/wait /1
    0s engine: started c/verify /1, deadline 1m 5s
       → perform c/verify /1 epoch 1
    0s engine: succeeded c/verify /1
    0s engine: StageCompleted rest NoBake
    0s engine: Succeeded
    0s ann: Retried ["a"]
       → claim
    "#);
}

#[test]
fn what_was_verified_before_the_end_is_read_back_after_a_retry() {
    // Between the end and the retry another rollout may have changed `a`: `c` must not get the release before
    // `a` is known to run it.
    let mut run = Run::start(plan(vec![stage("canary", &["a", "b"]).at_once(2).bake(60), stage("rest", &["c"])]));
    run.verify(&["a", "b"]);
    run.pass(60).ok("a", Bake);
    run.ok("b", Bake);
    run.fail("c", Wait, FailureKind::Unhealthy);
    run.ok("c", Apply);
    run.fail("c", Wait, FailureKind::Unhealthy);
    run.clear();
    run.command("ann", retry(&[]));
    run.lead(2, 0);
    run.claim(ClaimAnswer::Granted);
    run.ok("a", Verify);
    insta::assert_snapshot!(run.log(), @r#"
    1m ann: Retried ["c"]
       → claim
    1m engine: Led epoch 2, unobserved 0s
       → claim
    1m engine: ClaimGranted
    1m engine: started a/verify /2, deadline 2m 5s
    1m engine: started b/verify /2, deadline 2m 5s
       → perform a/verify /2 epoch 2
       → perform b/verify /2 epoch 2
    1m engine: succeeded a/verify /2
    "#);
    run.fail("b", Verify, FailureKind::Stale);
    insta::assert_snapshot!(run.log(), @r#"
    1m engine: failed b/verify /2: world changed: it did not
    1m engine: Failed canary ["b"]
    "#);
    assert_eq!(run.state.phase(), Phase::Failed);
}

#[test]
fn a_bake_that_failed_is_retried_with_its_target() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).bake(60)]));
    run.verify(&["a", "b"]);
    run.pass(10).fail("a", Bake, FailureKind::Unhealthy);
    run.command("ann", retry(&["a"]));
    run.lead(2, 0);
    run.claim(ClaimAnswer::Granted);
    run.clear();
    run.ok("b", Verify);
    run.verify(&["a"]);
    run.pass(60).ok("a", Bake);
    run.ok("b", Bake);
    insta::assert_snapshot!(run.log(), @"
    10s engine: succeeded b/verify /2
    10s engine: succeeded a/apply /2
    10s engine: started a/wait /2, deadline 1m 15s
       → perform a/wait /2 epoch 2
    10s engine: succeeded a/wait /2
    10s engine: started a/verify /2, deadline 1m 15s
       → perform a/verify /2 epoch 2
    10s engine: succeeded a/verify /2
    10s engine: BakeStarted all until 1m 10s
    10s engine: started a/bake /2, deadline 2m 15s
    10s engine: started b/bake /2, deadline 2m 15s
       → perform a/bake /2 epoch 2 until 1m 10s
       → perform b/bake /2 epoch 2 until 1m 10s
    1m 10s engine: succeeded a/bake /2
    1m 10s engine: succeeded b/bake /2
    1m 10s engine: StageCompleted all Baked
    1m 10s engine: Succeeded
    ");
    assert_eq!(run.state.phase(), Phase::Succeeded);
}
