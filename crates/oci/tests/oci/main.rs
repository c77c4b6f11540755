//! The driver against a small registry of these tests, which knows only enough of the protocol to answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use seaway_core::digest::Digest;
use seaway_oci::{Error, Limits, Registry, Repository};

const LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// A registry with one chart. `token` = it gives nothing without that token, which user `ana` gets for `secret`.
fn registry(token: Option<&'static str>, blob: &'static str, is_true: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let here = address.clone();
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
                if line.to_ascii_lowercase().starts_with("authorization: ") {
                    authorization = line["authorization: ".len()..].trim().to_owned();
                }
            }
            let digest = if is_true { Digest::of(blob.as_bytes()) } else { Digest::of(b"other") };
            let (status, body) = match path.as_str() {
                // Base64 of `ana:secret`.
                "/token?service=reg&scope=repository:charts/redis:pull"
                    if authorization == "Basic YW5hOnNlY3JldA==" =>
                {
                    ("200 OK", format!("{{\"token\": \"{}\"}}", token.unwrap_or_default()))
                }
                path if path.starts_with("/token") => ("401 Unauthorized", String::new()),
                _ if token.is_some_and(|token| authorization != format!("Bearer {token}")) => {
                    ("401 Unauthorized", String::new())
                }
                "/v2/charts/redis/tags/list?n=1000" => {
                    ("200 OK", r#"{"tags": ["1.0.0", "1.1.0", "../bad"]}"#.to_owned())
                }
                "/v2/charts/redis/tags/list?n=1000&last=1.1.0" => ("200 OK", r#"{"tags": null}"#.to_owned()),
                "/v2/charts/redis/manifests/1.1.0" => {
                    ("200 OK", format!("{{\"layers\": [{{\"mediaType\": \"{LAYER}\", \"digest\": \"{digest}\"}}]}}"))
                }
                "/v2/charts/redis/manifests/image" => ("200 OK", r#"{"layers": []}"#.to_owned()),
                path if path == format!("/v2/charts/redis/blobs/{digest}") => ("200 OK", blob.to_owned()),
                _ => ("404 Not Found", String::new()),
            };
            let ask = format!("WWW-Authenticate: Bearer realm=\"http://{here}/token\",service=\"reg\"\r\n");
            let ask = if status.starts_with("401") { ask } else { String::new() };
            let head = format!("HTTP/1.1 {status}\r\n{ask}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    address
}

fn client(address: &str, credential: Option<(&str, &str)>) -> Registry {
    let repository = Repository::of_chart(&format!("oci://{address}/charts"), "redis").unwrap();
    let credential = credential.map(|(user, password)| (user.to_owned(), password.to_owned()));
    Registry::new(repository, credential, Limits { time: Duration::from_secs(30), bytes: 1000 }, true)
}

#[test]
fn tags_and_charts() {
    let address = registry(None, "packed", true);
    let mut client = client(&address, None);
    assert_eq!(client.tags().unwrap(), ["1.0.0", "1.1.0"]);
    assert_eq!(client.chart("1.1.0").unwrap(), b"packed");
    assert!(matches!(client.chart("gone"), Err(Error::NotFound { .. })));
    assert!(matches!(client.chart("image"), Err(Error::Answer { .. })));
    assert!(matches!(client.chart("../x"), Err(Error::BadReference { .. })));
}

#[test]
fn a_chart_that_is_not_its_digest_is_refused() {
    let address = registry(None, "packed", false);
    let error = client(&address, None).chart("1.1.0").unwrap_err();
    assert!(matches!(&error, Error::Answer { why, .. } if why.contains("digest")), "{error:?}");
}

#[test]
fn with_a_token() {
    let address = registry(Some("t0k3n"), "packed", true);
    assert_eq!(client(&address, Some(("ana", "secret"))).chart("1.1.0").unwrap(), b"packed");
    for credential in [None, Some(("ana", "hunter2"))] {
        let error = client(&address, credential).chart("1.1.0").unwrap_err();
        assert!(matches!(error, Error::Denied { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let strict = Registry::new(
        Repository::of_chart(&format!("oci://{address}/charts"), "redis").unwrap(),
        None,
        Limits::default(),
        false,
    );
    assert!({ strict }.tags().is_err(), "no encryption, no answer");
}

#[test]
fn a_blob_that_is_too_large_is_left() {
    let large: &'static str = Box::leak("x".repeat(5000).into_boxed_str());
    let address = registry(None, large, true);
    assert!(matches!(client(&address, None).chart("1.1.0"), Err(Error::TooLarge { limit: 1000, .. })));
}
