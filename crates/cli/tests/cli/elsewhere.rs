//! Sources from elsewhere: a Git repository over HTTP, a Helm repository, an OCI registry, all served here.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use seaway_core::digest::Digest;

use crate::sandbox::{Ran, Sandbox};

const ENVIRONMENT: &str = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: play}
spec:
  stages: [{name: all}]
  regions:
  - name: here
    stage: all
    clusters: [{name: c1, context: first-1}]
";

/// A workspace with one service of this source.
fn workspace(source: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/play.yaml", ENVIRONMENT);
    declare(&sandbox, source);
    sandbox
}

fn declare(sandbox: &Sandbox, source: &str) {
    let head = "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {name: web}\n";
    sandbox.write("web/seaway.yaml", &format!("{head}spec:\n  namespace: web\n  source: {source}\n"));
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut command = sandbox.command(args);
    command.env("SEAWAY_CACHE", sandbox.home().join("cache")).env("GIT_CONFIG_GLOBAL", "/dev/null");
    Ran::command(&mut command)
}

fn expect(sandbox: &Sandbox, args: &[&str], code: i32) -> String {
    let ran = run(sandbox, args);
    assert_eq!(ran.code, code, "{args:?}\n{}{}", ran.stdout, ran.stderr);
    ran.stdout + &ran.stderr
}

const RENDER: [&str; 4] = ["render", "web", "-e", "play"];

fn offline() -> Vec<&'static str> {
    RENDER.into_iter().chain(["--offline"]).collect()
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{from: {name}}}\n")
}

/// Every file below the cache's trees, the largest last.
fn kept(sandbox: &Sandbox) -> Vec<PathBuf> {
    let files = fs::read_dir(sandbox.home().join("cache/trees")).unwrap();
    files.map(|entry| entry.unwrap().path()).collect()
}

