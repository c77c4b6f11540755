//! The chain of hashes: every change behind the store's back is found.

use seaway_store::{Broken, Error};

use crate::place::{Place, append, event, note};

crate::on_both!(
    holds_when_nobody_touched_it,
    finds_every_changed_column,
    finds_deleted_and_inserted_events,
    finds_a_removed_end,
    finds_a_removed_stream_and_names_each_broken_one,
    never_reads_a_changed_event,
    does_not_append_to_a_broken_end,
);

async fn broken_at(place: &Place, stream: &str) -> Option<u64> {
    match place.open().await.verify(stream).await {
        Ok(_) => None,
        Err(Error::Broken(Broken { stream: found, seq, .. })) => {
            assert_eq!(found, stream);
            Some(seq)
        }
        Err(other) => panic!("{other:?}"),
    }
}

async fn holds_when_nobody_touched_it(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3"]).await;
    note(&store, "t", 0, &["1"]).await;
    let head = store.verify("s").await.unwrap();
    assert_eq!((head.seq, head.hash.len()), (3, 64));
    assert_eq!(store.verify("none").await.unwrap().seq, 0);
    let audit = store.verify_all().await.unwrap();
    assert_eq!(audit.broken, []);
    assert_eq!(audit.intact, store.streams("", None, 10).await.unwrap());
    assert_eq!(audit.intact[0], head);
    // Equal events in another stream have other hashes.
    assert_ne!(store.read("s", 0, 1).await.unwrap()[0].hash, store.read("t", 0, 1).await.unwrap()[0].hash);
}

async fn finds_every_changed_column(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3", "4"]).await;
    for (change, undo) in [
        ("kind = 'changed'", "kind = 'noted'"),
        ("version = 2", "version = 1"),
        ("at_ms = at_ms + 1", "at_ms = at_ms - 1"),
        ("principal = 'bo'", "principal = 'ann@example.com'"),
        ("body = '3 '", "body = '3'"),
        ("hash = upper(hash)", "hash = lower(hash)"),
    ] {
        assert_eq!(place.execute(&format!("UPDATE events SET {change} WHERE seq = 3")).await, 1);
        assert_eq!(broken_at(&place, "s").await, Some(3), "{change}");
        place.execute(&format!("UPDATE events SET {undo} WHERE seq = 3")).await;
        assert_eq!(broken_at(&place, "s").await, None, "{undo}");
    }
    place.execute("UPDATE streams SET hash = upper(hash)").await;
    assert_eq!(broken_at(&place, "s").await, Some(4));
}

async fn finds_deleted_and_inserted_events(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3", "4"]).await;
    // Two events change places.
    place.execute("UPDATE events SET seq = 9 WHERE seq = 2").await;
    assert_eq!(broken_at(&place, "s").await, Some(2));
    place.execute("UPDATE events SET seq = 2 WHERE seq = 3").await;
    assert_eq!(broken_at(&place, "s").await, Some(2));
    place.execute("UPDATE events SET seq = 3 WHERE seq = 9").await;
    assert_eq!(broken_at(&place, "s").await, Some(2));
    // A copy of an event is put in behind the end.
    note(&store, "t", 0, &["1", "2"]).await;
    place
        .execute(
            "INSERT INTO events (stream, seq, kind, version, at_ms, principal, body, hash) \
             SELECT stream, 3, kind, version, at_ms, principal, body, hash FROM events WHERE stream = 't' AND seq = 2",
        )
        .await;
    assert_eq!(broken_at(&place, "t").await, Some(3));
    // An event in the middle is missing, and the later ones move up.
    note(&store, "u", 0, &["1", "2", "3"]).await;
    place.execute("DELETE FROM events WHERE stream = 'u' AND seq = 2").await;
    assert_eq!(broken_at(&place, "u").await, Some(2));
    place.execute("UPDATE events SET seq = 2 WHERE stream = 'u' AND seq = 3").await;
    assert_eq!(broken_at(&place, "u").await, Some(2));
    // The first one is missing.
    note(&store, "v", 0, &["1", "2"]).await;
    place.execute("DELETE FROM events WHERE stream = 'v' AND seq = 1").await;
    assert_eq!(broken_at(&place, "v").await, Some(1));
}

async fn finds_a_removed_end(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3"]).await;
    place.execute("DELETE FROM events WHERE seq = 3").await;
    assert_eq!(broken_at(&place, "s").await, Some(3));
    // The head is set back as well, but its hash is not.
    place.execute("UPDATE streams SET seq = 2").await;
    assert_eq!(broken_at(&place, "s").await, Some(2));
    // An event beyond the head was never acknowledged.
    note(&store, "t", 0, &["1", "2", "3"]).await;
    place.execute("UPDATE streams SET seq = 2 WHERE stream = 't'").await;
    assert_eq!(broken_at(&place, "t").await, Some(3));
}

async fn finds_a_removed_stream_and_names_each_broken_one(place: Place) {
    let store = place.open().await;
    for stream in ["a", "b", "c", "d"] {
        note(&store, stream, 0, &["1", "2"]).await;
    }
    place.execute("DELETE FROM events WHERE stream = 'a'").await;
    place.execute("DELETE FROM streams WHERE stream = 'b'").await;
    place.execute("UPDATE events SET body = 'x' WHERE stream = 'c' AND seq = 2").await;
    let audit = store.verify_all().await.unwrap();
    let broken: Vec<(&str, u64)> = audit.broken.iter().map(|b| (b.stream.as_str(), b.seq)).collect();
    assert_eq!(broken, [("a", 1), ("b", 1), ("c", 2)]);
    assert_eq!(audit.intact.len(), 1);
    assert_eq!(audit.intact[0].stream, "d");
}

async fn never_reads_a_changed_event(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3", "4"]).await;
    place.execute("UPDATE events SET body = 'x' WHERE seq = 3").await;
    assert_eq!(store.read("s", 0, 2).await.unwrap().len(), 2);
    assert_eq!(store.read("s", 3, 2).await.unwrap().len(), 1);
    for (after, limit) in [(0, 10), (2, 1), (1, 2)] {
        let refused = store.read("s", after, limit).await;
        assert!(matches!(&refused, Err(Error::Broken(broken)) if broken.seq == 3), "{refused:?}");
    }
    place.execute("DELETE FROM events WHERE seq = 3").await;
    for after in [0, 1, 2, 3] {
        let refused = store.read("s", after, 10).await;
        assert!(matches!(&refused, Err(Error::Broken(broken)) if broken.seq == 3), "{after}: {refused:?}");
    }
}

/// Nobody goes on after an end that was cut off: the head still knows the number.
async fn does_not_append_to_a_broken_end(place: Place) {
    let store = place.open().await;
    note(&store, "s", 0, &["1", "2", "3"]).await;
    place.execute("DELETE FROM events WHERE seq = 3").await;
    let refused = store.append(append("s", 2, &[event("other")])).await;
    assert!(matches!(refused, Err(Error::Conflict { expected: 2, found: 3 })), "{refused:?}");
}
