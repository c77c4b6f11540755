//! `seaway hld`: the cases of the format that need the command itself, and a repository from first to last.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use crate::sandbox::Sandbox;

/// A call with a cache of its own.
fn shell(sandbox: &Sandbox, line: &str) -> (i32, String) {
    let output = Command::new("bash")
        .args(["-c", line])
        .current_dir(sandbox.path())
        .env("SEAWAY", env!("CARGO_BIN_EXE_seaway"))
        .env("SEAWAY_CACHE", sandbox.path().join(".seaway/cache"))
        .env("HOME", sandbox.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text)
}

fn expect(sandbox: &Sandbox, line: &str, code: i32) -> String {
    let (found, text) = shell(sandbox, line);
    assert_eq!(found, code, "{line}\n{text}");
    text
}

#[test]
fn every_case_of_the_command_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hld");
    let mut ran = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if !text.lines().any(|line| line == "by: cli") {
            continue;
        }
        let sandbox = Sandbox::new();
        let (head, body) = text.split_at(text.find("\n-- ").unwrap() + 1);
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        let mut current = "";
        for line in body.split_inclusive('\n') {
            match line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --")) {
                Some(name) => current = name,
                None => files.entry(current).or_default().push_str(line),
            }
        }
        for (name, text) in &files {
            sandbox.write(name, text);
        }
        for line in head.lines().filter_map(|line| line.strip_prefix("run: ")) {
            let (line, code) = line.split_once("    # exit code ").unwrap_or((line, "0"));
            let line = line.replace("env -i", "env -i SEAWAY_CACHE=$SEAWAY_CACHE");
            expect(&sandbox, &line, code.parse().unwrap());
            ran += 1;
        }
    }
    assert!(ran >= 10, "only {ran} commands were found");
}

/// A repository of definitions with a chart.
const SHARED: &[(&str, &str)] = &[
    ("definitions/cache/component.yaml", "name: cache\nsubcomponents:\n- {name: redis, type: helm, path: chart}\n"),
    ("definitions/cache/config/common.yaml", "subcomponents:\n  redis:\n    config: {size: small, tag: v1}\n"),
    ("definitions/cache/chart/Chart.yaml", "apiVersion: v2\nname: redis\nversion: 0.1.0\n"),
    ("definitions/cache/chart/values.yaml", "size: medium\n"),
    (
        "definitions/cache/chart/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  size: {{ .Values.size }}\n  tag: {{ .Values.tag }}\n",
    ),
];

fn repository(sandbox: &Sandbox) {
    for (path, text) in SHARED {
        sandbox.write(&format!("shared/{path}"), text);
    }
    let git = "git -c user.name=t -c user.email=t@example.com";
    expect(sandbox, &format!("cd shared && {git} init -q -b main . && {git} add -A && {git} commit -qm x"), 0);
}

#[test]
fn from_nothing_to_manifests_and_offline() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    fs::create_dir(sandbox.path().join("hld")).unwrap();
    let url = format!("file://{}/shared", sandbox.path().display());
    let hld = "cd hld && $SEAWAY hld";
    expect(&sandbox, &format!("{hld} add cache --source {url} --branch main --path definitions/cache"), 0);
    assert_eq!(sandbox.read("hld/hld.yaml"), "profile: strict\n");
    let text = expect(&sandbox, &format!("{hld} generate prod"), 1);
    assert!(text.contains("is not locked"), "{text}");
    let text = expect(&sandbox, &format!("{hld} lock"), 1);
    assert!(text.contains("uses transport `file`, which is not allowed"), "{text}");
    expect(&sandbox, &format!("{hld} lock --allow-transport file"), 0);
    expect(&sandbox, &format!("{hld} set --environment prod --subcomponent cache.redis size=large"), 0);
    expect(&sandbox, &format!("{hld} generate prod"), 0);
    let made = sandbox.read("hld/generated/prod/cache/redis.yaml");
    assert!(made.contains("size: large") && made.contains("tag: v1"), "{made}");
    let text = expect(&sandbox, &format!("{hld} explain cache/redis config.size -e prod"), 0);
    assert!(text.contains("config.size = large") && text.contains("beats small"), "{text}");
    // The repository goes; what was fetched is enough.
    fs::remove_dir_all(sandbox.path().join("shared")).unwrap();
    expect(&sandbox, &format!("{hld} install"), 0);
    expect(&sandbox, &format!("{hld} generate prod --validate"), 0);
    assert_eq!(sandbox.read("hld/generated/prod/cache/redis.yaml"), made);
    // Another machine has nothing, and cannot get it.
    fs::remove_dir_all(sandbox.path().join(".seaway/cache")).unwrap();
    let text = expect(&sandbox, &format!("{hld} generate prod"), 1);
    assert!(text.contains("seaway hld install"), "{text}");
    assert_eq!(sandbox.read("hld/generated/prod/cache/redis.yaml"), made, "an error leaves the output as it is");
    expect(&sandbox, &format!("{hld} install --allow-transport file"), 1);
    expect(&sandbox, &format!("{hld} remove cache"), 0);
}

