//! What a rollout waits for is never nothing.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{Command, FailureKind, WaitingOn},
    plan::StepKind::{Apply, Bake, Wait},
};

#[test]
fn a_step_in_flight_says_what_it_waits_for() {
    let mut run = Run::start(plan(vec![stage("all", &["a"])]));
    run.pass(2).ok("a", Apply);
    run.pass(3).progress("a", Wait, "pod `api-1`: image not found");
    let reasons = run.state.waiting_on();
    let [WaitingOn::Step { since_ms: 2000, deadline_ms: 67_000, waiting, .. }] = reasons.as_slice() else {
        panic!("{reasons:?}")
    };
    assert_eq!(waiting, "pod `api-1`: image not found");
    run.clear();
    // The same progress again is no event.
    run.progress("a", Wait, "pod `api-1`: image not found");
    insta::assert_snapshot!(run.log(), @"");
}

#[test]
fn a_bake_is_one_reason_unless_a_target_has_something_to_say() {
    let mut run = Run::start(plan(vec![stage("all", &["a", "b"]).at_once(2).bake(60)]));
    run.verify(&["a", "b"]);
    assert!(matches!(run.state.waiting_on().as_slice(), [WaitingOn::Bake { .. }]));
    run.progress("b", Bake, "1 of 2 pods");
    assert!(matches!(run.state.waiting_on().as_slice(), [WaitingOn::Bake { .. }, WaitingOn::Step { .. }]));
}

#[test]
fn something_is_named_at_every_moment_of_a_rollout() {
    let stages = || vec![stage("canary", &["a"]).bake(60), stage("rest", &["b", "c"]).approved_by(1, &[])];
    let mut run = Run::create(plan(stages()));
    let named = |run: &Run| assert!(run.state.end.is_some() || !run.state.waiting_on().is_empty(), "{:?}", run.state);
    named(&run);
    run.lead(1, 0);
    named(&run);
    run.claim(crate::execution::ClaimAnswer::Granted);
    named(&run);
    run.fail("a", Apply, FailureKind::Throttled);
    named(&run);
    run.wake();
    run.verify(&["a"]);
    named(&run);
    run.command("ann", Command::Pause);
    named(&run);
    run.pass(60).ok("a", Bake);
    named(&run);
    run.command("ann", Command::Resume);
    named(&run);
    run.tick();
    run.approve("ann", "rest");
    named(&run);
    run.tick();
    run.verify(&["b"]);
    named(&run);
    run.command("ann", Command::Stop);
    named(&run);
    run.fail("c", Apply, FailureKind::Cancelled);
    named(&run);
    assert!(run.state.end.is_some());
}
