//! Smart HTTP: `git http-backend` behind a server that only knows enough HTTP for Git, with and without a password.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use seaway_git::{Reference, Remote};

use crate::repository::{ALL, Repository, cache};

/// What the server does with a request.
#[derive(Clone)]
enum Manner {
    Open,
    /// Only for this `Authorization`.
    Password(String),
    /// Sends everybody elsewhere.
    Redirect(String),
}

struct Server {
    address: String,
    /// `Authorization` of every request, empty when there was none.
    seen: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    fn start(root: &Path, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (root, log, stop) = (root.to_path_buf(), Arc::clone(&seen), Arc::clone(&ended));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (root, manner, log) = (root.clone(), manner.clone(), Arc::clone(&log));
                thread::spawn(move || answer(stream, &root, &manner, &log));
            }
        });
        Self { address, seen, ended }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.address);
    }
}

fn answer(mut stream: TcpStream, root: &PathBuf, manner: &Manner, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or("/").to_owned());
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.trim().split_once(": ").unwrap();
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let authorization = header("authorization").unwrap_or_default();
    log.lock().unwrap().push(authorization.clone());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some() {
        read_chunks(&mut reader, &mut body);
    } else {
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut body).unwrap();
    }
    match manner {
        Manner::Redirect(to) => {
            write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {to}{target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            return;
        }
        Manner::Password(wanted) if *wanted != authorization => {
            let ask = "WWW-Authenticate: Basic realm=\"x\"";
            write!(stream, "HTTP/1.1 401 Unauthorized\r\n{ask}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            return;
        }
        Manner::Open | Manner::Password(_) => {}
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut backend = Command::new("git")
        .args(["-c", "safe.directory=*", "http-backend"])
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type").unwrap_or_default())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", header("git-protocol").unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = backend.stdin.take().unwrap();
    let writer = thread::spawn(move || drop(stdin.write_all(&body)));
    let output = backend.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let text = String::from_utf8_lossy(&output);
    let status = text.lines().next().and_then(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n").and_then(|()| stream.write_all(&output));
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).unwrap();
        let size = u64::from_str_radix(size.trim(), 16).unwrap();
        reader.by_ref().take(size).read_to_end(body).unwrap();
        let mut end = String::new();
        reader.read_line(&mut end).unwrap();
        if size == 0 {
            return;
        }
    }
}

fn repository() -> (Repository, String) {
    let repository = Repository::new();
    repository.write("a", "1");
    let commit = repository.commit();
    (repository, commit)
}

#[test]
fn over_http() {
    let (repository, commit) = repository();
    let server = Server::start(repository.path(), Manner::Open);
    let url = format!("http://{}/.git", server.address);
    let (fetched, remote) = (cache(&url), Remote::new(&url, ALL).unwrap());
    assert_eq!(fetched.cache.resolve(&remote, &Reference::Branch("main".into())).unwrap(), commit);
    fetched.cache.fetch(&remote, &commit).unwrap();
    assert_eq!(fetched.cache.read(&commit, "").unwrap()["a"], b"1");
}

#[test]
fn with_a_token_that_nothing_keeps() {
    let (repository, commit) = repository();
    // Base64 of `oauth2:hunter2token`.
    let server = Server::start(repository.path(), Manner::Password("Basic b2F1dGgyOmh1bnRlcjJ0b2tlbg==".to_owned()));
    let url = format!("http://{}/.git", server.address);
    let fetched = cache(&url);
    let without = Remote::new(&url, ALL).unwrap();
    assert!(fetched.cache.resolve(&without, &Reference::Head).is_err(), "nobody is asked for a password");
    let wrong = without.clone().with_token("wrong-hunter2".to_owned());
    let error = fetched.cache.resolve(&wrong, &Reference::Head).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    let remote = without.with_token("hunter2token".to_owned());
    assert_eq!(fetched.cache.resolve(&remote, &Reference::Head).unwrap(), commit);
    fetched.cache.fetch(&remote, &commit).unwrap();
    let kept = Command::new("grep").args(["-r", "-l", "hunter2"]).arg(&fetched.folder).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&kept.stdout), "", "the cache holds no token");
    // The same in the URL, as old files have it.
    let inside = format!("http://oauth2:hunter2token@{}/.git", server.address);
    let remote = Remote::new(&inside, ALL).unwrap();
    assert_eq!(fetched.cache.resolve(&remote, &Reference::Head).unwrap(), commit);
}

#[test]
fn a_token_is_not_sent_to_another_host() {
    let (repository, _) = repository();
    let thief = Server::start(repository.path(), Manner::Password("never".to_owned()));
    // Another name of the same machine is another host.
    let elsewhere = format!("http://{}", thief.address.replace("127.0.0.1", "localhost"));
    let server = Server::start(repository.path(), Manner::Redirect(elsewhere));
    let url = format!("http://{}/.git", server.address);
    let (fetched, remote) = (cache(&url), Remote::new(&url, ALL).unwrap().with_token("hunter2token".to_owned()));
    assert!(fetched.cache.resolve(&remote, &Reference::Head).is_err());
    let seen = thief.seen.lock().unwrap().clone();
    assert!(seen.iter().all(String::is_empty), "{seen:?}");
    assert!(!seen.is_empty(), "the redirect was followed");
}