#[test]
fn a_branch_that_moves_changes_nothing_until_the_lock_does() {
    let sandbox = Sandbox::new();
    repository(&sandbox);
    let url = format!("file://{}/shared", sandbox.path().display());
    sandbox.write(
        "hld/component.yaml",
        &format!("name: root\nsubcomponents:\n- {{name: cache, method: git, source: '{url}', branch: main, path: definitions/cache}}\n"),
    );
    let hld = "cd hld && $SEAWAY hld";
    expect(&sandbox, &format!("{hld} install --allow-transport file"), 0);
    expect(&sandbox, &format!("{hld} generate"), 0);
    let before = sandbox.read("hld/generated/common/cache/redis.yaml");
    let lock = sandbox.read("hld/hld.lock");
    let git = "git -c user.name=t -c user.email=t@example.com";
    sandbox.write(
        "shared/definitions/cache/config/common.yaml",
        "subcomponents: {redis: {config: {size: huge, tag: v2}}}\n",
    );
    expect(&sandbox, &format!("cd shared && {git} commit -qam y"), 0);
    expect(&sandbox, &format!("{hld} install --allow-transport file"), 0);
    expect(&sandbox, &format!("{hld} generate"), 0);
    assert_eq!(sandbox.read("hld/generated/common/cache/redis.yaml"), before);
    assert_eq!(sandbox.read("hld/hld.lock"), lock);
    expect(&sandbox, &format!("{hld} lock --update --allow-transport file"), 0);
    expect(&sandbox, &format!("{hld} generate"), 0);
    let after = sandbox.read("hld/generated/common/cache/redis.yaml");
    assert!(after.contains("size: huge"), "{after}");
}

#[test]
fn check_lists_what_strict_refuses() {
    let sandbox = Sandbox::new();
    sandbox.write("component.yaml", "name: root\nsubcomponents:\n- {name: a, type: kustomise}\n");
    let text = expect(&sandbox, "$SEAWAY hld check", 2);
    assert!(text.contains("SW0902") && text.contains("common: 1 finding"), "{text}");
    sandbox.write("component.yaml", "name: root\n");
    expect(&sandbox, "$SEAWAY hld check", 0);
    let json = expect(&sandbox, "$SEAWAY hld check -o json", 0);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
}

#[test]
fn charts_of_a_repository() {
    let sandbox = Sandbox::new();
    // Packed and served by tools that every machine with Git has.
    sandbox.write("repo/redis/Chart.yaml", "apiVersion: v2\nname: redis\nversion: 1.2.3\n");
    sandbox.write(
        "repo/redis/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {r: {{ .Release.Name }}}\n",
    );
    expect(&sandbox, "cd repo && tar czf redis-1.2.3.tgz redis", 0);
    sandbox.write(
        "repo/index.yaml",
        "apiVersion: v1\nentries:\n  redis:\n  - {version: 2.0.0-rc.1, urls: [gone.tgz]}\n  - {version: 1.2.3, urls: [redis-1.2.3.tgz]}\n",
    );
    let (address, _server) = serve(sandbox.path().join("repo"));
    sandbox.write(
        "component.yaml",
        &format!("name: root\nsubcomponents:\n- {{name: cache, type: helm, method: helm, source: 'http://{address}', path: redis, version: ^1}}\n"),
    );
    expect(&sandbox, "$SEAWAY hld install", 1);
    expect(&sandbox, "$SEAWAY hld install --allow-transport http", 0);
    assert!(sandbox.read("hld.lock").contains("resolved: \"1.2.3\""), "{}", sandbox.read("hld.lock"));
    expect(&sandbox, "$SEAWAY hld generate", 0);
    assert!(sandbox.read("generated/common/cache.yaml").contains("r: cache"));
}

