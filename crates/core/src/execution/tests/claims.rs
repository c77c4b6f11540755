//! Claims: one rollout at a time, in the order of a queue.

use super::fixture::{Run, plan, stage};
use crate::{
    execution::{ClaimAnswer, Command, Phase, WaitingOn},
    ids::RolloutId,
};

fn held(position: u32) -> ClaimAnswer {
    ClaimAnswer::Held { by: RolloutId::new("r0"), position }
}

#[test]
fn a_held_claim_is_asked_for_again_and_written_down_only_when_it_changes() {
    let mut run = Run::create(plan(vec![stage("all", &["a"])]));
    assert_eq!(run.state.waiting_on(), [WaitingOn::Driver]);
    run.lead(1, 0);
    assert_eq!(run.state.waiting_on(), [WaitingOn::Claim { by: None, position: 0 }]);
    run.claim(held(2));
    run.claim(held(2));
    run.wake();
    run.claim(held(1));
    assert_eq!(run.state.waiting_on(), [WaitingOn::Claim { by: Some(RolloutId::new("r0")), position: 1 }]);
    assert_eq!(run.state.phase(), Phase::Pending);
    run.wake();
    run.claim(ClaimAnswer::Granted);
    run.claim(ClaimAnswer::Granted);
    insta::assert_snapshot!(run.log(), @"
    0s ann: Created ship it
       → claim
    0s engine: Led epoch 1, unobserved 0s
       → claim
    0s engine: ClaimHeld by r0, place 2
       → claim
    1s engine: ClaimHeld by r0, place 1
       → claim
    2s engine: ClaimGranted
    2s engine: StageOpened all
    2s engine: started a/apply /1, deadline 1m 7s
       → perform a/apply /1 epoch 1
    ");
}

#[test]
fn a_waiting_rollout_can_be_stopped() {
    let mut run = Run::create(plan(vec![stage("all", &["a"])]));
    run.lead(1, 0);
    run.claim(held(1));
    run.clear();
    run.command("ann", Command::Stop);
    run.tick();
    // Asking for the claim once more would leave a place in the queue that nobody gives back.
    insta::assert_snapshot!(run.log(), @"
    0s ann: StopRequested
    0s engine: Stopped
    ");
}

#[test]
fn a_stopped_rollout_is_led_without_a_claim() {
    let mut run = Run::create(plan(vec![stage("all", &["a"])]));
    run.command("ann", Command::Stop);
    run.clear();
    run.lead(1, 0);
    insta::assert_snapshot!(run.log(), @"
    0s engine: Led epoch 1, unobserved 0s
    0s engine: Stopped
    ");
}

#[test]
fn the_next_wake_is_always_later_than_the_last() {
    let mut run = Run::create(plan(vec![stage("all", &["a"])]));
    run.lead(1, 0);
    run.claim(held(1));
    for _ in 0..3 {
        let before = run.now_ms;
        run.wake();
        assert!(run.now_ms > before);
    }
}