/// What every kind of source goes through: not locked, locked, offline, damaged, gone.
fn from_nothing_to_offline(sandbox: &Sandbox, expected: &str) {
    let text = expect(sandbox, &RENDER, 1);
    assert!(text.contains("SW0521") && text.contains("seaway lock"), "{text}");
    let text = expect(sandbox, &["lock", "--check", "--allow-transport", "http"], 1);
    assert!(text.contains("is not what the services name"), "{text}");
    assert!(!sandbox.path().join("seaway.lock").exists(), "a check writes nothing");
    let text = expect(sandbox, &["lock"], 1);
    assert!(text.contains("cannot fetch"), "nothing without encryption: {text}");
    let text = expect(sandbox, &["lock", "--allow-transport", "http"], 0);
    assert!(text.starts_with("+ "), "{text}");
    let lock = sandbox.read("seaway.lock");
    assert!(lock.contains("digest: \"sha256:"), "{lock}");
    expect(sandbox, &["lock", "--check"], 0);
    let made = expect(sandbox, &offline(), 0);
    assert!(made.contains(expected), "{made}");
    // A wrong byte is an error, and is repaired by fetching.
    for path in kept(sandbox) {
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let text = expect(sandbox, &offline(), 1);
    assert!(text.contains("SW0523") && text.contains("not what was locked"), "{text}");
    let online: Vec<&str> = RENDER.into_iter().chain(["--allow-transport", "http"]).collect();
    assert!(expect(sandbox, &online, 0).contains(expected));
    // Another machine has nothing.
    fs::remove_dir_all(sandbox.home().join("cache")).unwrap();
    let text = expect(sandbox, &offline(), 1);
    assert!(text.contains("SW0522") && text.contains("seaway install"), "{text}");
    let text = expect(sandbox, &["install", "--allow-transport", "http"], 0);
    assert!(text.contains("fetched "), "{text}");
    assert!(expect(sandbox, &offline(), 0).contains(expected));
    assert!(expect(sandbox, &["install"], 0).contains("everything is here"));
    assert_eq!(sandbox.read("seaway.lock"), lock);
}

#[test]
fn charts_of_a_repository() {
    let server = sandbox_with_chart();
    let address = serve(server.path().join("repo"));
    let sandbox = workspace(&format!(
        "{{helm: {{repository: 'http://{address}', chart: redis, version: ^1, values: {{size: large}}}}}}"
    ));
    from_nothing_to_offline(&sandbox, "size: large");
    assert!(sandbox.read("seaway.lock").contains("resolved: \"1.2.3\""));
    // A tag that means something else now is refused, not taken.
    fs::remove_dir_all(sandbox.home().join("cache")).unwrap();
    server.write("repo/redis/templates/a.yaml", &config_map("other"));
    pack(&server);
    let text = expect(&sandbox, &["install", "--allow-transport", "http"], 1);
    assert!(text.contains("is not what was locked") && text.contains("expected "), "{text}");
    let text = expect(&sandbox, &["lock", "--update", "--allow-transport", "http"], 0);
    assert!(text.starts_with("~ "), "{text}");
    assert!(expect(&sandbox, &offline(), 0).contains("name: other"));
}

#[test]
fn charts_of_a_registry() {
    let server = sandbox_with_chart();
    let packed = fs::read(server.path().join("repo/redis-1.2.3.tgz")).unwrap();
    let address = registry(packed);
    let sandbox = workspace(&format!(
        "{{helm: {{oci: 'oci://{address}/charts/redis', version: 1.2.3, values: {{size: huge}}}}}}"
    ));
    from_nothing_to_offline(&sandbox, "size: huge");
}

#[test]
fn subcharts_are_locked_too() {
    let server = sandbox_with_chart();
    let address = serve(server.path().join("repo"));
    let sandbox = workspace("{helm: {chart: chart, values: {redis: {size: tiny}}}}");
    let dependency = format!("dependencies:\n- {{name: redis, version: 1.x, repository: 'http://{address}'}}\n");
    sandbox.write("web/chart/Chart.yaml", &format!("apiVersion: v2\nname: web\nversion: 1.0.0\n{dependency}"));
    sandbox.write("web/chart/templates/own.yaml", &config_map("own"));
    from_nothing_to_offline(&sandbox, "size: tiny");
}

#[test]
fn charts_manifests_and_kustomizations_of_a_repository_of_git() {
    let shared = Sandbox::new();
    shared.write("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    shared.write("chart/templates/a.yaml", &config_map("of-chart"));
    shared.write("plain/a.yaml", &config_map("of-plain"));
    shared.write("deploy/common/kustomization.yaml", "resources: [a.yaml]\n");
    shared.write("deploy/common/a.yaml", &config_map("of-base"));
    shared.write("deploy/play/kustomization.yaml", "namePrefix: x-\nresources: [../common]\n");
    commit(&shared);
    let address = git_server(shared.path());
    let url = format!("http://{address}/.git");
    for (source, expected) in [
        (format!("{{helm: {{git: '{url}', ref: main, path: chart}}}}"), "name: of-chart"),
        (format!("{{manifests: {{git: '{url}', path: plain}}}}"), "name: of-plain"),
        (
            format!("{{kustomize: {{git: '{url}', ref: main, path: deploy, overlay: '${{environment.name}}'}}}}"),
            "name: x-of-base",
        ),
    ] {
        from_nothing_to_offline(&workspace(&source), expected);
    }
    // Remote bases of a kustomization in the workspace, and one of a high-level definition.
    let base = format!("resources: ['{url}//deploy/play?ref=main']\nnameSuffix: -y\n").replace("/.git//", "/.git//");
    let sandbox = workspace("{kustomize: {path: k}}");
    sandbox.write("web/k/kustomization.yaml", &base);
    from_nothing_to_offline(&sandbox, "name: x-of-base-y");
    let sandbox = workspace("{hld: {path: hld, profile: strict}}");
    sandbox.write("web/hld/component.yaml", "name: web\nsubcomponents: [{name: k, type: kustomize, path: k}]\n");
    sandbox.write("web/hld/config/play.yaml", "config: {}\n");
    sandbox.write("web/hld/k/kustomization.yaml", &base);
    from_nothing_to_offline(&sandbox, "name: x-of-base-y");
}

#[test]
fn a_branch_that_moves_changes_nothing_until_the_lock_does() {
    let shared = Sandbox::new();
    shared.write("a.yaml", &config_map("first"));
    commit(&shared);
    let url = format!("file://{}", shared.path().display());
    let sandbox = workspace(&format!("{{manifests: {{git: '{url}', ref: main, path: .}}}}"));
    expect(&sandbox, &["lock", "--allow-transport", "file"], 0);
    shared.write("a.yaml", &config_map("second"));
    commit(&shared);
    fs::remove_dir_all(sandbox.home().join("cache")).unwrap();
    expect(&sandbox, &["lock", "--allow-transport", "file"], 0);
    assert!(expect(&sandbox, &offline(), 0).contains("name: first"));
    let text = expect(&sandbox, &["lock", "--update", "--check", "--allow-transport", "file"], 1);
    assert!(text.starts_with("~ "), "{text}");
    expect(&sandbox, &["lock", "--update", "--allow-transport", "file"], 0);
    assert!(expect(&sandbox, &offline(), 0).contains("name: second"));
    // What nobody names any more leaves the lock.
    sandbox.write("web/m/a.yaml", &config_map("own"));
    declare(&sandbox, "{manifests: {path: m}}");
    let text = expect(&sandbox, &["lock", "--check"], 1);
    assert!(text.starts_with("- "), "{text}");
}

#[test]
fn components_of_a_definition_are_locked_by_the_workspace_or_by_their_own_lock() {
    let shared = Sandbox::new();
    shared.write("cache/component.yaml", "name: cache\nsubcomponents: [{name: a, type: static, path: m}]\n");
    shared.write("cache/m/a.yaml", &config_map("cache"));
    commit(&shared);
    let address = git_server(shared.path());
    let sandbox = workspace("{hld: {path: hld}}");
    let component = format!(
        "name: web\nsubcomponents:\n- {{name: cache, method: git, source: 'http://{address}/.git', branch: main, path: cache}}\n"
    );
    sandbox.write("web/hld/component.yaml", &component);
    let text = expect(&sandbox, &RENDER, 1);
    assert!(text.contains("SW0910"), "{text}");
    expect(&sandbox, &["lock", "--allow-transport", "http"], 0);
    assert!(expect(&sandbox, &offline(), 0).contains("name: cache"));
    assert!(sandbox.read("seaway.lock").contains("branch: main"));
    // With a lock of its own, as `seaway hld` uses it, the workspace locks nothing.
    let hld = sandbox.path().join("web/hld").display().to_string();
    expect(&sandbox, &["-C", &hld, "hld", "lock", "--allow-transport", "http"], 0);
    expect(&sandbox, &["lock", "--allow-transport", "http"], 0);
    assert!(sandbox.read("seaway.lock").ends_with("sources: []\n"), "{}", sandbox.read("seaway.lock"));
    assert!(expect(&sandbox, &offline(), 0).contains("name: cache"));
}

#[test]
fn definitions_may_name_what_is_beside_them() {
    let component =
        "name: web\nsubcomponents:\n- {name: a, type: helm, path: ../../charts/web}\n- {name: b, source: ../shared}\n";
    let lay = |sandbox: &Sandbox, root: &str| {
        sandbox.write(&format!("{root}defs/hld/component.yaml"), component);
        sandbox.write(&format!("{root}defs/hld/config/play.yaml"), "subcomponents: {a: {config: {size: large}}}\n");
        sandbox.write(&format!("{root}charts/web/Chart.yaml"), "apiVersion: v2\nname: web\nversion: 1.0.0\n");
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  size: {{ .Values.size }}\n";
        sandbox.write(&format!("{root}charts/web/templates/a.yaml"), template);
        sandbox.write(&format!("{root}defs/shared/component.yaml"), "name: shared\ntype: static\npath: m\n");
        sandbox.write(&format!("{root}defs/shared/m/b.yaml"), &config_map("beside"));
    };
    // In the workspace, as far up as its root.
    let sandbox = workspace("{hld: {path: ../defs/hld, profile: strict}}");
    lay(&sandbox, "");
    let made = expect(&sandbox, &offline(), 0);
    assert!(made.contains("size: large") && made.contains("name: beside"), "{made}");
    sandbox.write("defs/hld/component.yaml", &component.replace("../../charts", "../../../charts"));
    let text = expect(&sandbox, &offline(), 1);
    assert!(text.contains("SW0912") && text.contains("workspace"), "{text}");
    // In a repository of Git, as far up as its root.
    let shared = Sandbox::new();
    lay(&shared, "deep/");
    commit(&shared);
    let url = format!("http://{}/.git", git_server(shared.path()));
    let source = format!("{{hld: {{git: '{url}', ref: main, path: deep/defs/hld, profile: strict}}}}");
    from_nothing_to_offline(&workspace(&source), "size: large");
}

#[test]
fn subcharts_of_charts_in_definitions_are_locked_by_the_workspace() {
    let server = sandbox_with_chart();
    let address = serve(server.path().join("repo"));
    let sandbox = workspace("{hld: {path: hld, profile: strict}}");
    sandbox.write("web/hld/component.yaml", "name: web\nsubcomponents: [{name: a, type: helm, path: c}]\n");
    sandbox.write("web/hld/config/play.yaml", "subcomponents: {a: {config: {redis: {size: tiny}}}}\n");
    let dependency = format!("dependencies:\n- {{name: redis, version: 1.x, repository: 'http://{address}'}}\n");
    sandbox.write("web/hld/c/Chart.yaml", &format!("apiVersion: v2\nname: web\nversion: 1.0.0\n{dependency}"));
    let text = expect(&sandbox, &offline(), 1);
    assert!(text.contains("is not locked") && text.contains("run `seaway lock`"), "{text}");
    expect(&sandbox, &["lock", "--allow-transport", "http"], 0);
    assert!(expect(&sandbox, &offline(), 0).contains("size: tiny"));
    fs::remove_dir_all(sandbox.home().join("cache")).unwrap();
    let text = expect(&sandbox, &offline(), 1);
    assert!(text.contains("run `seaway install`"), "{text}");
    expect(&sandbox, &["install", "--allow-transport", "http"], 0);
    assert!(expect(&sandbox, &offline(), 0).contains("size: tiny"));
}

#[test]
fn a_token_is_named_and_never_written() {
    let sandbox = workspace("{manifests: {git: 'https://user:hunter2@git.example/a', path: .}}");
    let text = expect(&sandbox, &["validate"], 1);
    assert!(text.contains("SW0310") && !text.contains("hunter2"), "{text}");
    declare(&sandbox, "{manifests: {git: 'https://git.example/a', path: ., tokenVariable: 'ghp-hunter2'}}");
    let ran = run(&sandbox, &["validate", "-o", "json"]);
    assert!(ran.code == 1 && !ran.stdout.contains("hunter2"), "{}", ran.stdout);
}

fn commit(sandbox: &Sandbox) {
    let line = "git init -q -b main . && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm x";
    let status = Command::new("bash").args(["-c", line]).current_dir(sandbox.path()).status().unwrap();
    assert!(status.success());
}

/// A Helm repository with one chart, and a pre-release that nobody asks for.
fn sandbox_with_chart() -> Sandbox {
    let server = Sandbox::new();
    server.write("repo/redis/Chart.yaml", "apiVersion: v2\nname: redis\nversion: 1.2.3\n");
    server.write("repo/redis/values.yaml", "size: small\n");
    server.write(
        "repo/redis/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  size: {{ .Values.size }}\n",
    );
    server.write(
        "repo/index.yaml",
        "apiVersion: v1\nentries:\n  redis:\n  - {version: 2.0.0-rc.1, urls: [gone.tgz]}\n  - {version: 1.2.3, urls: [redis-1.2.3.tgz]}\n",
    );
    pack(&server);
    server
}

fn pack(server: &Sandbox) {
    let mut command = Command::new("tar");
    command.args(["czf", "redis-1.2.3.tgz", "redis"]).current_dir(server.path().join("repo"));
    assert!(command.status().unwrap().success());
}

/// A request: its first line, its headers by lower-case name, its body.
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Self {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut first = String::new();
        reader.read_line(&mut first).unwrap();
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut request = Self { method, target, headers, body: Vec::new() };
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(&mut request.body).unwrap();
        request
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A server that answers each request on a thread of its own.
fn server(answer: impl Fn(&mut TcpStream, Request) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                // Whoever begins an encrypted connection gets no answer.
                const HANDSHAKE: u8 = 0x16;
                let mut first = [0];
                if stream.peek(&mut first).is_ok() && first[0] != HANDSHAKE {
                    let request = Request::read(&stream);
                    answer(&mut stream, request);
                }
            });
        }
    });
    address
}