#[test]
fn definitions_inside_of_a_larger_repository() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "repo/teams/shop/component.yaml",
        "name: root\nsubcomponents:\n- {name: web, type: helm, method: local, path: ../../charts/web}\n- {name: inner, source: ../../shared}\n",
    );
    sandbox.write("repo/teams/shop/config/prod.yaml", "subcomponents: {web: {config: {size: large}}}\n");
    sandbox.write("repo/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    sandbox.write("repo/charts/web/values.yaml", "size: small\n");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {size: {{ .Values.size }}}\n";
    sandbox.write("repo/charts/web/templates/a.yaml", template);
    sandbox.write("repo/shared/component.yaml", "name: inner\ntype: static\npath: m\n");
    sandbox.write("repo/shared/m/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
    // What nobody names is not even looked at.
    fs::create_dir_all(sandbox.path().join("repo/other")).unwrap();
    std::os::unix::fs::symlink("/etc", sandbox.path().join("repo/other/link")).unwrap();
    expect(&sandbox, "cd repo && git init -q -b main .", 0);
    let hld = "cd repo/teams/shop && $SEAWAY hld";
    for profile in ["compat", "strict"] {
        expect(&sandbox, &format!("{hld} install --profile {profile}"), 0);
        expect(&sandbox, &format!("{hld} generate prod --profile {profile}"), 0);
        let made = "repo/teams/shop/generated/prod";
        assert!(sandbox.read(&format!("{made}/web.yaml")).contains("size: large"));
        assert!(sandbox.read(&format!("{made}/inner/inner.yaml")).contains("name: b"));
    }
    expect(&sandbox, &format!("{hld} check -e prod"), 0);
    // Findings name files as they are from here.
    sandbox.write("repo/shared/component.yaml", "name: inner\nkind: static\n");
    let text = expect(&sandbox, &format!("{hld} generate prod --profile strict"), 1);
    assert!(text.contains("../../shared/component.yaml:2:1"), "{text}");
    sandbox.write("repo/shared/component.yaml", "name: inner\ntype: static\npath: m\n");
    // Without Git nothing above the folder belongs to it, unless that is said.
    fs::remove_dir_all(sandbox.path().join("repo/.git")).unwrap();
    let text = expect(&sandbox, &format!("{hld} generate prod"), 1);
    assert!(text.contains("SW0912") && text.contains("--root"), "{text}");
    let text = expect(&sandbox, &format!("{hld} generate prod --root .."), 1);
    assert!(text.contains("SW0912"), "{text}");
    expect(&sandbox, &format!("{hld} generate prod --root ../.."), 0);
    expect(&sandbox, "$SEAWAY -C repo/teams/shop hld generate prod --root ../..", 0);
    let text = expect(&sandbox, &format!("{hld} generate prod --root ../../shared"), 1);
    assert!(text.contains("is not in"), "{text}");
    // A link that leads out of the root is refused where it is read.
    fs::remove_dir_all(sandbox.path().join("repo/shared/m")).unwrap();
    std::os::unix::fs::symlink("../../outside", sandbox.path().join("repo/shared/m")).unwrap();
    sandbox.write("outside/b.yaml", "a: 1\n");
    let text = expect(&sandbox, &format!("{hld} generate prod --root ../.."), 1);
    assert!(text.contains("SW0512") && text.contains("leads out") && text.contains("--root"), "{text}");
    expect(&sandbox, &format!("{hld} generate prod --root ../../.."), 0);
}

#[test]
fn subcharts_of_local_charts() {
    let sandbox = Sandbox::new();
    sandbox.write("repo/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.2.3\n");
    sandbox.write(
        "repo/db/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata: {size: {{ .Values.size }}}\n",
    );
    expect(&sandbox, "cd repo && tar czf db-1.2.3.tgz db", 0);
    sandbox.write("repo/index.yaml", "apiVersion: v1\nentries:\n  db: [{version: 1.2.3, urls: [db-1.2.3.tgz]}]\n");
    let (address, _server) = serve(sandbox.path().join("repo"));
    sandbox.write("defs/component.yaml", "name: root\nsubcomponents:\n- {name: web, type: helm, path: chart}\n");
    sandbox.write("defs/config/common.yaml", "subcomponents: {web: {config: {db: {size: large}}}}\n");
    sandbox.write("defs/chart/Chart.yaml", "apiVersion: v1\nname: web\nversion: 1.0.0\n");
    sandbox.write(
        "defs/chart/requirements.yaml",
        &format!("dependencies:\n- {{name: db, version: ~1, repository: 'http://{address}'}}\n- {{name: lib, version: 0.1.0, repository: 'file://../lib'}}\n"),
    );
    sandbox.write(
        "defs/chart/requirements.lock",
        &format!("dependencies:\n- {{name: db, version: 1.2.3, repository: 'http://{address}'}}\ndigest: sha256:0\n"),
    );
    sandbox.write("defs/lib/Chart.yaml", "apiVersion: v1\nname: lib\nversion: 0.1.0\n");
    sandbox.write("defs/lib/templates/_lib.tpl", "{{ define \"lib.word\" }}from the library{{ end }}\n");
    sandbox.write(
        "defs/chart/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {word: {{ include \"lib.word\" . }}}\n",
    );
    let hld = "cd defs && $SEAWAY hld";
    let text = expect(&sandbox, &format!("{hld} generate"), 1);
    assert!(text.contains("chart db (1.2.3)") && text.contains("seaway hld lock"), "{text}");
    expect(&sandbox, &format!("{hld} install --allow-transport http"), 0);
    let lock = sandbox.read("defs/hld.lock");
    assert!(lock.contains("chart: db") && lock.contains("resolved: \"1.2.3\""), "{lock}");
    for profile in ["compat", "strict"] {
        expect(&sandbox, &format!("{hld} generate --profile {profile}"), 0);
        let made = sandbox.read("defs/generated/common/web.yaml");
        assert!(made.contains("size: large") && made.contains("from the library"), "{made}");
    }
    // Another machine has the lock and not the chart.
    fs::remove_dir_all(sandbox.path().join(".seaway/cache")).unwrap();
    let text = expect(&sandbox, &format!("{hld} generate"), 1);
    assert!(text.contains("SW0911") && text.contains("seaway hld install"), "{text}");
}

/// A server of these tests for the files of a folder.
fn serve(folder: std::path::PathBuf) -> (String, std::thread::JoinHandle<()>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            reader.read_line(&mut first).unwrap();
            let mut line = first.clone();
            while !line.trim().is_empty() {
                line.clear();
                reader.read_line(&mut line).unwrap();
            }
            let path = first.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
            let (status, body) = match fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    (address, thread)
}

#[test]
fn every_command_of_the_guide_runs_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sandbox = Sandbox::new();
    let bin = Path::new(env!("CARGO_BIN_EXE_seaway")).parent().unwrap().display().to_string();
    let copied = Command::new("cp").arg("-r").arg(root.join("examples/hld")).arg(sandbox.path().join("hld")).status();
    assert!(copied.unwrap().success());
    let guide = fs::read_to_string(root.join("docs/guides/fabrikate.md")).unwrap();
    let (mut is_run, mut ran) = (false, 0);
    for line in guide.lines() {
        match line.strip_prefix("```") {
            Some(info) => is_run = info == "sh",
            None if is_run && !line.trim().is_empty() => {
                let (line, code) = line.split_once("    # exit code ").unwrap_or((line, "0"));
                let line = format!("cd hld && export PATH={bin}:$PATH && {line}");
                let text = expect(&sandbox, &line, code.parse().unwrap());
                // What the guide shows is what is said.
                for shown in
                    text.lines().filter(|shown| shown.starts_with("config.image") || shown.contains(" files of "))
                {
                    assert!(!line.contains("explain") || guide.contains(shown), "not in the guide: {shown}");
                }
                ran += 1;
            }
            None => {}
        }
    }
    assert!(ran >= 10, "only {ran} commands were found");
}

