//! The testbed against itself: what it promises to other tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use seaway_testbed::{Audit, AuditEvent, Cluster, Options, Testbed, Validity, cache_dir, reap};
use serde_json::{Value, json};

/// Far longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited {LIMIT:?} for {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn deployment(name: &str, image: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

fn apply(cluster: &Cluster, body: &Value) {
    let path = format!("{DEPLOYMENTS}/{}", body["metadata"]["name"].as_str().unwrap());
    let (status, answer) = cluster.patch_apply(&path, body, "testbed-test", false).unwrap();
    assert!(status == 200 || status == 201, "{status} {answer}");
}

fn wait_ready(cluster: &Cluster, name: &str, replicas: u64) {
    eventually("a ready deployment", || {
        let (_, object) = cluster.get(&format!("{DEPLOYMENTS}/{name}")).unwrap();
        (object["status"]["readyReplicas"] == replicas).then_some(())
    });
}

/// The reason why the first container of a pod with this label waits.
fn waiting_reason(cluster: &Cluster, app: &str) -> Option<String> {
    let (_, pods) = cluster.get(&format!("{PODS}?labelSelector=app%3D{app}")).unwrap();
    let status = &pods["items"][0]["status"]["containerStatuses"][0];
    Some(status["state"]["waiting"]["reason"].as_str()?.to_owned())
}

fn is_alive(pid: i32) -> bool {
    // A zombie would be one that nobody waited for: the testbed has to.
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn two_clusters_run_pods_and_note_who_wrote_what() {
    let testbed = Testbed::start(Options { clusters: 2, ..Options::default() }).unwrap();
    let contexts: Value = serde_json::from_slice(&std::fs::read(testbed.kubeconfig()).unwrap()).unwrap();
    let names: Vec<_> = contexts["contexts"].as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["c1", "c2"]);

    let (first, second) = (testbed.cluster(0), testbed.cluster(1));
    let mark = first.audit_mark().unwrap();
    let elsewhere = second.audit_mark().unwrap();
    apply(first, &deployment("web", "example/web:1", 2));
    apply(first, &deployment("bad", "example/bad:1-broken", 1));
    wait_ready(first, "web", 2);
    eventually("a failed pull", || (waiting_reason(first, "bad")? == "ImagePullBackOff").then_some(()));

    let events = first.audit_since(mark).unwrap();
    let ours: Vec<_> = events
        .iter()
        .filter(|event| event.is_write() && event.user == "admin")
        .map(|event| (event.verb.as_str(), event.object.as_ref().unwrap().name.as_str()))
        .collect();
    assert_eq!(ours, [("patch", "web"), ("patch", "bad")]);
    assert!(events.iter().any(|event| event.user == "kwok" && event.is_internal()), "the node reports pods");
    assert!(events.windows(2).any(|pair| pair[0].received_micros < pair[1].received_micros));
    let others: Vec<_> =
        second.audit_since(elsewhere).unwrap().into_iter().filter(|event| !event.is_internal()).collect();
    assert_eq!(others, [], "the other cluster is untouched");

    first.repair_images().unwrap();
    wait_ready(first, "bad", 1);
    let folder = first.dir().parent().unwrap().to_owned();
    let pids: Vec<i32> = testbed.clusters().iter().flat_map(Cluster::pids).collect();
    assert_eq!(pids.len(), 10);
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    let started = Instant::now();
    drop(testbed);
    assert!(started.elapsed() < Duration::from_secs(10), "ending took {:?}", started.elapsed());
    assert_eq!(pids.into_iter().filter(|&pid| is_alive(pid)).collect::<Vec<_>>(), [0; 0]);
    assert!(!folder.exists());
}

#[test]
fn an_api_server_can_die_hang_and_come_back() {
    let testbed = Testbed::start(Options { audit: Audit::All, ..Options::default() }).unwrap();
    let cluster = testbed.cluster(0);
    apply(cluster, &deployment("web", "example/web:1", 1));
    wait_ready(cluster, "web", 1);
    let address = cluster.url().strip_prefix("https://").unwrap();

    cluster.kill_apiserver().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    let before = cluster.audit().unwrap();
    assert!(before.iter().any(|event| event.verb == "patch" && event.user_agent == seaway_testbed::USER_AGENT));
    cluster.restart_apiserver().unwrap();
    wait_ready(cluster, "web", 1);
    assert!(cluster.audit().unwrap().len() > before.len());

    // A paused server still takes connections, because the kernel does, but answers nothing.
    let mark = cluster.audit_mark().unwrap();
    cluster.pause_apiserver().unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(connection.read(&mut [0; 16]).is_err());
    cluster.resume_apiserver().unwrap();
    assert_eq!(cluster.get("/readyz").unwrap().0, 200);
    // Parts of the cluster ask for it too.
    let gets: Vec<AuditEvent> =
        cluster.audit_since(mark).unwrap().into_iter().filter(|event| event.request_uri == "/readyz").collect();
    let ours = gets.iter().filter(|event| event.user_agent == seaway_testbed::USER_AGENT);
    assert_eq!(ours.count(), 1, "{gets:?}");

    cluster.stop_etcd().unwrap();
    eventually("the API server to notice", || (cluster.get("/readyz").unwrap().0 != 200).then_some(()));
    cluster.start_etcd().unwrap();
    wait_ready(cluster, "web", 1);
}

