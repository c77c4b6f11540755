//! Driving: stages in order, failures stop, what rests goes on.

use std::{sync::Arc, time::Duration};

use seaway_core::{
    execution::{Command, Event, Phase, Recorded, TargetStatus},
    ids::{Principal, TargetName},
};
use seaway_engine::{Error, Left};
use tokio_util::sync::CancellationToken;

use super::fixture::{Fleet, engine, environment, plan};

fn ann() -> Principal {
    Principal::new("ann")
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_in_order_then_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet { latency: Duration::from_millis(5), ..Fleet::default() });
    let engine = engine(folder.path(), &fleet).await;
    let environment = environment(3, 2, 300, None);
    let first = plan(&engine, &fleet, &environment, 1).await;
    let rollout = engine.start(&first.hash().unwrap(), &ann(), Some("first".into())).await.unwrap();
    let mut kinds = Vec::new();
    let (state, left) = engine
        .drive(&rollout, &mut |_, events| kinds.extend(events.iter().map(|e| e.event.kind())), CancellationToken::new())
        .await
        .unwrap();
    assert_eq!((state.phase(), left), (Phase::Succeeded, Left::Ended));
    let order: Vec<String> = fleet.writes.lock().unwrap().iter().map(|(target, _)| target.to_string()).collect();
    assert_eq!(order.len(), 6);
    assert!(order.is_sorted_by_key(|target| target[..2].to_owned()), "{order:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "BakeStarted").count(), 3);
    assert_eq!(engine.state(&rollout).await.unwrap(), state, "the record folds to what was driven");
    assert!(engine.store().claims().await.unwrap().is_empty());

    let second = plan(&engine, &fleet, &environment, 1).await;
    assert!(second.is_noop());
    let rollout = engine.start(&second.hash().unwrap(), &ann(), None).await.unwrap();
    let (state, _) = engine.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Succeeded);
    assert_eq!(fleet.writes.lock().unwrap().len(), 6, "nothing changed, nothing written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sick_target_stops_the_rollout_and_a_retry_finishes_it() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::default());
    let engine = engine(folder.path(), &fleet).await;
    let environment = environment(2, 1, 0, None);
    fleet.sick.lock().unwrap().insert(TargetName::new("s0-0"));
    let plan = plan(&engine, &fleet, &environment, 1).await;
    let rollout = engine.start(&plan.hash().unwrap(), &ann(), None).await.unwrap();
    let (state, _) = engine.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Failed);
    assert_eq!(state.targets[1].status, TargetStatus::Pending);
    assert_eq!(fleet.writes.lock().unwrap().len(), 1);

    fleet.sick.lock().unwrap().clear();
    engine.command(&rollout, Command::Retry { targets: vec![] }, &ann(), Some("fixed".into())).await.unwrap();
    let (state, _) = engine.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Succeeded);
    assert_eq!(fleet.writes.lock().unwrap().len(), 2, "what was written already is not written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_target_delays_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet::default());
    let engine = engine(folder.path(), &fleet).await;
    let environment = environment(1, 3, 0, None);
    let dead = TargetName::new("s0-0");
    fleet.dead.lock().unwrap().insert(dead.clone());
    let plan = plan(&engine, &fleet, &environment, 1).await;
    assert_eq!(plan.totals.unknown, 1);
    let rollout = engine.start(&plan.hash().unwrap(), &ann(), None).await.unwrap();
    let (state, _) = engine.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Failed);
    let outcomes: Vec<_> = state.targets.iter().map(|target| target.status).collect();
    assert_eq!(outcomes, [TargetStatus::Failed, TargetStatus::Verified, TargetStatus::Verified]);
    let failure = state.steps[0].failure.clone().unwrap();
    assert_eq!(failure.message, "connection refused");

    fleet.dead.lock().unwrap().clear();
    engine.command(&rollout, Command::Retry { targets: vec![dead] }, &ann(), None).await.unwrap();
    let (state, _) = engine.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_rests_the_rollout_and_only_one_process_drives() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet { latency: Duration::from_millis(50), ..Fleet::default() });
    let first = engine(folder.path(), &fleet).await;
    let second = engine(folder.path(), &fleet).await;
    let environment = environment(2, 1, 0, None);
    let plan = plan(&first, &fleet, &environment, 1).await;
    let rollout = first.start(&plan.hash().unwrap(), &ann(), None).await.unwrap();
    let leave = CancellationToken::new();
    let mut refused = None;
    let token = leave.clone();
    let (started, mut wait) = tokio::sync::mpsc::unbounded_channel();
    let mut observer = |_: &_, events: &[Recorded]| {
        if events.iter().any(|recorded| matches!(recorded.event, Event::StepStarted { .. })) {
            let _ = started.send(());
        }
    };
    let (driven, ()) = tokio::join!(first.drive(&rollout, &mut observer, token), async {
        wait.recv().await;
        refused = second.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.err();
        leave.cancel();
    });
    assert!(matches!(refused, Some(Error::Driven { .. })), "{refused:?}");
    let (state, left) = driven.unwrap();
    assert_eq!(left, Left::Asked);
    assert!(state.end.is_none());
    assert_eq!(second.driver_of(&rollout).await.unwrap(), None);
    let (state, _) = second.drive(&rollout, &mut |_, _| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(state.phase(), Phase::Succeeded);
    assert_eq!(state.epoch, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rollout_of_the_same_service_waits_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Arc::new(Fleet { latency: Duration::from_millis(30), ..Fleet::default() });
    let engine = engine(folder.path(), &fleet).await;
    let environment = environment(1, 2, 400, None);
    let plan = plan(&engine, &fleet, &environment, 1).await;
    let hash = plan.hash().unwrap();
    let first = engine.start(&hash, &ann(), None).await.unwrap();
    let second = engine.start(&hash, &ann(), None).await.unwrap();
    let mut waited_for = None;
    let (mut notice, (mut one, mut two)) = (|_: &_, _: &[_]| {}, (None, None));
    let waiter = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        two = Some(
            engine
                .drive(
                    &second,
                    &mut |_, events| {
                        for recorded in events {
                            if let Event::ClaimHeld { by, position } = &recorded.event {
                                waited_for = Some((by.clone(), *position));
                            }
                        }
                    },
                    CancellationToken::new(),
                )
                .await,
        );
    };
    let driver = async { one = Some(engine.drive(&first, &mut notice, CancellationToken::new()).await) };
    tokio::join!(driver, waiter);
    assert_eq!(waited_for, Some((first, 1)));
    let (one, two) = (one.unwrap().unwrap().0, two.unwrap().unwrap().0);
    assert_eq!((one.phase(), two.phase()), (Phase::Succeeded, Phase::Succeeded));
    assert_eq!(fleet.writes.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_process_that_stood_still_takes_its_lease_anew_and_makes_up_for_the_bake() {
    let folder = tempfile::tempdir().unwrap();
    let stall = Duration::from_millis(1200);
    let fleet = Arc::new(Fleet { stall: std::sync::Mutex::new(Some(stall)), ..Fleet::default() });
    let engine = engine(folder.path(), &fleet).await.lease_ttl(Duration::from_millis(400));
    let environment = environment(1, 1, 1000, None);
    let plan = plan(&engine, &fleet, &environment, 1).await;
    let rollout = engine.start(&plan.hash().unwrap(), &ann(), None).await.unwrap();
    let mut record: Vec<Recorded> = Vec::new();
    let (state, _) = engine
        .drive(&rollout, &mut |_, events| record.extend(events.iter().cloned()), CancellationToken::new())
        .await
        .unwrap();
    assert_eq!((state.phase(), state.epoch), (Phase::Succeeded, 2));
    let unobserved = record.iter().find_map(|recorded| match recorded.event {
        Event::Led { epoch: 2, unobserved_ms } => Some(unobserved_ms),
        _ => None,
    });
    let unobserved_ms = unobserved.unwrap();
    assert!(unobserved_ms >= 1200, "it counts {unobserved_ms} ms as unwatched");
    let at = |kind: &str| record.iter().find(|recorded| recorded.event.kind() == kind).unwrap().at_ms;
    let baked_ms = at("StageCompleted") - at("BakeStarted");
    assert!(baked_ms >= 1000 + unobserved_ms as i64, "it baked for {baked_ms} ms");
}