#[test]
fn hooks_run_on_a_copy_when_they_are_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "component.yaml",
        "name: root\ntype: static\npath: m\nhooks:\n  before-install: ['test -z \"$SEAWAY_CACHE\"']\n  before-generate: [./make.sh]\n  \
         after-generate: [test -s m/made.yaml]\nsubcomponents:\n- name: inner\n  source: ./inner\n",
    );
    sandbox.write("m/a.yaml", "a: 1\n");
    sandbox.write("make.sh", "#!/bin/sh\necho 'made: true' > m/made.yaml\ntouch \"$HOME/mark\"\n");
    sandbox.write("inner/component.yaml", "name: inner\ntype: static\npath: m\nhooks: {before-generate: [mv n m]}\n");
    sandbox.write("inner/n/b.yaml", "b: 1\n");
    // Nothing runs by itself: the inner component has no folder then.
    let text = expect(&sandbox, "$SEAWAY hld generate", 1);
    assert!(text.contains("SW0906") && text.contains("--run-hooks"), "{text}");
    let text = expect(&sandbox, "$SEAWAY hld generate --run-hooks", 0);
    assert!(!text.contains("SW0906"), "{text}");
    assert!(sandbox.read("generated/common/root.yaml").contains("made: true"));
    assert!(sandbox.read("generated/common/inner/inner.yaml").contains("b: 1"));
    for path in ["m/made.yaml", "inner/m", "mark"] {
        assert!(!sandbox.path().join(path).exists(), "{path} is in the definitions");
    }
    // A failure ends the call before anything is written.
    let before = sandbox.read("generated/common/root.yaml");
    sandbox.write("make.sh", "#!/bin/sh\necho 'made: twice' > m/made.yaml\necho no such luck >&2\nexit 7\n");
    let text = expect(&sandbox, "$SEAWAY hld generate --run-hooks", 1);
    assert!(text.contains("hook `before-generate` of the root failed") && text.contains("no such luck"), "{text}");
    assert_eq!(sandbox.read("generated/common/root.yaml"), before);
}

