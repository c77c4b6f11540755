//! Servers that answer strangely: a small server that says what the test tells it to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use seaway_core::{
    declaration::{Connection, Limits},
    duration::Millis,
    execution::{Failure, FailureKind},
};
use seaway_kube::Cluster;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server that gives these answers, one per request, the last one for ever. An empty answer is none at all.
struct Server {
    cluster: Cluster,
    asked: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

async fn server(answers: Vec<String>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (answers, counter) = (Arc::new(answers), asked.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answers.clone(), counter.clone()));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"http://{address}\"}}}}]\n\
         users: [{{name: u, user: {{token: kanarienvogel}}}}]\ncontexts: [{{name: odd, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(folder.path().join("kubeconfig"), kubeconfig).unwrap();
    let limits = Limits { request_timeout: Millis(1500), ..Limits::default() };
    let connection = Connection { kubeconfig: Some("kubeconfig".to_owned()), context: "odd".to_owned(), limits };
    Server { cluster: Cluster::connect(folder.path(), &connection).await.unwrap(), asked, _folder: folder }
}

async fn serve(mut stream: TcpStream, answers: Arc<Vec<String>>, counter: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        head.clear();
        let i = counter.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        if answers[i].is_empty() {
            std::future::pending::<()>().await;
        }
        stream.write_all(answers[i].as_bytes()).await.unwrap();
        if !answers[i].contains("content-length") {
            return;
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

const EMPTY: &str = r#"{"kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":null}"#;

async fn failure(server: &Server) -> Failure {
    let failure = server.cluster.running().await.unwrap_err();
    assert!(failure.message.len() < 1000 && !failure.message.contains('\n'), "{failure}");
    assert!(failure.detail.as_ref().is_none_or(|detail| detail.len() <= 4096));
    assert!(!format!("{failure:?}").contains("kanarienvogel"), "{failure:?}");
    failure
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_asked_again_when_it_says() {
    let busy = answer("429 Too Many Requests", "retry-after: 1\r\n", "slow down");
    let server = server(vec![busy, answer("200 OK", "", EMPTY)]).await;
    let started = Instant::now();
    assert!(server.cluster.running().await.unwrap().is_empty());
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(server.cluster.requests().list, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_busy_is_throttling() {
    let server = server(vec![answer("429 Too Many Requests", "", "slow down")]).await;
    let started = Instant::now();
    let failure = failure(&server).await;
    assert_eq!(failure.kind, FailureKind::Throttled);
    assert!(started.elapsed() < Duration::from_secs(3), "bounded by the request timeout");
    assert!(server.asked.load(Ordering::SeqCst) > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_have_a_kind_and_a_short_message() {
    let long = format!("<html>{}</html>", "\u{1b}[31m oh no \n".repeat(50_000));
    let status =
        |code: u16| format!(r#"{{"kind":"Status","code":{code},"message":"{}","details":null}}"#, "why ".repeat(5000));
    for (odd, kind) in [
        (answer("503 Service Unavailable", "", &long), FailureKind::Unreachable),
        (answer("500 Internal Server Error", "", &status(500)), FailureKind::Unreachable),
        (answer("401 Unauthorized", "", &status(401)), FailureKind::Denied),
        (answer("403 Forbidden", "", &status(403)), FailureKind::Refused),
        (answer("400 Bad Request", "", &status(400)), FailureKind::Refused),
        (answer("200 OK", "", "{\"items\":[{\"metadata\""), FailureKind::Internal),
        (answer("200 OK", "", "kanarienvogel"), FailureKind::Internal),
        (answer("200 OK", "", r#"{"items":[{"metadata":{"name":"web"}}]}"#), FailureKind::Refused),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"it".to_owned(), FailureKind::Unreachable),
        ("nonsense\r\n\r\n".to_owned(), FailureKind::Unreachable),
        (String::new(), FailureKind::Unreachable),
    ] {
        let server = server(vec![odd.clone()]).await;
        let failure = failure(&server).await;
        assert_eq!(failure.kind, kind, "{odd:.80}: {failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_expires_between_pages_starts_again() {
    let first = r#"{"metadata":{"continue":"next"},"items":[]}"#;
    let gone = r#"{"kind":"Status","code":410,"reason":"Expired","message":"too old"}"#;
    let ok = |body| answer("200 OK", "", body);
    let server_ok = server(vec![ok(first), answer("410 Gone", "", gone), ok(first), ok(EMPTY)]).await;
    assert!(server_ok.cluster.running().await.unwrap().is_empty());
    assert_eq!(server_ok.cluster.requests().list, 4);

    // For ever is too long.
    let server = server(vec![
        ok(first),
        answer("410 Gone", "", gone),
        ok(first),
        answer("410 Gone", "", gone),
        ok(first),
        answer("410 Gone", "", gone),
        ok(first),
        answer("410 Gone", "", gone),
    ])
    .await;
    failure(&server).await;
}
