//! What happens to a SQLite store when its file is damaged, locked or may not grow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seaway_store::{Error, Location, NewEvent, Options, Store};
use sqlx::Connection;

use crate::place::{Place, append, event, note, run};

fn file(place: &Place) -> &std::path::Path {
    match &place.location {
        Location::Sqlite(path) => path,
        Location::Postgres(_) => panic!("not a file"),
    }
}

#[test]
fn another_process_that_keeps_the_lock_is_named_after_the_busy_timeout() {
    run(async {
        let place = Place::sqlite();
        let options = Options { busy_timeout: Duration::from_millis(200), ..Options::default() };
        let store = place.open_with(&options).await;
        note(&store, "s", 0, &["1"]).await;

        let mut other = place.raw().await;
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let began = Instant::now();
        let refused = store.append(append("s", 1, &[event("2")])).await;
        assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
        assert!(began.elapsed() >= Duration::from_millis(200));
        // Readers go on, also new ones.
        assert_eq!(store.read("s", 0, 10).await.unwrap().len(), 1);
        assert_eq!(place.open_with(&options).await.head("s").await.unwrap(), 1);

        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(note(&store, "s", 1, &["2"]).await, 2);
    });
}

#[test]
fn a_new_file_that_another_process_locks_is_not_half_created() {
    run(async {
        let place = Place::sqlite();
        std::fs::create_dir(file(&place).parent().unwrap()).unwrap();
        std::fs::write(file(&place), "").unwrap();
        let mut other = place.raw().await;
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
        let options = Options { busy_timeout: Duration::from_millis(100), ..Options::default() };
        let refused = Store::open_with(&place.location, &options).await;
        assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
        other.close().await.unwrap();
        assert_eq!(place.open().await.head("s").await.unwrap(), 0);
    });
}

/// The limit stands for a full disk: SQLite answers the same, at the same places.
#[test]
fn a_full_file_keeps_what_was_acknowledged_and_nothing_else() {
    run(async {
        for (size, events) in [(10, 1), (3_000, 1), (900, 40), (200_000, 1)] {
            let place = Place::sqlite();
            let options = Options { sqlite_max_bytes: Some(1 << 20), ..Options::default() };
            let store = place.open_with(&options).await;
            let events: Vec<NewEvent> = (0..events).map(|_| event(&"x".repeat(size))).collect();
            let mut acknowledged = 0;
            let error = loop {
                match store.append(append("s", acknowledged, &events)).await {
                    Ok(seq) => acknowledged = seq,
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, Error::Full { .. }), "{size}: {error:?}");
            assert!(acknowledged > 0);
            // Still usable in this process: reads, and the refusal stays the same.
            assert_eq!(store.verify("s").await.unwrap().seq, acknowledged);
            for _ in 0..3 {
                let refused = store.append(append("s", acknowledged, &events)).await;
                assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
            }
            store.close().await;
            // With space again it goes on where it stopped.
            let store = place.open().await;
            let audit = store.verify_all().await.unwrap();
            assert_eq!(audit.broken, []);
            assert_eq!(audit.intact[0].seq, acknowledged);
            assert_eq!(
                store.append(append("s", acknowledged, &events)).await.unwrap(),
                acknowledged + events.len() as u64
            );
        }
    });
}

#[test]
fn a_blob_or_claim_that_does_not_fit_leaves_nothing() {
    run(async {
        let place = Place::sqlite();
        let options = Options { sqlite_max_bytes: Some(1 << 20), ..Options::default() };
        let store = place.open_with(&options).await;
        let small = b"small".to_vec();
        let large = vec![7; 2 << 20];
        let blobs = [(seaway_store::digest(&small), small), (seaway_store::digest(&large), large)];
        let refused = store.put_blobs(&blobs).await;
        assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
        let digests = blobs.each_ref().map(|(digest, _)| digest.clone());
        assert_eq!(store.missing_blobs(&digests).await.unwrap(), digests);
        let keys: Vec<String> = (0..20_000).map(|number| format!("service/cluster-{number}")).collect();
        let refused = store.claim(&keys, "r1").await;
        assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
        assert_eq!(store.claims().await.unwrap(), []);
        note(&store, "s", 0, &["fits"]).await;
    });
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics in all threads of this test: those of the driver would not reach the caller.
fn count_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name().is_some_and(|name| name.starts_with("sqlx-sqlite")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        before(info);
    }));
}

/// Something in every table; closed, so that all of it is in the file.
async fn fill(store: &Store, expected: &[String]) {
    let events: Vec<NewEvent> = expected.iter().map(|body| event(body)).collect();
    for stream in ["a", "b"] {
        store.append(append(stream, 0, &events)).await.unwrap();
    }
    store.put_document("k", "d", "{}").await.unwrap();
    store.put_blobs(&[(seaway_store::digest(b"blob"), b"blob")]).await.unwrap();
    store.acquire_lease("l", "h", 0, 1).await.unwrap();
    store.claim(&["key".to_owned()], "r1").await.unwrap();
    store.close().await;
}

