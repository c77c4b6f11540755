//! Leases, and appends under them.

use std::time::Duration;

use seaway_store::{Append, Error, Fence, Lease};

use crate::place::{Place, append, event};

crate::on_both!(
    gives_every_holding_its_own_epoch,
    refuses_another_holder_until_expiry,
    renews_and_releases_only_the_newest_holding,
    gives_a_contested_lease_to_exactly_one,
    refuses_appends_of_a_former_holder,
    lets_no_former_holder_append_after_a_take_over,
);

const TTL: i64 = 1_000;

async fn gives_every_holding_its_own_epoch(place: Place) {
    let store = place.open().await;
    assert_eq!(store.lease("l").await.unwrap(), None);
    let first = store.acquire_lease("l", "a", 0, TTL).await.unwrap();
    assert_eq!(first, Lease { name: "l".into(), epoch: 1, until_ms: TTL });
    // The same holder, having lost the answer.
    assert_eq!(store.acquire_lease("l", "a", 1, TTL).await.unwrap().epoch, 2);
    // The same holder after its release, and after its expiry.
    store.release_lease(&Fence { lease: "l".into(), epoch: 2 }).await.unwrap();
    assert_eq!(store.acquire_lease("l", "a", 2, TTL).await.unwrap().epoch, 3);
    assert_eq!(store.acquire_lease("l", "a", 5_000, TTL).await.unwrap().epoch, 4);
    // Another holder after expiry.
    assert_eq!(store.acquire_lease("l", "b", 10_000, TTL).await.unwrap().epoch, 5);
    // Leases are independent.
    assert_eq!(store.acquire_lease("m", "a", 0, TTL).await.unwrap().epoch, 1);
}

async fn refuses_another_holder_until_expiry(place: Place) {
    let store = place.open().await;
    store.acquire_lease("l", "a", 0, TTL).await.unwrap();
    for now in [0, 1, TTL - 1] {
        let refused = store.acquire_lease("l", "b", now, TTL).await;
        assert!(matches!(&refused, Err(Error::Held { by, until_ms: TTL }) if by == "a"), "{refused:?}");
    }
    assert!(store.lease("l").await.unwrap().unwrap().is_held(TTL - 1));
    assert!(!store.lease("l").await.unwrap().unwrap().is_held(TTL));
    let taken = store.acquire_lease("l", "b", TTL, i64::MAX).await.unwrap();
    assert_eq!((taken.epoch, taken.until_ms), (2, i64::MAX));
    assert_eq!(store.lease("l").await.unwrap().unwrap().holder, "b");
}

async fn renews_and_releases_only_the_newest_holding(place: Place) {
    let store = place.open().await;
    let first = store.acquire_lease("l", "a", 0, TTL).await.unwrap().fence();
    assert_eq!(store.renew_lease(&first, 500, TTL).await.unwrap().until_ms, 1_500);
    // Late, but nobody else came.
    assert_eq!(store.renew_lease(&first, 9_000, TTL).await.unwrap().until_ms, 10_000);
    let second = store.acquire_lease("l", "b", 10_000, TTL).await.unwrap().fence();
    for refused in [store.renew_lease(&first, 10_001, TTL).await.map(drop), store.release_lease(&first).await] {
        assert!(matches!(&refused, Err(Error::Fenced { lease, epoch: 1 }) if lease == "l"), "{refused:?}");
    }
    store.release_lease(&second).await.unwrap();
    store.release_lease(&second).await.unwrap();
    let state = store.lease("l").await.unwrap().unwrap();
    assert!(state.is_released && !state.is_held(10_001));
    let refused = store.renew_lease(&second, 10_002, TTL).await;
    assert!(matches!(refused, Err(Error::Fenced { epoch: 2, .. })), "{refused:?}");
    let never = Fence { lease: "never".into(), epoch: 1 };
    assert!(matches!(store.renew_lease(&never, 0, TTL).await, Err(Error::Fenced { .. })));
}

