//! Content-addressed blobs.

use seaway_store::{Error, digest};

use crate::place::Place;

crate::on_both!(
    stores_content_once,
    refuses_a_false_digest,
    notices_changed_content,
    tells_what_is_missing,
    lets_many_writers_store_the_same,
);

fn blob(content: &[u8]) -> (String, Vec<u8>) {
    (digest(content), content.to_vec())
}

async fn stores_content_once(place: Place) {
    let store = place.open().await;
    let all: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let blobs = [blob(b""), blob(b"a"), blob(&all), blob(b"a")];
    store.put_blobs(&blobs).await.unwrap();
    store.put_blobs(&blobs).await.unwrap();
    store.put_blobs::<&str, &[u8]>(&[]).await.unwrap();
    for (digest, content) in &blobs {
        assert_eq!(store.get_blob(digest).await.unwrap(), *content);
    }
    let missing = store.get_blob(&digest(b"never")).await;
    assert!(matches!(&missing, Err(Error::NotFound { what, .. }) if what == "blob"), "{missing:?}");
}

async fn refuses_a_false_digest(place: Place) {
    let store = place.open().await;
    let good = blob(b"good");
    let digests = [digest(b"other"), "sha256:".to_owned(), String::new(), digest(b"x").replace("sha256:", "")];
    for wrong in digests {
        let refused = store.put_blobs(&[good.clone(), (wrong, b"content".to_vec())]).await;
        assert!(matches!(refused, Err(Error::Invalid { what: "a blob", .. })), "{refused:?}");
    }
    assert_eq!(store.missing_blobs(std::slice::from_ref(&good.0)).await.unwrap(), [good.0]);
}

async fn notices_changed_content(place: Place) {
    let store = place.open().await;
    let (digest, content) = blob(b"what was written");
    store.put_blobs(&[(&digest, &content)]).await.unwrap();
    let other = if place.is_sqlite() { "x'00'" } else { "'\\x00'" };
    assert_eq!(place.execute(&format!("UPDATE blobs SET content = {other} WHERE digest = '{digest}'")).await, 1);
    let refused = store.get_blob(&digest).await;
    assert!(matches!(&refused, Err(Error::Corrupt { detail, .. }) if detail.contains(&digest)), "{refused:?}");
}

async fn tells_what_is_missing(place: Place) {
    let store = place.open().await;
    // More than one block, and a rest that is no power of two.
    let blobs: Vec<_> = (0..600_u32).map(|number| blob(&number.to_le_bytes())).collect();
    let (there, _) = blobs.split_at(300);
    store.put_blobs(there).await.unwrap();
    let digests: Vec<&str> = blobs.iter().map(|(digest, _)| digest.as_str()).collect();
    assert_eq!(store.missing_blobs(&digests).await.unwrap(), digests[300..]);
    let twice = [digests[599], digests[0], digests[599]];
    assert_eq!(store.missing_blobs(&twice).await.unwrap(), [digests[599]]);
    assert_eq!(store.missing_blobs::<&str>(&[]).await.unwrap(), [""; 0]);
}

async fn lets_many_writers_store_the_same(place: Place) {
    let stores = [place.open().await, place.open().await];
    let blobs: Vec<_> = (0..100_u32).map(|number| blob(&number.to_le_bytes())).collect();
    let tasks: Vec<_> = (0..6)
        .map(|task| {
            let store = stores[task % 2].clone();
            let mut blobs = blobs.clone();
            blobs.rotate_left(task * 17);
            if task % 3 == 0 {
                blobs.reverse();
            }
            tokio::spawn(async move { store.put_blobs(&blobs).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let digests: Vec<&str> = blobs.iter().map(|(digest, _)| digest.as_str()).collect();
    assert_eq!(stores[0].missing_blobs(&digests).await.unwrap(), [""; 0]);
}
