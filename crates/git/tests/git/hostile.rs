//! Repositories that mean harm.

use std::{fs, time::Duration};

use seaway_git::{Error, Git, Limits, Reference, Remote, Transports};

use crate::repository::{ALL, Repository, cache, cache_with, limits, names, remote};

fn read(repository: &Repository, folder: &str) -> Result<seaway_git::Files, Error> {
    let commit = repository.commit();
    let url = repository.url();
    let (fetched, remote) = (cache(&url), remote(&url));
    fetched.cache.fetch(&remote, &commit).unwrap();
    fetched.cache.read(&commit, folder)
}

#[test]
fn links_are_followed_inside_alone() {
    let repository = Repository::new();
    repository.write("shared/a.yaml", "a: 1\n");
    repository.write("shared/deep/b.yaml", "b: 1\n");
    repository.write("app/own.yaml", "c: 1\n");
    repository.link("app/file.yaml", "../shared/a.yaml");
    repository.link("app/folder", "../shared");
    repository.link("app/twice.yaml", "file.yaml");
    repository.link("app/through.yaml", "folder/deep/b.yaml");
    repository.link("alias", "app");
    let files = read(&repository, "app").unwrap();
    let all = ["file.yaml", "folder/a.yaml", "folder/deep/b.yaml", "own.yaml", "through.yaml", "twice.yaml"];
    assert_eq!(names(&files), all);
    assert_eq!(files["twice.yaml"], b"a: 1\n");
    assert_eq!(names(&read(&repository, "alias").unwrap()), all);
}

#[test]
fn links_elsewhere_are_refused() {
    for target in ["/etc/passwd", "../../etc/passwd", "../../../..", "gone", "..", ".", "self"] {
        let repository = Repository::new();
        repository.write("app/a.yaml", "a: 1\n");
        repository.link("app/self", target);
        let error = read(&repository, "app").unwrap_err();
        assert!(matches!(&error, Error::Link { path, .. } if path == "app/self"), "{target}: {error:?}");
        // A link elsewhere does no harm to who does not need it.
        repository.write("other/b.yaml", "b: 1\n");
        assert_eq!(names(&read(&repository, "other").unwrap()), ["b.yaml"]);
    }
}

#[test]
fn links_do_not_multiply() {
    let repository = Repository::new();
    repository.write("l0/a", "x");
    for level in 1..20 {
        for n in 0..4 {
            repository.link(&format!("l{level}/{n}"), &format!("../l{}", level - 1));
        }
    }
    let commit = repository.commit();
    let url = repository.url();
    let fetched = cache_with(&url, Limits { tree_files: 1000, ..limits() });
    fetched.cache.fetch(&remote(&url), &commit).unwrap();
    let error = fetched.cache.read(&commit, "l19").unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. } | Error::Link { .. }), "{error:?}");
}

#[test]
fn submodules_and_hooks_do_nothing() {
    let inner = Repository::new();
    inner.write("secret", "x");
    inner.commit();
    let repository = Repository::new();
    repository.write("a", "1");
    repository.git(&["submodule", "--quiet", "add", &inner.url(), "sub"]);
    let mark = repository.path().join("ran");
    repository.write(".gitattributes", "* filter=evil\n");
    repository.write("hooks/post-checkout", &format!("#!/bin/sh\ntouch {}\n", mark.display()));
    let commit = repository.commit();
    let url = repository.url();
    let (fetched, remote) = (cache(&url), remote(&url));
    fetched.cache.fetch(&remote, &commit).unwrap();
    let files = fetched.cache.read(&commit, "").unwrap();
    assert_eq!(names(&files), [".gitattributes", ".gitmodules", "a", "hooks/post-checkout"]);
    assert!(!mark.exists());
    // The cache itself has nothing that runs.
    let cache_folder = fs::read_dir(&fetched.folder).unwrap().next().unwrap().unwrap().path();
    assert!(!cache_folder.join("hooks").exists());
}

#[test]
fn sizes_and_times_are_bounded() {
    let repository = Repository::new();
    repository.write("big", &"x".repeat(100_000));
    repository.write("small", "x");
    let commit = repository.commit();
    let url = repository.url();
    let limited = |limits: Limits| {
        let fetched = cache_with(&url, limits);
        fetched.cache.fetch(&remote(&url), &commit).and_then(|()| fetched.cache.read(&commit, ""))
    };
    let bytes = limited(Limits { tree_bytes: 50_000, ..limits() }).unwrap_err();
    assert!(matches!(bytes, Error::TooLarge { limit: 50_000, .. }), "{bytes:?}");
    let files = limited(Limits { tree_files: 1, ..limits() }).unwrap_err();
    assert!(matches!(files, Error::TooLarge { limit: 1, .. }), "{files:?}");
    let entries = limited(Limits { entries: 1, ..limits() }).unwrap_err();
    assert!(matches!(entries, Error::TooLarge { .. }), "{entries:?}");
}

#[test]
fn a_server_that_says_nothing_is_left() {
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("git://{}/a", silent.local_addr().unwrap());
    let fetched = cache_with(&url, limits());
    drop(fetched);
    let git = Git::find(Limits { time: Duration::from_millis(300), ..limits() });
    // Even `git version` may take longer on a busy machine.
    let Ok(git) = git else { return };
    let folder = tempfile::tempdir().unwrap();
    let Ok(cache) = seaway_git::Cache::open(&git, folder.path(), &url) else { return };
    let error = cache.resolve(&remote(&url), &Reference::Head).unwrap_err();
    assert!(matches!(error, Error::TimedOut { verb: "ls-remote", .. }), "{error:?}");
}

#[test]
fn rewritten_urls_do_not_widen_what_is_allowed() {
    let repository = Repository::new();
    repository.write("a", "1");
    repository.commit();
    let url = format!("https://127.0.0.1:1{}", repository.path().display());
    let only_https = Remote::new(&url, Transports::default()).unwrap();
    let fetched = cache(&url);
    let error = fetched.cache.resolve(&only_https, &Reference::Head).unwrap_err();
    assert!(matches!(error, Error::Failed { .. }), "{error:?}");
    assert!(Remote::new(&repository.url(), Transports { file: false, ..ALL }).is_err());
}
