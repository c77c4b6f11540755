//! Noticing commits.

use crate::place::{Place, note};

crate::on_both!(notices_every_commit_of_anybody);

async fn notices_every_commit_of_anybody(place: Place) {
    let watcher = place.open().await;
    let writer = place.open().await;
    let mut last = watcher.watch_token().await.unwrap();
    let mut head = 0;
    for round in 0..20 {
        // By another process, and by the watching one.
        let store = if round % 2 == 0 { &writer } else { &watcher };
        head = note(store, "s", head, &["x"]).await;
        let token = watcher.watch_token().await.unwrap();
        assert_ne!(token, last, "round {round}");
        last = token;
    }
    if place.is_sqlite() {
        for _ in 0..5 {
            assert_eq!(watcher.watch_token().await.unwrap(), last, "nothing was written");
        }
    }
    writer.acquire_lease("l", "a", 0, 1).await.unwrap();
    assert_ne!(watcher.watch_token().await.unwrap(), last);
}
