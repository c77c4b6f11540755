//! What people do while another process drives.

use std::{sync::Arc, time::Duration};

use seaway_core::{
    digest::Digest,
    execution::{Command, Phase, Refusal, WaitingOn},
    ids::{Principal, StageName, TargetName},
};
use seaway_engine::{Engine, Error};
use tokio_util::sync::CancellationToken;

use super::fixture::{Fleet, engine, environment, plan};

async fn until(engine: &Engine, rollout: &seaway_core::ids::RolloutId, mut is_so: impl FnMut(&[WaitingOn]) -> bool) {
    loop {
        let state = engine.state(rollout).await.unwrap();
        if is_so(&state.waiting_on()) {
            return;
        }
        assert!(state.end.is_none(), "it ended: {:?}", state.phase());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_from_another_process_opens_the_stage() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::default());
    let driving = engine(folder.path(), &fleet).await;
    let other = engine(folder.path(), &fleet).await;
    let environment = environment(2, 1, 0, Some(1));
    let plan = plan(&driving, &fleet, &environment, 1).await;
    let hash = plan.hash().unwrap();
    let (ann, stage) = (Principal::new("ann"), StageName::new("s1"));
    let rollout = driving.start(&hash, &ann, None).await.unwrap();
    let mut observer = |_: &_, _: &[_]| {};
    let (driven, ()) = tokio::join!(driving.drive(&rollout, &mut observer, CancellationToken::new()), async {
        until(&other, &rollout, |on| matches!(on, [WaitingOn::Approval { .. }])).await;
        let wrong = Command::Approve { stage: stage.clone(), plan: Digest::of(b"another") };
        let refused = other.command(&rollout, wrong, &ann, None).await.err();
        assert!(matches!(refused, Some(Error::Refused(Refusal::OtherPlan { .. }))), "{refused:?}");
        assert_eq!(fleet.writes.lock().unwrap().len(), 1, "the gate holds");
        other.command(&rollout, Command::Approve { stage, plan: hash.clone() }, &ann, None).await.unwrap();
    });
    let (state, _) = driven.unwrap();
    assert_eq!(state.phase(), Phase::Succeeded);
    assert_eq!(state.stages[1].approvals.keys().next(), Some(&ann));
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_holds_and_stop_ends_also_a_hung_driver() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::default());
    fleet.hung.lock().unwrap().insert(TargetName::new("s0-0"));
    let driving = engine(folder.path(), &fleet).await;
    let other = engine(folder.path(), &fleet).await;
    let environment = environment(2, 2, 0, None);
    let ann = Principal::new("ann");
    let plan = {
        // The hung target does not answer the planner either.
        let mut plan = None;
        let hung = std::mem::take(&mut *fleet.hung.lock().unwrap());
        plan.replace(super::fixture::plan(&driving, &fleet, &environment, 1).await);
        *fleet.hung.lock().unwrap() = hung;
        plan.unwrap()
    };
    let rollout = driving.start(&plan.hash().unwrap(), &ann, None).await.unwrap();
    let mut observer = |_: &_, _: &[_]| {};
    let (driven, ()) = tokio::join!(driving.drive(&rollout, &mut observer, CancellationToken::new()), async {
        until(&other, &rollout, |on| on.iter().any(|on| matches!(on, WaitingOn::Step { .. }))).await;
        other.command(&rollout, Command::Pause, &ann, Some("lunch".into())).await.unwrap();
        assert_eq!(other.state(&rollout).await.unwrap().phase(), Phase::Paused);
        other.command(&rollout, Command::Stop, &ann, Some("enough".into())).await.unwrap();
    });
    let (state, _) = driven.unwrap();
    assert_eq!(state.phase(), Phase::Stopped);
    assert_eq!(state.stop.as_ref().and_then(|(_, why)| why.as_deref()), Some("enough"));
    let refused = other.command(&rollout, Command::Retry { targets: vec![] }, &ann, None).await.err();
    assert!(matches!(refused, Some(Error::Refused(Refusal::Ended("Stopped")))), "{refused:?}");
    let _ = plan;
}