#[test]
fn hooks_of_fetched_components_run_only_when_they_are_trusted() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "from/component.yaml",
        "name: infra\ntype: static\npath: m\nhooks: {before-generate: ['echo \"c: 2\" > m/c.yaml']}\n",
    );
    sandbox.write("from/m/a.yaml", "a: 1\n");
    let git = "git -c user.name=a -c user.email=a@example.com";
    expect(&sandbox, &format!("cd from && git init -q -b main && git add . && {git} commit -qm x"), 0);
    let url = format!("file://{}", sandbox.path().join("from").display());
    let component =
        format!("name: root\nsubcomponents:\n- {{name: infra, method: git, source: '{url}', branch: main}}\n");
    sandbox.write("defs/component.yaml", &component);
    expect(&sandbox, "cd defs && $SEAWAY hld install --allow-transport file", 0);
    let text = expect(&sandbox, "cd defs && $SEAWAY hld generate --run-hooks", 0);
    assert!(text.contains("SW0906") && text.contains("trustedHooks"), "{text}");
    assert!(!sandbox.read("defs/generated/common/infra/infra.yaml").contains("c: 2"));
    sandbox.write("defs/hld.yaml", "trustedHooks: [infra]\n");
    let text = expect(&sandbox, "cd defs && $SEAWAY hld generate --run-hooks", 0);
    assert!(!text.contains("SW0906"), "{text}");
    assert!(sandbox.read("defs/generated/common/infra/infra.yaml").contains("c: 2"));
    // The kept tree is as it was.
    let text = expect(&sandbox, "cd defs && $SEAWAY hld generate", 0);
    assert!(text.contains("SW0906"), "{text}");
    assert!(!sandbox.read("defs/generated/common/infra/infra.yaml").contains("c: 2"));
}
