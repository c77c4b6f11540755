//! Claims and their queues.

use seaway_store::{Append, Claim, ClaimChange, Error, Store};

use crate::place::{Place, append, event};

crate::on_both!(
    claims_everything_or_nothing,
    serves_waiting_owners_in_order,
    never_lets_two_waiting_owners_block_each_other,
    gives_a_contested_key_to_exactly_one,
    changes_claims_together_with_events,
    handles_many_keys,
);

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn claimed(store: &Store) -> Vec<(String, String)> {
    let claims = store.claims().await.unwrap();
    claims.into_iter().map(|Claim { key, owner }| (key, owner)).collect()
}

async fn waiting(store: &Store, key: &str) -> Vec<(String, u64)> {
    let queue = store.queue(key).await.unwrap();
    queue.into_iter().map(|waiting| (waiting.owner, waiting.position)).collect()
}

fn pairs<V: Copy>(list: &[(&str, V)]) -> Vec<(String, V)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

async fn claims_everything_or_nothing(place: Place) {
    let store = place.open().await;
    store.claim(&keys(&["b", "a", "b"]), "r1").await.unwrap();
    let refused = store.claim(&keys(&["c", "b", "0"]), "r2").await;
    assert!(
        matches!(&refused, Err(Error::Claimed { key, by, waiting: false }) if key == "b" && by == "r1"),
        "{refused:?}"
    );
    assert_eq!(claimed(&store).await, [("a".into(), "r1".into()), ("b".into(), "r1".into())]);
    // Again, and with more.
    store.claim(&keys(&["a"]), "r1").await.unwrap();
    store.claim(&keys(&["a", "c"]), "r1").await.unwrap();
    assert_eq!(claimed(&store).await.len(), 3);
    store.release_claims("r1").await.unwrap();
    store.release_claims("r1").await.unwrap();
    assert_eq!(claimed(&store).await, []);
    store.claim(&keys(&["c", "b", "0"]), "r2").await.unwrap();
    assert_eq!(claimed(&store).await.len(), 3);
}

async fn serves_waiting_owners_in_order(place: Place) {
    let store = place.open().await;
    store.claim(&keys(&["a"]), "r1").await.unwrap();
    store.enqueue_claim(&keys(&["a", "b"]), "r2", 10).await.unwrap();
    store.enqueue_claim(&keys(&["a"]), "r3", 20).await.unwrap();
    store.enqueue_claim(&keys(&["a"]), "r2", 30).await.unwrap();
    assert_eq!(waiting(&store, "a").await, pairs(&[("r2", 1), ("r3", 2)]));
    assert_eq!(waiting(&store, "b").await, pairs(&[("r2", 1)]));
    assert_eq!(store.queue("a").await.unwrap()[0].at_ms, 10);
    // `b` is free, but r2 waits for it and r4 came later.
    let refused = store.claim(&keys(&["b"]), "r4").await;
    assert!(
        matches!(&refused, Err(Error::Claimed { key, by, waiting: true }) if key == "b" && by == "r2"),
        "{refused:?}"
    );
    // What nobody waits for is free for everybody.
    store.claim(&keys(&["z"]), "r4").await.unwrap();
    store.release_claims("r1").await.unwrap();
    let refused = store.claim(&keys(&["a"]), "r3").await;
    assert!(matches!(&refused, Err(Error::Claimed { by, waiting: true, .. }) if by == "r2"), "{refused:?}");
    store.claim(&keys(&["a", "b"]), "r2").await.unwrap();
    assert_eq!(waiting(&store, "a").await, pairs(&[("r3", 1)]));
    assert_eq!(waiting(&store, "b").await, []);
    // Who goes away leaves the queue.
    store.enqueue_claim(&keys(&["a"]), "r5", 40).await.unwrap();
    store.release_claims("r3").await.unwrap();
    assert_eq!(waiting(&store, "a").await, pairs(&[("r5", 1)]));
    store.release_claims("r2").await.unwrap();
    store.claim(&keys(&["a"]), "r5").await.unwrap();
}