async fn gives_a_contested_lease_to_exactly_one(place: Place) {
    let stores = [place.open().await, place.open().await];
    for round in 0..10_i64 {
        let now = round * TTL;
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let store = stores[task % 2].clone();
                tokio::spawn(async move { store.acquire_lease("l", &format!("p{task}"), now, TTL).await })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(lease) => {
                    winners += 1;
                    assert_eq!(lease.epoch, u64::try_from(round).unwrap() + 1);
                }
                Err(Error::Held { until_ms, .. }) => assert_eq!(until_ms, now + TTL),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(winners, 1, "round {round}");
    }
}

async fn refuses_appends_of_a_former_holder(place: Place) {
    let store = place.open().await;
    let events = [event("x")];
    let under = |fence, expected_seq| Append { fence, ..append("s", expected_seq, &events) };
    let first = store.acquire_lease("l", "a", 0, TTL).await.unwrap().fence();
    assert_eq!(store.append(under(Some(&first), 0)).await.unwrap(), 1);
    let second = store.acquire_lease("l", "b", TTL, TTL).await.unwrap().fence();
    // Even with the right number.
    let refused = store.append(under(Some(&first), 1)).await;
    assert!(matches!(&refused, Err(Error::Fenced { lease, epoch: 1 }) if lease == "l"), "{refused:?}");
    assert_eq!(store.append(under(Some(&second), 1)).await.unwrap(), 2);
    store.release_lease(&second).await.unwrap();
    let refused = store.append(under(Some(&second), 2)).await;
    assert!(matches!(refused, Err(Error::Fenced { epoch: 2, .. })), "{refused:?}");
    let never = Fence { lease: "never".into(), epoch: 0 };
    assert!(matches!(store.append(under(Some(&never), 2)).await, Err(Error::Fenced { .. })));
    assert_eq!(store.head("s").await.unwrap(), 2);
}

/// A holder appends without pause while others take the lease over and append as well. In the
/// record no epoch may come after a newer one. Takers pause longer each time that they were
/// overtaken before they had appended, so that a slow server too sees all rounds through.
async fn lets_no_former_holder_append_after_a_take_over(place: Place) {
    const TASKS: usize = 4;
    const ROUNDS: usize = 8;
    const LONGEST_PAUSE: Duration = Duration::from_millis(400);
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = stores[task % 2].clone();
            tokio::spawn(async move {
                let mut pause = Duration::from_millis(1);
                let mut rounds = 0;
                while rounds < ROUNDS {
                    // Expired for everybody: each call takes the lease away from somebody.
                    let lease = store.acquire_lease("l", &format!("p{task}/{rounds}"), TTL, 0).await.unwrap();
                    let fence = lease.fence();
                    let mut appended = false;
                    loop {
                        let events = [event(&lease.epoch.to_string())];
                        let head = store.head("s").await.unwrap();
                        match store.append(Append { fence: Some(&fence), ..append("s", head, &events) }).await {
                            Ok(_) => appended = true,
                            Err(Error::Conflict { .. }) => {}
                            Err(Error::Fenced { .. }) => break,
                            Err(other) => panic!("{other:?}"),
                        }
                        if task == 0 && appended {
                            break;
                        }
                    }
                    if appended {
                        rounds += 1;
                    } else {
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
                // Ends the loop of the last holder among the others.
                store.acquire_lease("l", &format!("p{task}/end"), TTL, 0).await.unwrap();
            })
        })
        .collect();
    // The very last holder has nobody after it: take over until all are done.
    let store = &stores[0];
    let all = tokio::spawn(async move {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let mut pause = Duration::from_millis(1);
    while !all.is_finished() {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        store.acquire_lease("l", "end", TTL, 0).await.unwrap();
    }
    all.await.unwrap();
    let mut epochs = Vec::new();
    while let Some(last) = {
        let page = store.read("s", epochs.len() as u64, 1_000).await.unwrap();
        epochs.extend(page.iter().map(|event| event.body.parse::<u64>().unwrap()));
        page.last().map(|event| event.seq)
    } {
        assert_eq!(last, epochs.len() as u64);
    }
    assert!(epochs.is_sorted(), "{epochs:?}");
    assert!(epochs.len() >= TASKS * ROUNDS);
}
