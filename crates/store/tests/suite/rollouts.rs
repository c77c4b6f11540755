//! The index of rollouts.

use seaway_store::{Append, Error, RolloutFilter, RolloutRow, Store};

use crate::place::{Place, append, event};

crate::on_both!(changes_together_with_events, lists_newest_first_in_pages, finds_a_rollout_by_the_beginning_of_its_id,);

fn row(id: &str, environment: &str, phase: &str, created_ms: i64) -> RolloutRow {
    RolloutRow {
        id: id.to_owned(),
        environment: environment.to_owned(),
        services: "[\"shop\"]".to_owned(),
        plan: "sha256:ab".to_owned(),
        phase: phase.to_owned(),
        created_ms,
        updated_ms: created_ms,
    }
}

async fn index(store: &Store, row: &RolloutRow) {
    let stream = format!("rollout/{}", row.id);
    let head = store.head(&stream).await.unwrap();
    let events = [event("x")];
    store.append(Append { index: Some(row), ..append(&stream, head, &events) }).await.unwrap();
}

async fn changes_together_with_events(place: Place) {
    let store = place.open().await;
    let first = row("r1", "prod", "Running", 1);
    index(&store, &first).await;
    assert_eq!(store.rollout("r1").await.unwrap(), first);
    let later = RolloutRow { phase: "Succeeded".into(), updated_ms: 9, services: "[]".into(), ..first };
    index(&store, &later).await;
    assert_eq!(store.rollout("r1").await.unwrap(), later);
    let events = [event("x")];
    let stale = row("r1", "prod", "Failed", 1);
    let refused = store.append(Append { index: Some(&stale), ..append("rollout/r1", 1, &events) }).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(store.rollout("r1").await.unwrap(), later);
    let missing = store.rollout("r").await;
    assert!(matches!(&missing, Err(Error::NotFound { name, .. }) if name == "r"), "{missing:?}");
}

async fn lists_newest_first_in_pages(place: Place) {
    let store = place.open().await;
    for (id, environment, phase, created_ms) in [
        ("r1", "prod", "Running", 10),
        ("r2", "int", "Running", 30),
        ("r3", "prod", "Failed", 20),
        ("r4", "prod", "Running", 20),
        ("r5", "prod", "Running", 5),
    ] {
        index(&store, &row(id, environment, phase, created_ms)).await;
    }
    let list = async |environment: Option<&str>, phase: Option<&str>| {
        let filter = RolloutFilter { environment: environment.map(str::to_owned), phase: phase.map(str::to_owned) };
        let (mut ids, mut last) = (Vec::new(), None);
        loop {
            let page = store.rollouts(&filter, 2, last.as_ref()).await.unwrap();
            assert!(page.len() <= 2);
            last = page.last().cloned();
            if last.is_none() {
                return ids.join(" ");
            }
            ids.extend(page.into_iter().map(|row| row.id));
        }
    };
    assert_eq!(list(None, None).await, "r2 r4 r3 r1 r5");
    assert_eq!(list(Some("prod"), None).await, "r4 r3 r1 r5");
    assert_eq!(list(Some("prod"), Some("Running")).await, "r4 r1 r5");
    assert_eq!(list(None, Some("Failed")).await, "r3");
    assert_eq!(list(Some("pro"), None).await, "");
}

async fn finds_a_rollout_by_the_beginning_of_its_id(place: Place) {
    let store = place.open().await;
    for id in ["0190aa", "0190ab", "0190ab-2", "0290", "ä1"] {
        index(&store, &row(id, "prod", "Running", 1)).await;
    }
    assert_eq!(store.resolve_rollout("0190aa").await.unwrap().id, "0190aa");
    assert_eq!(store.resolve_rollout("02").await.unwrap().id, "0290");
    assert_eq!(store.resolve_rollout("ä").await.unwrap().id, "ä1");
    // A whole id wins over those that begin with it.
    assert_eq!(store.resolve_rollout("0190ab").await.unwrap().id, "0190ab");
    let several = store.resolve_rollout("0190").await;
    match several {
        Err(Error::Ambiguous { prefix, candidates, .. }) => {
            assert_eq!((prefix.as_str(), candidates.len()), ("0190", 3));
            assert_eq!(candidates, ["0190aa", "0190ab", "0190ab-2"]);
        }
        other => panic!("{other:?}"),
    }
    for missing in ["03", "0190ac", "%", "_190aa", "0190AA"] {
        let refused = store.resolve_rollout(missing).await;
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{missing}: {refused:?}");
    }
    assert!(matches!(store.resolve_rollout("").await, Err(Error::Invalid { .. })));
}