/// What a damaged file may answer: the truth, or that it is damaged.
async fn probe(location: &Location, expected: &[String]) -> Result<(), Error> {
    let store = Store::open(location).await?;
    let outcome = probe_open(&store, expected).await;
    store.close().await;
    outcome
}

async fn probe_open(store: &Store, expected: &[String]) -> Result<(), Error> {
    for stream in ["a", "b"] {
        let mut read = Vec::new();
        loop {
            let page = store.read(stream, read.len() as u64, 7).await?;
            if page.is_empty() {
                break;
            }
            read.extend(page.into_iter().map(|event| event.body));
        }
        assert_eq!(read, expected, "events were changed without notice");
    }
    let document = store.get_document("k", "d").await?;
    assert_eq!((document.revision, document.id.as_str()), (1, "d"));
    store.get_blob(&seaway_store::digest(b"blob")).await?;
    store.rollouts(&seaway_store::RolloutFilter::default(), 10, None).await?;
    store.claims().await?;
    store.lease("l").await?;
    store.append(append("a", expected.len() as u64, &[event("new")])).await?;
    store.verify_all().await?;
    Ok(())
}

#[derive(Debug, Clone)]
enum Damage {
    /// Bytes at a part of the file's length are replaced.
    Overwrite { at: f64, bytes: Vec<u8> },
    /// A whole page of 4 KiB is replaced.
    Page { at: f64, fill: u8 },
    /// The end is cut off.
    Cut { at: f64 },
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = proptest::collection::vec(any::<u8>(), 1..300);
    prop_oneof![
        4 => (0.0..1.0, bytes.clone()).prop_map(|(at, bytes)| Damage::Overwrite { at, bytes }),
        // The first page describes all others.
        2 => (0.0..0.05, bytes).prop_map(|(at, bytes)| Damage::Overwrite { at, bytes }),
        2 => (0.0..1.0, prop_oneof![Just(0), Just(0xff), any::<u8>()]).prop_map(|(at, fill)| Damage::Page { at, fill }),
        1 => (0.0..1.0).prop_map(|at| Damage::Cut { at }),
    ]
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn damaged(mut content: Vec<u8>, damage: &Damage) -> Vec<u8> {
    let length = content.len();
    let place = |at: f64| ((length as f64 * at) as usize).min(length - 1);
    match damage {
        Damage::Overwrite { at, bytes } => {
            let at = place(*at);
            let end = length.min(at + bytes.len());
            content[at..end].copy_from_slice(&bytes[..end - at]);
        }
        Damage::Page { at, fill } => {
            let at = place(*at) / 4096 * 4096;
            content[at..length.min(at + 4096)].fill(*fill);
        }
        Damage::Cut { at } => content.truncate(place(*at)),
    }
    content
}

/// Not a single answer is wrong, and no thread panics, whatever is overwritten. An intact answer
/// is possible too: some bytes of a file mean nothing.
#[test]
fn a_damaged_file_is_recognised_and_never_believed() {
    count_panics();
    let place = Place::sqlite();
    let expected: Vec<String> = (0..60).map(|number| format!("{number} {}", "y".repeat(number * 40))).collect();
    run(async { fill(&place.open().await, &expected).await });
    let whole = std::fs::read(file(&place)).unwrap();
    run(async { probe(&place.location, &expected).await.unwrap() });
    let config = Config { cases: 250, failure_persistence: None, ..Config::default() };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let recognised = AtomicUsize::new(0);
    let outcome = TestRunner::new_with_rng(config, seed).run(&damage(), |damage| {
        let copy = Place::sqlite();
        std::fs::create_dir(file(&copy).parent().unwrap()).unwrap();
        std::fs::write(file(&copy), damaged(whole.clone(), &damage)).unwrap();
        let mut outcome = Ok(());
        run(async { outcome = probe(&copy.location, &expected).await });
        match outcome {
            Ok(()) => Ok(()),
            Err(Error::Corrupt { .. } | Error::Broken(_)) => {
                recognised.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            // What is gone or looks like another number is not believed either.
            Err(Error::NotFound { .. } | Error::Conflict { .. } | Error::TooNew { .. }) => Ok(()),
            Err(other) => Err(TestCaseError::fail(format!("{other:?}"))),
        }
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(recognised.into_inner() > 100, "the damage was too small to test anything");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "a thread of the driver panicked");
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_alone() {
    run(async {
        let place = Place::sqlite();
        std::fs::create_dir(file(&place).parent().unwrap()).unwrap();
        let text = "apiVersion: seaway.dev/v1\n".repeat(1_000);
        std::fs::write(file(&place), &text).unwrap();
        let refused = Store::open(&place.location).await;
        assert!(matches!(refused, Err(Error::Corrupt { .. })), "{refused:?}");
        assert_eq!(std::fs::read_to_string(file(&place)).unwrap(), text);
    });
}
