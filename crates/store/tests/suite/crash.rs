//! A process that is killed while it appends: everything that it acknowledged is there.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use seaway_store::{Error, Location, NewEvent, Store};

use crate::place::{append, event, run};

/// Where the child finds the store.
const FILE: &str = "SEAWAY_STORE_TEST_CRASH_FILE";
const KILLS: u64 = 20;

/// The child: this same test program, told by the environment to append until it is killed.
#[test]
fn child_appends_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else {
        return;
    };
    run(async move {
        let store = Store::open(&Location::Sqlite(file)).await.unwrap();
        let mut head = store.head("s").await.unwrap();
        println!("opened {head}");
        loop {
            // One to four events, some of them over many pages.
            let bodies =
                (0..=head % 4).map(|more| format!("{} {}", head + 1 + more, "z".repeat((head % 7 * 3_000) as usize)));
            let events: Vec<NewEvent> = bodies.map(|body| event(&body)).collect();
            head = store.append(append("s", head, &events)).await.unwrap();
            println!("acknowledged {head}");
        }
    });
}

/// The moment of the kill: an acknowledgement and some microseconds after it, so that it falls
/// anywhere between two of them.
fn moment(kill: u64) -> (u64, Duration) {
    let spread = kill.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    (spread % 60, Duration::from_micros(spread % 4_000))
}

/// Starts a child on the store, kills it, answers the last number that it acknowledged.
fn kill_once(file: &std::path::Path, kill: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_appends_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (wanted, pause) = moment(kill);
    let mut last = None;
    let mut seen = 0;
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // After the kill the pipe still holds what was printed before: it counts as well. A line that
    // the kill cut off has no end, its number may be cut off too: it is not read.
    for line in lines.map_while(Result::ok) {
        let Some((word, number)) = line.rsplit_once(' ') else { continue };
        if !word.ends_with("opened") && !word.ends_with("acknowledged") {
            continue;
        }
        last = number.parse().ok().or(last);
        if seen == wanted {
            std::thread::sleep(pause);
            child.kill().unwrap();
        }
        seen += 1;
    }
    child.kill().unwrap();
    assert_ne!(child.wait().unwrap().code(), Some(0), "the child ended by itself");
    assert!(seen > wanted, "the child appended nothing");
    last.unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    let mut before = 0;
    for kill in 0..KILLS {
        let acknowledged = kill_once(&file, kill);
        run(async {
            let store = Store::open(&Location::Sqlite(file.clone())).await.unwrap();
            let head = store.verify("s").await.unwrap().seq;
            assert!(head >= acknowledged && acknowledged >= before, "kill {kill}: {before} {acknowledged} {head}");
            // At most the one append that was under way is there without having been answered.
            assert!(head <= acknowledged + 4, "kill {kill}: {acknowledged} {head}");
            let audit = store.verify_all().await.unwrap();
            assert_eq!(audit.broken, []);
            check_bodies(&store, head).await;
            before = head;
            // Every other time the files are left as the kill left them.
            if kill % 2 == 0 {
                store.close().await;
            } else {
                drop(store);
            }
        });
    }
    assert!(before > KILLS);
}

async fn check_bodies(store: &Store, head: u64) {
    let mut seq = 0;
    loop {
        let page = match store.read("s", seq, 500).await {
            Ok(page) => page,
            Err(Error::Broken(broken)) => panic!("{broken}"),
            Err(other) => panic!("{other:?}"),
        };
        if page.is_empty() {
            break;
        }
        for event in page {
            seq += 1;
            assert_eq!(event.body.split(' ').next().unwrap(), seq.to_string());
        }
    }
    assert_eq!(seq, head);
}
