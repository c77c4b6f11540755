//! A disk that is really full: a small file system in memory, for which the test must be root.

use std::path::Path;
use std::process::Command;

use seaway_store::{Error, Location, NewEvent, Store};
use seaway_testbed::postgres::Postgres;
use tempfile::TempDir;

use crate::place::{append, event, run};

/// A file system of its own, unmounted at the end.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// None, with a word on stderr, when this user may not mount.
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self { folder }),
            refused => {
                eprintln!(
                    "not tested on a real full disk: mounting a small file system is not permitted here \
                     ({refused:?}); the same is tested with a limit on the file's size"
                );
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// Appends until the disk is full; answers what was acknowledged.
async fn fill(store: &Store, size: usize) -> u64 {
    let mut head = store.head("s").await.unwrap();
    loop {
        let events: Vec<NewEvent> = (0..3).map(|_| event(&"x".repeat(size))).collect();
        match store.append(append("s", head, &events)).await {
            Ok(seq) => head = seq,
            Err(Error::Full { .. }) => return head,
            Err(other) => panic!("after {head}: {other:?}"),
        }
        assert!(head < 1_000_000, "the disk does not become full");
    }
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_on_sqlite() {
    for size in [100, 5_000, 150_000] {
        let Some(disk) = Disk::mount("size=3m") else { return };
        let location = Location::Sqlite(disk.path().join(".seaway/state.db"));
        run(async {
            // Some space that somebody frees later.
            let ballast = disk.path().join("ballast");
            std::fs::write(&ballast, vec![0; 600 << 10]).unwrap();
            let store = Store::open(&location).await.unwrap();
            let acknowledged = fill(&store, size).await;
            assert!(acknowledged > 0);
            // Readers and the refusal go on in the same process.
            assert_eq!(store.verify("s").await.unwrap().seq, acknowledged);
            let refused = store.append(append("s", acknowledged, &[event(&"x".repeat(size * 3))])).await;
            assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
            drop(store);

            // Another process on the full disk: it reads, or says that the disk is full.
            match Store::open(&location).await {
                Ok(store) => {
                    let head = store.verify("s").await;
                    assert!(
                        matches!(&head, Ok(head) if head.seq == acknowledged)
                            || matches!(head, Err(Error::Full { .. })),
                        "{size}: {head:?}"
                    );
                }
                Err(error) => assert!(matches!(error, Error::Full { .. }), "{size}: {error:?}"),
            }

            std::fs::remove_file(&ballast).unwrap();
            let store = Store::open(&location).await.unwrap();
            let audit = store.verify_all().await.unwrap();
            assert_eq!(audit.broken, []);
            assert_eq!(audit.intact[0].seq, acknowledged, "{size}");
            assert_eq!(store.append(append("s", acknowledged, &[event("again")])).await.unwrap(), acknowledged + 1);
            store.close().await;
        });
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_says_so() {
    let Some(disk) = Disk::mount("size=1m") else { return };
    run(async {
        let rest = disk.path().join("rest");
        // The file system refuses the last write: what fits is written.
        let _ = std::fs::write(&rest, vec![0; 2 << 20]);
        let refused = Store::open(&Location::Sqlite(disk.path().join("state.db"))).await;
        assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
        std::fs::remove_file(rest).unwrap();
        Store::open(&Location::Sqlite(disk.path().join("state.db"))).await.unwrap();
    });
}

#[test]
fn a_read_only_disk_is_named() {
    let Some(disk) = Disk::mount("size=4m") else { return };
    run(async {
        let location = Location::Sqlite(disk.path().join(".seaway/state.db"));
        let store = Store::open(&location).await.unwrap();
        store.append(append("s", 0, &[event("1")])).await.unwrap();
        store.close().await;
        let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(disk.path()).status().unwrap();
        assert!(remount.success());
        for location in [location, Location::Sqlite(disk.path().join("new/state.db"))] {
            let refused = Store::open(&location).await;
            assert!(matches!(refused, Err(Error::ReadOnly { .. })), "{location}: {refused:?}");
        }
    });
}

#[test]
fn a_full_disk_loses_nothing_acknowledged_on_postgres() {
    // A server of its own: all databases of a server feel a checkpoint that cannot write. Who is not
    // root has no other owner, and may not mount either.
    let server = Postgres::start().unwrap();
    let (uid, gid) = server.owner().unwrap_or_default();
    let Some(disk) = Disk::mount(&format!("size=24m,mode=700,uid={uid},gid={gid}")) else { return };
    let url = server.create_database_in(disk.path()).unwrap();
    let database = url.rsplit('/').next().unwrap().to_owned();
    run(async {
        let location = Location::Postgres(url);
        let store = Store::open(&location).await.unwrap();
        let ballast = disk.path().join("ballast");
        std::fs::write(&ballast, vec![0; 2 << 20]).unwrap();
        // PostgreSQL compresses repetition.
        let acknowledged = fill_incompressibly(&store).await;
        assert!(acknowledged > 0);
        assert_eq!(store.verify("s").await.unwrap().seq, acknowledged);
        std::fs::remove_file(&ballast).unwrap();
        let audit = Store::open(&location).await.unwrap().verify_all().await.unwrap();
        assert_eq!((audit.broken.len(), audit.intact[0].seq), (0, acknowledged));
        assert_eq!(store.append(append("s", acknowledged, &[event("again")])).await.unwrap(), acknowledged + 1);
        store.close().await;
    });
    // The server gives the files back before the disk goes.
    server.sql(&format!("DROP DATABASE {database}")).unwrap();
}

async fn fill_incompressibly(store: &Store) -> u64 {
    let mut head = 0;
    let mut last = Vec::new();
    loop {
        let mut body = String::new();
        while body.len() < 200_000 {
            last = seaway_store::digest(&last).into_bytes();
            body.push_str(std::str::from_utf8(&last[7..]).unwrap());
        }
        match store.append(append("s", head, &[event(&body)])).await {
            Ok(seq) => head = seq,
            Err(Error::Full { .. }) => return head,
            Err(other) => panic!("after {head}: {other:?}"),
        }
        assert!(head < 10_000, "the disk does not become full");
    }
}