/// r1 waits for `a`, r2 for `b`, then each adds the other's key: r1 came first and gets both.
async fn never_lets_two_waiting_owners_block_each_other(place: Place) {
    let store = place.open().await;
    store.enqueue_claim(&keys(&["a"]), "r1", 1).await.unwrap();
    store.enqueue_claim(&keys(&["b"]), "r2", 2).await.unwrap();
    store.enqueue_claim(&keys(&["a", "b"]), "r2", 3).await.unwrap();
    store.enqueue_claim(&keys(&["a", "b"]), "r1", 4).await.unwrap();
    let refused = store.claim(&keys(&["a", "b"]), "r2").await;
    assert!(matches!(&refused, Err(Error::Claimed { by, waiting: true, .. }) if by == "r1"), "{refused:?}");
    store.claim(&keys(&["a", "b"]), "r1").await.unwrap();
    store.release_claims("r1").await.unwrap();
    store.claim(&keys(&["a", "b"]), "r2").await.unwrap();
}

async fn gives_a_contested_key_to_exactly_one(place: Place) {
    let stores = [place.open().await, place.open().await];
    for round in 0..8 {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let store = stores[task % 2].clone();
                // Overlapping pairs, so that all-or-nothing matters.
                let wanted = keys(&[&format!("k{task}"), &format!("k{}", (task + 1) % 8), &format!("own{task}")]);
                tokio::spawn(async move { store.claim(&wanted, &format!("r{round}.{task}")).await.map(|()| wanted) })
            })
            .collect();
        let mut granted = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(wanted) => granted += wanted.len(),
                Err(Error::Claimed { waiting: false, .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        let claims = claimed(&stores[0]).await;
        assert!(granted > 0);
        assert_eq!(claims.len(), granted, "a refused claim left something");
        for task in 0..8 {
            stores[1].release_claims(&format!("r{round}.{task}")).await.unwrap();
        }
        assert_eq!(claimed(&stores[0]).await, []);
    }
}

async fn changes_claims_together_with_events(place: Place) {
    let store = place.open().await;
    let events = [event("x")];
    let wanted = keys(&["a", "b"]);
    let with = |stream, expected_seq, claims| Append { claims: Some(claims), ..append(stream, expected_seq, &events) };
    store.append(with("s1", 0, ClaimChange::Claim { keys: &wanted, owner: "r1" })).await.unwrap();
    assert_eq!(claimed(&store).await.len(), 2);
    // Refused: no event either.
    let refused = store.append(with("s2", 0, ClaimChange::Claim { keys: &wanted, owner: "r2" })).await;
    assert!(matches!(refused, Err(Error::Claimed { .. })), "{refused:?}");
    assert_eq!(store.head("s2").await.unwrap(), 0);
    store.append(with("s2", 0, ClaimChange::Enqueue { keys: &wanted, owner: "r2", at_ms: 7 })).await.unwrap();
    assert_eq!(waiting(&store, "a").await, pairs(&[("r2", 1)]));
    // A stale append changes no claim.
    let refused = store.append(with("s1", 0, ClaimChange::Release { owner: "r1" })).await;
    assert!(matches!(refused, Err(Error::Conflict { expected: 0, found: 1 })), "{refused:?}");
    assert_eq!(claimed(&store).await.len(), 2);
    store.append(with("s1", 1, ClaimChange::Release { owner: "r1" })).await.unwrap();
    store.append(with("s2", 1, ClaimChange::Claim { keys: &wanted, owner: "r2" })).await.unwrap();
    assert_eq!(claimed(&store).await, [("a".into(), "r2".into()), ("b".into(), "r2".into())]);
}

async fn handles_many_keys(place: Place) {
    let store = place.open().await;
    let many: Vec<String> = (0..1_000).map(|number| format!("service/cluster-{number}")).collect();
    store.claim(&many, "r1").await.unwrap();
    assert_eq!(claimed(&store).await.len(), 1_000);
    store.enqueue_claim(&many, "r2", 0).await.unwrap();
    let refused = store.claim(&many[999..], "r2").await;
    assert!(matches!(&refused, Err(Error::Claimed { key, .. }) if *key == many[999]), "{refused:?}");
    store.release_claims("r1").await.unwrap();
    store.claim(&many, "r2").await.unwrap();
    assert_eq!(waiting(&store, &many[500]).await, []);
}
