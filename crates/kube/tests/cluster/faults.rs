//! API servers that die, hang or throttle. These tests break their cluster, so each has its own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use seaway_core::{
    declaration::Limits,
    duration::Millis,
    execution::{FailureKind, Progress},
};
use seaway_kube::WaitPolicy;
use tokio_util::sync::CancellationToken;

use crate::support::{LIMIT, Place, blocking, config_map, connect_with, context, deployment, own, quiet};

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_dies_in_the_middle_leaves_no_orphan() {
    let place = Place::on(Arc::new(own()), "dies").await;
    let desired = place.desired((0..200).map(|i| config_map(&format!("c{i:03}"), "1")).collect());
    let base = place.difference(&desired).await.base;
    // Killed after some objects are there and others are not.
    let mut ctx = context("r1", 1);
    let (bed, asked) = (place.testbed.clone(), std::sync::atomic::AtomicU32::new(0));
    ctx.fence = Arc::new(move || {
        if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 60 {
            bed.cluster(0).kill_apiserver().unwrap();
        }
        true
    });
    let started = Instant::now();
    let result = place.cluster.apply(&desired, Some(&base), &ctx, &quiet, &CancellationToken::new()).await;
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure:?}");
    assert!(failure.message.contains(place.bed().url()) && failure.message.contains("tried to"), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    // Dead, it is named at once.
    let started = Instant::now();
    let failure = place.cluster.verify(std::slice::from_ref(&desired)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
    assert!(failure.message.to_lowercase().contains("connection refused"), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(6));

    blocking(|| place.bed().restart_apiserver().unwrap());
    let list = place.get(&format!("/api/v1/namespaces/{}/configmaps", place.namespace));
    let there: Vec<&str> =
        list["items"].as_array().unwrap().iter().filter_map(|o| o["metadata"]["name"].as_str()).collect();
    let there = there.iter().filter(|name| name.starts_with('c')).count();
    assert!((1..200).contains(&there), "{there} of 200");
    let listed = place.inventory()["data"]["objects"].as_str().unwrap().lines().count();
    assert_eq!(listed, 200, "the inventory lists all of them, those that are there and those that are not");

    // The same again converges; after that nothing is left to do, and taking an object out of the source prunes it.
    place.apply_from(&desired, Some(&base)).await.unwrap();
    place.verify(&desired).await.unwrap();
    let report = place.apply(&place.desired(vec![config_map("c000", "1")])).await.unwrap();
    assert_eq!(report.message, "199 deleted, 1 unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_that_hangs_is_bounded_by_the_request_timeout() {
    let place = Place::on(Arc::new(own()), "hangs").await;
    let limits = Limits { request_timeout: Millis(1500), ..Limits::default() };
    let cluster = connect_with(&place.testbed, limits).await;
    let place = Place { cluster, ..place };
    let desired = place.desired(vec![config_map("a", "1"), deployment("api", "r/api:1")]);
    place.apply(&desired).await.unwrap();
    place.wait(&desired).await.unwrap();
    place.bed().pause_apiserver().unwrap();
    for what in ["plan", "apply", "verify"] {
        let started = Instant::now();
        let one = std::slice::from_ref(&desired);
        let failure = match what {
            "plan" => place.cluster.difference(one).await.map(drop),
            "apply" => place.apply(&desired).await.map(drop),
            _ => place.verify(&desired).await.map(drop),
        }
        .unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable, "{what}: {failure}");
        assert!(failure.message.contains("no answer within 1.5s"), "{what}: {failure}");
        assert!(started.elapsed() < Duration::from_secs(8), "{what}: {:?}", started.elapsed());
    }
    place.bed().resume_apiserver().unwrap();
    place.verify_soon(&desired).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_survives_a_restart_and_says_that_it_hears_nothing() {
    let place = Place::on(Arc::new(own()), "restart").await;
    let desired = place.desired(vec![deployment("api", "r/api:1-broken")]);
    place.apply(&desired).await.unwrap();
    let policy = WaitPolicy { timeout: LIMIT, stable_for: Millis(0), pod_grace: LIMIT };
    let (sender, mut said) = tokio::sync::mpsc::unbounded_channel::<Progress>();
    let (cluster, wanted) = (place.cluster.clone(), desired.clone());
    let waiting = tokio::spawn(async move {
        let say = move |progress: Progress| drop(sender.send(progress));
        cluster.wait(std::slice::from_ref(&wanted), policy, &say, &CancellationToken::new()).await
    });
    heard(&mut said, "ImagePullBackOff").await;
    let down = Instant::now();
    blocking(|| place.bed().kill_apiserver().unwrap());
    heard(&mut said, "does not answer").await;
    blocking(|| place.bed().restart_apiserver().unwrap());
    // On a busy machine the server may take longer than a wait has patience with it.
    if down.elapsed() < Duration::from_secs(8) {
        heard(&mut said, "ImagePullBackOff").await;
        blocking(|| place.bed().repair_images().unwrap());
        waiting.await.unwrap().unwrap();
    } else {
        blocking(|| place.bed().repair_images().unwrap());
        if let Err(failure) = waiting.await.unwrap() {
            assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
            place.wait(&desired).await.unwrap();
        }
    }

    // Without a server the wait ends before its own limit.
    blocking(|| place.bed().kill_apiserver().unwrap());
    let started = Instant::now();
    let failure = place.wait(&desired).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

/// The next progress that says this.
async fn heard(said: &mut tokio::sync::mpsc::UnboundedReceiver<Progress>, what: &str) {
    let listen = async {
        loop {
            let progress = said.recv().await.expect("the wait goes on");
            if progress.waiting.contains(what) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listen).await.unwrap_or_else(|_| panic!("never heard `{what}`"));
}
