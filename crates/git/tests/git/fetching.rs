//! Branches, tags and commits; a cache that needs no network.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use seaway_git::{Error, Reference};

use crate::repository::{Repository, cache, names, remote, version};

#[test]
fn resolves_and_reads() {
    let repository = Repository::new();
    repository.write("stable/redis/Chart.yaml", "name: redis\n");
    repository.write("top.yaml", "a: 1\n");
    let first = repository.commit();
    repository.git(&["tag", "v1"]);
    repository.git(&["tag", "-a", "v1-annotated", "-m", "x"]);
    repository.write("top.yaml", "a: 2\n");
    let second = repository.commit();
    repository.git(&["branch", "release/2"]);
    let url = repository.url();
    let (fetched, remote) = (cache(&url), remote(&url));
    for (reference, commit) in [
        (Reference::Head, &second),
        (Reference::Branch("main".into()), &second),
        (Reference::Branch("release/2".into()), &second),
        (version("v1"), &first),
        (version("v1-annotated"), &first),
        (version("release/2"), &second),
        (version(&first), &first),
        (version(&first[..8]), &first),
    ] {
        assert_eq!(&fetched.cache.resolve(&remote, &reference).unwrap(), commit, "{reference:?}");
    }
    for reference in [Reference::Branch("gone".into()), version("gone"), version("deadbeef")] {
        let error = fetched.cache.resolve(&remote, &reference).unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    }
    fetched.cache.fetch(&remote, &first).unwrap();
    let files = fetched.cache.read(&first, "stable/redis").unwrap();
    assert_eq!(names(&files), ["Chart.yaml"]);
    assert_eq!(fetched.cache.read(&first, "").unwrap()["top.yaml"], b"a: 1\n");
    assert_eq!(names(&fetched.cache.read(&first, "nowhere").unwrap()), [""; 0]);
}

#[test]
fn what_was_fetched_needs_no_repository() {
    let repository = Repository::new();
    repository.write("a", "1");
    let first = repository.commit();
    repository.write("a", "2");
    let second = repository.commit();
    let url = repository.url();
    let (fetched, remote) = (cache(&url), remote(&url));
    // An older commit after a newer one: the cache is shallow, then filled up.
    fetched.cache.fetch(&remote, &second).unwrap();
    fetched.cache.fetch(&remote, &first).unwrap();
    drop(repository);
    fetched.cache.fetch(&remote, &first).unwrap();
    assert_eq!(fetched.cache.read(&first, "").unwrap()["a"], b"1");
    assert_eq!(fetched.cache.read(&second, "").unwrap()["a"], b"2");
    assert!(matches!(fetched.cache.fetch(&remote, &"0".repeat(40)), Err(Error::Failed { .. })));
}

#[test]
fn from_a_daemon() {
    let repository = Repository::new();
    repository.write("a", "1");
    let commit = repository.commit();
    // A port that was free a moment ago; the daemon says when it listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // A group of its own: `git` runs the daemon as another process.
    let mut daemon = Command::new("git")
        .process_group(0)
        .args(["daemon", "--verbose", "--export-all", "--reuseaddr", "--listen=127.0.0.1", "--log-destination=stderr"])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", repository.path().display()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let ready = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("Ready to rumble")));
    assert!(ready.is_some(), "the daemon did not start");
    let url = format!("git://127.0.0.1:{port}/.git");
    let (fetched, remote) = (cache(&url), remote(&url));
    let found = fetched.cache.resolve(&remote, &Reference::Branch("main".into()));
    let got = fetched.cache.fetch(&remote, &commit);
    let group = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    daemon.wait().unwrap();
    assert_eq!(found.unwrap(), commit);
    got.unwrap();
    assert_eq!(fetched.cache.read(&commit, "").unwrap()["a"], b"1");
}
