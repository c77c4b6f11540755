//! The driver against a small server of these tests, which knows only enough HTTP to answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use seaway_chartrepo::{Error, Http, Limits};

/// Paths of requests and their `Authorization`.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// Answers requests with fixed texts by path. Its address and what it was sent.
fn serve(answers: Vec<(&'static str, String)>) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut authorization = String::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization: ") {
                    authorization = line[line.len() - value.len()..].trim().to_owned();
                }
            }
            log.lock().unwrap().push((path.clone(), authorization));
            let found = answers.iter().find(|(known, _)| *known == path).map(|(_, answer)| answer.clone());
            let answer = found.unwrap_or_else(|| "404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
        }
    });
    (address, seen)
}

fn ok(body: &str) -> String {
    format!("200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn http(bytes: u64) -> Http {
    Http::new(Limits { time: Duration::from_secs(30), bytes }, true)
}

#[test]
fn gets_and_refuses() {
    let (address, _) = serve(vec![
        ("/a.yaml", ok("a: 1\n")),
        ("/error", "500 Oops\r\nContent-Length: 5\r\nConnection: close\r\n\r\nkind:".to_owned()),
        ("/loop", "302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()),
        ("/big", ok(&"x".repeat(5000))),
    ]);
    let client = http(1000);
    assert_eq!(client.get(&format!("http://{address}/a.yaml"), None).unwrap(), b"a: 1\n");
    let status = client.get(&format!("http://{address}/error"), None).unwrap_err();
    assert!(matches!(status, Error::Status { status: 500, .. }), "{status:?}");
    assert!(matches!(client.get(&format!("http://{address}/gone"), None), Err(Error::Status { status: 404, .. })));
    let endless = client.get(&format!("http://{address}/loop"), None).unwrap_err();
    assert!(matches!(endless, Error::NoAnswer { .. } | Error::Status { .. }), "{endless:?}");
    let big = client.get(&format!("http://{address}/big"), None).unwrap_err();
    assert!(matches!(big, Error::TooLarge { limit: 1000, .. }), "{big:?}");
    let strict = Http::new(Limits::default(), false);
    assert!(matches!(strict.get(&format!("http://{address}/a.yaml"), None), Err(Error::BadUrl { .. })));
    assert!(matches!(client.get("file:///etc/passwd", None), Err(Error::BadUrl { .. })));
    assert!(matches!(client.get("gopher://x", None), Err(Error::BadUrl { .. })));
}

#[test]
fn credentials_go_to_their_host_alone() {
    let (thief, stolen) = serve(vec![("/stolen", ok("x"))]);
    let elsewhere = format!(
        "302 Found\r\nLocation: http://{}/stolen\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        thief.replace("127.0.0.1", "localhost")
    );
    let (address, seen) = serve(vec![("/a", ok("a")), ("/away", elsewhere)]);
    let client = http(1000);
    client.get(&format!("http://{address}/a"), Some("hunter2")).unwrap();
    client.get(&format!("http://user:hunter2@{address}/a"), None).unwrap();
    let _ = client.get(&format!("http://{address}/away"), Some("hunter2"));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[0], ("/a".to_owned(), "Bearer hunter2".to_owned()));
    assert_eq!(seen[1], ("/a".to_owned(), "Basic dXNlcjpodW50ZXIy".to_owned()));
    for (_, authorization) in stolen.lock().unwrap().iter() {
        assert_eq!(authorization, "");
    }
    let error = client.get("http://user:hunter2@127.0.0.1:1/a", Some("hunter2")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}
