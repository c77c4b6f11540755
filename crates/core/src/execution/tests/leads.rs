//! Leading: takeover, old processes, time that nobody watched.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{ClaimAnswer, Command, FailureKind, Input, Outcome, Report, WaitingOn},
    ids::StageName,
    plan::StepKind::{Apply, Bake},
};

#[test]
fn a_new_process_performs_again_what_must_be_under_way() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2)]));
    run.ok("a", Apply);
    run.clear();
    run.pass(20).lead(2, 15);
    run.lead(2, 0);
    insta::assert_snapshot!(run.log(), @"
    20s engine: Led epoch 2, unobserved 15s
       → perform a/wait /1 epoch 2
       → perform b/apply /1 epoch 2
    20s engine: refused: lease epoch 2 is not newer than 2
    ");
}

#[test]
fn nothing_follows_from_an_old_process() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.lead(2, 0);
    run.clear();
    let outcome = Outcome::Succeeded(Report::default());
    let step = run.step("a", Apply);
    run.input("old engine", Input::Step { step, attempt: 1, epoch: 1, outcome });
    run.input("old engine", Input::Tick { epoch: 1 });
    run.input("old engine", Input::Claim { epoch: 1, answer: ClaimAnswer::Granted });
    insta::assert_snapshot!(run.log(), @"
    0s old engine: refused: lease epoch 1 does not drive this rollout, 2 does: this process must stand back
    0s old engine: refused: lease epoch 1 does not drive this rollout, 2 does: this process must stand back
    ");
}

#[test]
fn bake_time_that_nobody_watched_does_not_count() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).bake(60)]));
    run.verify(&["a"]);
    run.clear();
    run.pass(50).lead(2, 40);
    assert_eq!(run.state.waiting_on(), [WaitingOn::Bake { stage: StageName::new("all"), until_ms: 100_000 }]);
    run.pass(50).ok("a", Bake);
    insta::assert_snapshot!(run.log(), @"
    50s engine: Led epoch 2, unobserved 40s
       → perform a/bake /1 epoch 2 until 1m 40s
    1m 40s engine: succeeded a/bake /1
    1m 40s engine: StageCompleted all Baked
    1m 40s engine: Succeeded
    ");
}

#[test]
fn what_people_do_is_no_sign_that_anybody_watched() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).bake(60)]));
    run.pass(5).verify(&["a"]);
    assert_eq!(run.state.driven_ms, 5_000);
    run.pass(10).command("ann", Command::Pause);
    run.command("ann", Command::Resume);
    run.approve("ann", "all");
    assert_eq!((run.state.at_ms, run.state.driven_ms), (15_000, 5_000));
    run.tick();
    assert_eq!(run.state.driven_ms, 5_000);
    run.ok("a", Bake);
    assert_eq!(run.state.driven_ms, 15_000);
}

#[test]
fn patience_with_a_target_does_not_run_out_while_nobody_tries() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.fail("a", Apply, FailureKind::Unreachable);
    run.clear();
    run.pass(3600).lead(2, 3600);
    run.fail("a", Apply, FailureKind::Unreachable);
    insta::assert_snapshot!(run.log(), @"
    1h engine: Led epoch 2, unobserved 1h
    1h engine: started a/apply /2, deadline 1h 1m
       → perform a/apply /2 epoch 2
    1h engine: failed a/apply /2: unreachable: it did not, again at 1h 2s
    ");
}