#[test]
fn images_say_what_pods_do() {
    let testbed = Testbed::start(Options::default()).unwrap();
    let cluster = testbed.cluster(0);
    let slow = Instant::now();
    apply(cluster, &deployment("slow", "example/slow:1-slow", 1));
    apply(cluster, &deployment("crash", "example/crash:1-crash", 1));
    for (name, image) in [("good", "example/job:1"), ("bad", "example/job:1-crash")] {
        let (status, answer) = cluster
            .post(
                "/apis/batch/v1/namespaces/default/jobs",
                &json!({
                    "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                    "spec": {"backoffLimit": 0, "template": {"spec": {
                        "restartPolicy": "Never", "containers": [{"name": "main", "image": image}],
                    }}},
                }),
            )
            .unwrap();
        assert_eq!(status, 201, "{answer}");
    }
    eventually("a crashing pod", || (waiting_reason(cluster, "crash")? == "CrashLoopBackOff").then_some(()));
    for (name, condition) in [("good", "Complete"), ("bad", "Failed")] {
        eventually("a finished job", || {
            let (_, job) = cluster.get(&format!("/apis/batch/v1/namespaces/default/jobs/{name}")).unwrap();
            let conditions = job["status"]["conditions"].as_array()?;
            conditions.iter().any(|c| c["type"] == condition && c["status"] == "True").then_some(())
        });
    }
    wait_ready(cluster, "slow", 1);
    assert!(slow.elapsed() >= Duration::from_secs(5), "slow after {:?}", slow.elapsed());

    cluster.repair_images().unwrap();
    wait_ready(cluster, "crash", 1);
    let (status, _) = cluster.delete(&format!("{DEPLOYMENTS}/crash")).unwrap();
    assert_eq!(status, 200);
    eventually("its pods to go", || {
        let (_, pods) = cluster.get(&format!("{PODS}?labelSelector=app%3Dcrash")).unwrap();
        pods["items"].as_array()?.is_empty().then_some(())
    });
}

#[test]
fn the_audit_log_tells_our_requests_from_the_clusters_own() {
    let testbed = Testbed::start(Options::default()).unwrap();
    let cluster = testbed.cluster(0);
    let path = cluster.kubeconfig_as("guest", None, Validity::Expired).unwrap();
    let config: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(config["clusters"][0]["cluster"]["server"], cluster.url());

    let mark = cluster.audit_mark().unwrap();
    let absent = deployment("absent", "example/web:1", 1);
    assert_eq!(cluster.put(&format!("{DEPLOYMENTS}/absent"), &absent).unwrap().0, 404);
    let labels = json!({"metadata": {"labels": {"team": "blue"}}});
    assert_eq!(cluster.patch_merge("/api/v1/namespaces/default?dryRun=All", &labels).unwrap().0, 200);
    assert_eq!(cluster.patch_merge("/api/v1/namespaces/default", &labels).unwrap().0, 200);
    let events = cluster.audit_since(mark).unwrap();
    assert!(events.iter().all(|event| event.user != "admin" || event.is_internal()), "all came from the testbed");
    let ours = events.iter().filter(|event| event.user == "admin");
    let seen: Vec<_> =
        ours.map(|event| (event.verb.as_str(), event.response_code, event.is_write(), event.is_dry_run())).collect();
    assert_eq!(
        seen,
        [("update", Some(404), true, false), ("patch", Some(200), false, true), ("patch", Some(200), true, false),]
    );
}

/// A program for the next test: starts a cluster, says so, and waits to be killed.
const ROLE: &str = "SEAWAY_TESTBED_TEST_ROLE";

#[test]
fn what_a_killed_test_left_behind_is_reaped() {
    if std::env::var_os(ROLE).is_some() {
        let testbed = Testbed::start(Options::default()).unwrap();
        let pids: Vec<String> = testbed.cluster(0).pids().iter().map(ToString::to_string).collect();
        // Not with println!, which the test harness would catch.
        writeln!(std::io::stdout(), "\nstarted {} {}", testbed.cluster(0).dir().display(), pids.join(" ")).unwrap();
        loop {
            thread::park();
        }
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_a_killed_test_left_behind_is_reaped", "--nocapture"])
        .env(ROLE, "victim")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.starts_with("started ")).unwrap();
    let mut words = line.split(' ').skip(1);
    let folder = Path::new(words.next().unwrap()).parent().unwrap().to_owned();
    let pids: Vec<i32> = words.map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 5);

    reap(&cache_dir().unwrap()).unwrap();
    assert!(folder.exists(), "its owner lives");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(pids.iter().all(|&pid| is_running(pid)), "nobody was there to end them");
    // Another test that starts a cluster at the same time may have been faster.
    reap(&cache_dir().unwrap()).unwrap();
    assert!(!pids.iter().any(|&pid| is_running(pid)));
    assert!(!folder.exists());
}

/// Neither gone nor a zombie, which an orphan may stay for a while.
fn is_running(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}
