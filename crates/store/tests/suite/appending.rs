//! Appending and reading events.

use std::collections::BTreeSet;

use seaway_store::{Error, NewEvent, Store};

use crate::place::{Place, append, event, note};

crate::on_both!(
    reads_back_what_was_appended,
    refuses_a_stale_writer,
    lets_exactly_one_of_many_win_each_number,
    keeps_any_text_byte_for_byte,
    pages_through_long_streams,
    refuses_what_cannot_be_stored,
    finds_streams_by_prefix,
    leaves_nothing_of_a_dropped_append,
);

async fn reads_back_what_was_appended(place: Place) {
    let store = place.open().await;
    assert_eq!(store.head("s").await.unwrap(), 0);
    assert_eq!(store.read("s", 0, 10).await.unwrap(), []);
    let first = NewEvent { kind: "started".into(), version: 3, at_ms: -5, by: "bo".into(), body: "{}".into() };
    assert_eq!(store.append(append("s", 0, &[first.clone(), event("2")])).await.unwrap(), 2);
    assert_eq!(note(&store, "s", 2, &["3"]).await, 3);
    store.close().await;

    let store = place.open().await;
    assert_eq!(store.head("s").await.unwrap(), 3);
    let read = store.read("s", 0, 10).await.unwrap();
    assert_eq!(read.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let got = &read[0];
    let back = NewEvent {
        kind: got.kind.clone(),
        version: got.version,
        at_ms: got.at_ms,
        by: got.by.clone(),
        body: got.body.clone(),
    };
    assert_eq!(back, first);
    assert_eq!(store.read("s", 2, 10).await.unwrap(), read[2..]);
    assert_eq!(store.read("s", 3, 10).await.unwrap(), []);
    assert_eq!(store.read("s", 9, 10).await.unwrap(), []);
}

async fn refuses_a_stale_writer(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2"]).await;
    for (expected, found) in [(0, 2), (1, 2), (3, 2)] {
        let refused = store.append(append("s", expected, &[event("x")])).await;
        assert!(
            matches!(refused, Err(Error::Conflict { expected: e, found: f }) if e == expected && f == found),
            "{refused:?}"
        );
    }
    let refused = store.append(append("new", 1, &[event("x")])).await;
    assert!(matches!(refused, Err(Error::Conflict { expected: 1, found: 0 })), "{refused:?}");
    assert_eq!(store.head("s").await.unwrap(), 2);
    assert_eq!(store.head("new").await.unwrap(), 0);
}

/// Every task appends as soon as it may; another store object stands for another process.
async fn lets_exactly_one_of_many_win_each_number(place: Place) {
    const TASKS: u64 = 8;
    const EACH: u64 = 12;
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = stores[task as usize % 2].clone();
            tokio::spawn(async move {
                let mut won = Vec::new();
                let mut expected = 0;
                while (won.len() as u64) < EACH {
                    let events = [event(&format!("{task}/{}", won.len()))];
                    match store.append(append("s", expected, &events)).await {
                        Ok(seq) => {
                            assert_eq!(seq, expected + 1);
                            won.push(seq);
                            expected = seq;
                        }
                        Err(Error::Conflict { expected: e, found }) => {
                            assert_eq!(e, expected);
                            assert!(found > expected);
                            expected = found;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
                won
            })
        })
        .collect();
    let mut all = BTreeSet::new();
    for task in tasks {
        for seq in task.await.unwrap() {
            assert!(all.insert(seq), "{seq} was given twice");
        }
    }
    assert_eq!(all, (1..=TASKS * EACH).collect());
    let bodies: BTreeSet<String> =
        stores[0].read("s", 0, 1000).await.unwrap().into_iter().map(|event| event.body).collect();
    assert_eq!(bodies.len() as u64, TASKS * EACH);
    stores[1].verify("s").await.unwrap();
}

async fn keeps_any_text_byte_for_byte(place: Place) {
    let store = place.open().await;
    let long = "🚢ä\u{FEFF}\"\\'$1?%;--\r\n\t".repeat(1 << 20).chars().take(1 << 20).collect::<String>();
    let bodies = ["", " ", "null", "\u{10FFFF}", "{\"a\":\"\\u0000\"}", long.as_str()];
    note(&store, "größe/🚢", 0, &bodies).await;
    let read = store.read("größe/🚢", 0, 10).await.unwrap();
    assert!(read.iter().map(|event| event.body.as_str()).eq(bodies));
}

async fn pages_through_long_streams(place: Place) {
    let store = place.open().await;
    // More than one block of rows, with a rest in each size.
    let events: Vec<NewEvent> = (1..=191).map(|number| event(&number.to_string())).collect();
    assert_eq!(store.append(append("s", 0, &events)).await.unwrap(), 191);
    let mut read = Vec::new();
    loop {
        let page = store.read("s", read.len() as u64, 50).await.unwrap();
        assert!(page.len() <= 50);
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    assert!(read.iter().map(|event| &event.body).eq(events.iter().map(|event| &event.body)));
    assert_eq!(store.verify("s").await.unwrap().seq, 191);
}

async fn refuses_what_cannot_be_stored(place: Place) {
    let store = place.open().await;
    let refused = [
        store.append(append("", 0, &[event("1")])).await,
        store.append(append("a\0b", 0, &[event("1")])).await,
        store.append(append("s", 0, &[])).await,
        store.append(append("s", 0, &[event("a\0b")])).await,
        store.append(append("s", 0, &[NewEvent { kind: String::new(), ..event("1") }])).await,
        store.append(append("s", 0, &[NewEvent { by: "\n".into(), ..event("1") }])).await,
        store.append(append("s", u64::MAX - 1, &[event("1")])).await,
    ];
    for (case, refused) in refused.into_iter().enumerate() {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. } | Error::Conflict { .. }), "{case}: {error:?}");
    }
    let large = "x".repeat((64 << 20) + 1);
    let refused = store.append(append("s", 0, &[event(&large)])).await;
    assert!(matches!(refused, Err(Error::TooLarge { size, limit, .. }) if size > limit), "{:?}", refused.err());
    assert_eq!(store.head("s").await.unwrap(), 0);
}

