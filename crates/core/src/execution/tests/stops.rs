//! Stop, pause and resume.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{Command, FailureKind, Phase, WaitingOn},
    ids::Principal,
    plan::StepKind::{Apply, Bake, Wait},
};

#[test]
fn a_stop_cancels_what_is_in_flight_and_is_final() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b", "c"]).at_once(2)]));
    run.fail("b", Apply, FailureKind::Unreachable);
    run.clear();
    run.command("ann", Command::Stop);
    // The process that asked may not be the one that drives: the driver's tick cancels once more.
    run.tick();
    assert_eq!(run.state.waiting_on()[0], WaitingOn::Stop { by: Principal::new("ann"), in_flight: 1 });
    // The pause of `b` must not keep waking a driver that waits for `a` alone.
    run.pass(2);
    assert!(run.state.next_wake_ms(run.now_ms).is_some_and(|at_ms| at_ms > run.now_ms));
    run.command("bob", Command::Pause);
    run.fail("a", Apply, FailureKind::Cancelled);
    for command in [Command::Stop, Command::Resume, Command::Retry { targets: Vec::new() }] {
        run.command("ann", command);
    }
    insta::assert_snapshot!(run.log(), @"
    0s ann: StopRequested
       → cancel a/apply /1
       → cancel a/apply /1
    2s bob: refused: the rollout is being stopped already
    2s engine: failed a/apply /1: cancelled: it did not
    2s engine: Stopped
    2s ann: refused: the rollout has ended (Stopped)
    2s ann: refused: the rollout has ended (Stopped)
    2s ann: refused: the rollout has ended (Stopped)
    ");
    assert_eq!(run.state.phase(), Phase::Stopped);
}

#[test]
fn a_stop_during_the_bake_cancels_the_bake() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).bake(60)]));
    run.verify(&["a"]);
    run.clear();
    run.command("ann", Command::Stop);
    run.fail("a", Bake, FailureKind::Cancelled);
    insta::assert_snapshot!(run.log(), @"
    0s ann: StopRequested
       → cancel a/bake /1
    0s engine: failed a/bake /1: cancelled: it did not
    0s engine: Stopped
    ");
}

#[test]
fn work_that_ends_well_in_spite_of_the_stop_is_recorded() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.command("ann", Command::Stop);
    run.clear();
    run.ok("a", Apply);
    insta::assert_snapshot!(run.log(), @"
    0s engine: succeeded a/apply /1
    0s engine: Stopped
    ");
}

#[test]
fn a_pause_starts_nothing_more_and_ends_nothing() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"])]));
    run.clear();
    run.command("ann", Command::Pause);
    run.command("ann", Command::Pause);
    run.ok("a", Apply);
    run.tick();
    assert_eq!(run.state.phase(), Phase::Paused);
    assert_eq!(run.state.next_wake_ms(run.now_ms), None);
    assert_eq!(run.state.waiting_on(), [WaitingOn::Pause { by: Principal::new("ann"), reason: None }]);
    run.command("bob", Command::Resume);
    assert_eq!(run.state.waiting_on()[0], WaitingOn::Driver);
    run.command("bob", Command::Resume);
    run.tick();
    run.fail("a", Wait, FailureKind::Unreachable);
    insta::assert_snapshot!(run.log(), @"
    0s ann: Paused
    0s ann: refused: the rollout is paused already
    0s engine: succeeded a/apply /1
    0s bob: Resumed
    0s bob: refused: the rollout is not paused
    0s engine: started a/wait /1, deadline 1m 5s
       → perform a/wait /1 epoch 1
    0s engine: failed a/wait /1: unreachable: it did not, again at 1s
    ");
}

#[test]
fn a_bake_goes_on_during_a_pause_but_the_next_stage_stays_closed() {
    let mut run = Run::start(plan(vec![stage("canary", &["a"]).bake(60), stage("rest", &["b"])]));
    run.verify(&["a"]);
    run.clear();
    run.command("ann", Command::Pause);
    run.pass(60).ok("a", Bake);
    run.command("ann", Command::Resume);
    run.tick();
    insta::assert_snapshot!(run.log(), @"
    0s ann: Paused
    1m engine: succeeded a/bake /1
    1m engine: StageCompleted canary Baked
    1m ann: Resumed
    1m engine: StageOpened rest
    1m engine: started b/apply /1, deadline 2m 5s
       → perform b/apply /1 epoch 1
    ");
}

#[test]
fn a_pending_retry_waits_for_the_end_of_the_pause() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.fail("a", Apply, FailureKind::Unreachable);
    run.command("ann", Command::Pause);
    run.clear();
    run.pass(5).tick();
    run.command("ann", Command::Resume);
    run.tick();
    insta::assert_snapshot!(run.log(), @"
    5s ann: Resumed
    5s engine: started a/apply /2, deadline 1m 10s
       → perform a/apply /2 epoch 1
    ");
}
