//! Documents with compare-and-set.

use seaway_store::{Document, Error};

use crate::place::Place;

crate::on_both!(creates_once, replaces_only_what_was_read, lists_and_finds_by_prefix, lets_one_of_many_replace);

async fn creates_once(place: Place) {
    let store = place.open().await;
    assert_eq!(store.put_document("plan", "p1", "{\"a\":1}").await.unwrap(), 1);
    assert_eq!(store.put_document("plan", "p1", "{\"a\":1}").await.unwrap(), 1);
    let refused = store.put_document("plan", "p1", "{\"a\":2}").await;
    assert!(matches!(refused, Err(Error::Conflict { expected: 0, found: 1 })), "{refused:?}");
    // Another kind is another document.
    assert_eq!(store.put_document("approval", "p1", "{}").await.unwrap(), 1);
    let document = store.get_document("plan", "p1").await.unwrap();
    assert_eq!(document, Document { id: "p1".into(), revision: 1, json: "{\"a\":1}".into() });
    let missing = store.get_document("plan", "p2").await;
    assert!(matches!(&missing, Err(Error::NotFound { what, name }) if what == "plan" && name == "p2"), "{missing:?}");
}

async fn replaces_only_what_was_read(place: Place) {
    let store = place.open().await;
    let refused = store.replace_document("k", "d", "x", 1).await;
    assert!(matches!(refused, Err(Error::Conflict { expected: 1, found: 0 })), "{refused:?}");
    assert_eq!(store.replace_document("k", "d", "1", 0).await.unwrap(), 1);
    assert_eq!(store.replace_document("k", "d", "2", 1).await.unwrap(), 2);
    for expected in [0, 1, 3] {
        let refused = store.replace_document("k", "d", "x", expected).await;
        assert!(matches!(refused, Err(Error::Conflict { found: 2, .. })), "{refused:?}");
    }
    assert_eq!(store.get_document("k", "d").await.unwrap().json, "2");
}

async fn lists_and_finds_by_prefix(place: Place) {
    let store = place.open().await;
    for id in ["sha256:aa", "sha256:ab", "sha256:B", "z"] {
        store.put_document("plan", id, "{}").await.unwrap();
    }
    store.put_document("other", "sha256:ac", "{}").await.unwrap();
    let all = store.list_documents("plan", None, 10).await.unwrap();
    assert_eq!(all, ["sha256:B", "sha256:aa", "sha256:ab", "z"]);
    assert_eq!(store.list_documents("plan", Some("sha256:aa"), 1).await.unwrap(), ["sha256:ab"]);
    assert_eq!(store.resolve_document("plan", "sha256:ab").await.unwrap().id, "sha256:ab");
    assert_eq!(store.resolve_document("plan", "z").await.unwrap().id, "z");
    let several = store.resolve_document("plan", "sha256:a").await;
    assert!(matches!(&several, Err(Error::Ambiguous { candidates, .. }) if candidates.len() == 2), "{several:?}");
    let missing = store.resolve_document("plan", "sha256:ac").await;
    assert!(matches!(missing, Err(Error::NotFound { .. })), "{missing:?}");
}

async fn lets_one_of_many_replace(place: Place) {
    let stores = [place.open().await, place.open().await];
    stores[0].put_document("k", "d", "0").await.unwrap();
    for revision in 1..=5 {
        let tasks: Vec<_> = (0..6)
            .map(|task| {
                let store = stores[task % 2].clone();
                tokio::spawn(async move { store.replace_document("k", "d", &task.to_string(), revision).await })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(new) => {
                    assert_eq!(new, revision + 1);
                    winners += 1;
                }
                Err(Error::Conflict { found, .. }) => assert_eq!(found, revision + 1),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(winners, 1);
    }
}