fn send(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // Who has left does not want the answer.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// The files of a folder.
fn serve(folder: PathBuf) -> String {
    server(move |stream, request| match fs::read(folder.join(request.target.trim_start_matches('/'))) {
        Ok(body) => send(stream, "200 OK", &body),
        Err(_) => send(stream, "404 Not Found", b""),
    })
}

/// A registry with this packed chart as `charts/redis:1.2.3`.
fn registry(packed: Vec<u8>) -> String {
    server(move |stream, request| {
        let digest = Digest::of(&packed);
        let layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        let blob = format!("/v2/charts/redis/blobs/{digest}");
        match request.target.as_str() {
            "/v2/charts/redis/tags/list?n=1000" => send(stream, "200 OK", br#"{"tags": ["1.2.3"]}"#),
            "/v2/charts/redis/tags/list?n=1000&last=1.2.3" => send(stream, "200 OK", br#"{"tags": null}"#),
            "/v2/charts/redis/manifests/1.2.3" => {
                let body = format!("{{\"layers\": [{{\"mediaType\": \"{layer}\", \"digest\": \"{digest}\"}}]}}");
                send(stream, "200 OK", body.as_bytes());
            }
            target if target == blob => send(stream, "200 OK", &packed),
            _ => send(stream, "404 Not Found", b""),
        }
    })
}

/// Smart HTTP: `git http-backend` behind a server that only knows enough HTTP for it.
fn git_server(root: &Path) -> String {
    let root = root.to_path_buf();
    server(move |stream, request| {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut backend = Command::new("git")
            .args(["-c", "safe.directory=*", "http-backend"])
            .env("GIT_PROJECT_ROOT", &root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("CONTENT_TYPE", request.header("content-type"))
            .env("HTTP_CONTENT_ENCODING", request.header("content-encoding"))
            .env("GIT_PROTOCOL", request.header("git-protocol"))
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = backend.stdin.take().unwrap();
        let body = request.body;
        let writer = thread::spawn(move || drop(stdin.write_all(&body)));
        let output = backend.wait_with_output().unwrap().stdout;
        writer.join().unwrap();
        let text = String::from_utf8_lossy(&output);
        let status = text.lines().next().and_then(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        // Who has left does not want the answer.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&output));
    })
}