async fn finds_streams_by_prefix(place: Place) {
    let store = place.open().await;
    for name in ["a", "rollout/", "rollout/A", "rollout/a", "rollout/ä", "rollout/🚢", "rollout0", "s"] {
        note(&store, name, 0, &["1"]).await;
    }
    let names = |found: Vec<seaway_store::StreamHead>| found.into_iter().map(|s| s.stream).collect::<Vec<_>>();
    let all = names(store.streams("rollout/", None, 10).await.unwrap());
    assert_eq!(all, ["rollout/", "rollout/A", "rollout/a", "rollout/ä", "rollout/🚢"]);
    let page = names(store.streams("rollout/", Some("rollout/A"), 2).await.unwrap());
    assert_eq!(page, ["rollout/a", "rollout/ä"]);
    assert_eq!(store.streams("", None, 100).await.unwrap().len(), 8);
    assert_eq!(store.streams("%", None, 100).await.unwrap(), []);
}

/// A caller that stops waiting (Ctrl-C, a timeout) must not leave half an append or a lock.
async fn leaves_nothing_of_a_dropped_append(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1"]).await;
    let events: Vec<NewEvent> = (0..50).map(|number| event(&number.to_string())).collect();
    for polls in 0..40 {
        let head = store.head("s").await.unwrap();
        abandon_after(polls, &store, head, &events).await;
        let now = store.head("s").await.unwrap();
        assert!(now == head || now == head + 50, "{polls}: {head} → {now}");
        // The next writer is not disturbed.
        note(&store, "other", polls, &["x"]).await;
    }
    store.verify("s").await.unwrap();
}

async fn abandon_after(polls: u64, store: &Store, head: u64, events: &[NewEvent]) {
    let mut left = polls;
    let mut work = std::pin::pin!(store.append(append("s", head, events)));
    std::future::poll_fn(|cx| {
        if left == 0 {
            return std::task::Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(cx).map(drop)
    })
    .await;
}
