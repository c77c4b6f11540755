//! Approvals: who, for which plan, and how many.

use super::fixture::{Run, plan, stage};
use crate::{
    digest::Digest,
    execution::{Command, Phase, WaitingOn},
    ids::{Principal, StageName},
    plan::StepKind::Apply,
};

#[test]
fn a_closed_stage_waits_for_people_and_says_for_whom() {
    let mut run = Run::start(plan(vec![stage("all", &["a"]).approved_by(2, &["ann", "bob", "cy"])]));
    run.clear();
    run.approve("bob", "all");
    run.tick();
    let WaitingOn::Approval { needed, given, from, .. } = &run.state.waiting_on()[0] else { panic!("it is open") };
    assert_eq!((*needed, given.as_slice(), from.len()), (2, &[Principal::new("bob")][..], 3));
    assert_eq!(run.state.phase(), Phase::Waiting);
    assert_eq!(run.state.next_wake_ms(run.now_ms), None);
    run.approve("ann", "all");
    insta::assert_snapshot!(run.log(), @"
    0s bob: Approved all
    0s ann: Approved all
    ");
    // Until a process that drives acts on it, that is what the rollout waits for.
    assert_eq!(run.state.waiting_on(), [WaitingOn::Driver]);
    run.tick();
    insta::assert_snapshot!(run.log(), @"
    0s engine: StageOpened all
    0s engine: started a/apply /1, deadline 1m 5s
       → perform a/apply /1 epoch 1
    ");
}

#[test]
fn approvals_that_are_refused() {
    let mut run = Run::start(plan(vec![
        stage("open", &["a"]),
        stage("gated", &["b"]).approved_by(2, &["ann", "bob"]),
        stage("free", &["c"]),
    ]));
    run.clear();
    let other = Command::Approve { stage: StageName::new("gated"), plan: Digest::of(b"another plan") };
    run.command("ann", other);
    run.approve("ann", "nowhere");
    run.approve("ann", "free");
    run.approve("eve", "gated");
    run.approve("ann", "gated");
    run.approve("ann", "gated");
    let log = run.log().replace(run.state.frame.hash.short(), "RUNNING");
    insta::assert_snapshot!(log, @"
    0s ann: refused: the approval is for plan 77ddfb898d26, but this rollout runs plan RUNNING: read that plan and approve its hash
    0s ann: refused: the plan has no stage `nowhere`
    0s ann: refused: stage `free` has no approval gate
    0s eve: refused: `eve` may not approve this stage; these may: ann, bob
    0s ann: Approved gated
    0s ann: refused: `ann` has approved this stage already; one person counts once
    ");
    run.verify(&["a"]);
    run.approve("bob", "gated");
    run.tick();
    run.clear();
    run.approve("bob", "gated");
    run.command("ann", Command::Stop);
    run.fail("b", Apply, crate::execution::FailureKind::Cancelled);
    run.approve("bob", "gated");
    insta::assert_snapshot!(run.log(), @"
    0s bob: refused: stage `gated` is open already
    0s ann: StopRequested
       → cancel b/apply /1
    0s engine: failed b/apply /1: cancelled: it did not
    0s engine: Stopped
    0s bob: refused: the rollout has ended (Stopped)
    ");
}

#[test]
fn an_early_approval_opens_the_stage_when_its_turn_comes() {
    let mut run = Run::start(plan(vec![stage("canary", &["a"]), stage("rest", &["b"]).approved_by(1, &[])]));
    run.approve("ann", "rest");
    run.clear();
    run.verify(&["a"]);
    insta::assert_snapshot!(run.log(), @"
    0s engine: succeeded a/apply /1
    0s engine: started a/wait /1, deadline 1m 5s
       → perform a/wait /1 epoch 1
    0s engine: succeeded a/wait /1
    0s engine: started a/verify /1, deadline 1m 5s
       → perform a/verify /1 epoch 1
    0s engine: succeeded a/verify /1
    0s engine: StageCompleted canary NoBake
    0s engine: StageOpened rest
    0s engine: started b/apply /1, deadline 1m 5s
       → perform b/apply /1 epoch 1
    ");
}

#[test]
fn each_of_several_gates_needs_its_own_people() {
    let gated = stage("all", &["a"]).approved_by(1, &["ann"]).approved_by(1, &["sec"]);
    let mut run = Run::start(plan(vec![gated]));
    run.clear();
    run.approve("ann", "all");
    run.tick();
    let reasons = run.state.waiting_on();
    assert!(matches!(reasons.as_slice(), [WaitingOn::Approval { from, .. }] if from == &[Principal::new("sec")]));
    run.approve("sec", "all");
    run.tick();
    insta::assert_snapshot!(run.log(), @"
    0s ann: Approved all
    0s sec: Approved all
    0s engine: StageOpened all
    0s engine: started a/apply /1, deadline 1m 5s
       → perform a/apply /1 epoch 1
    ");
}
