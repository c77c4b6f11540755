//! `init`: a workspace that validates and renders, all or nothing.

use super::sandbox::Sandbox;

const KUBECONFIG: &str = "apiVersion: v1
kind: Config
current-context: c1
contexts:
  - {name: c1, context: {cluster: c1, user: c1}}
  - {name: 'arn:aws:eks:eu-west-1:123:cluster/Prod', context: {cluster: x, user: x}}
clusters:
  - {name: c1, cluster: {server: 'https://127.0.0.1:1'}}
users:
  - {name: c1, user: {token: very-secret}}
";

#[test]
fn what_it_writes_validates_and_renders() {
    let sandbox = Sandbox::new();
    let written = sandbox.run(&["init", "-o", "json"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    let files: Vec<String> = serde_json::from_value(written.json()["files"].clone()).unwrap();
    let mut sorted = files.clone();
    sorted.sort();
    assert_eq!(sandbox.files(), sorted);
    let validated = sandbox.run(&["validate", "--strict"]);
    assert_eq!((validated.code, validated.stdout.as_str()), (0, "1 environment and 1 service: valid\n"));
    let rendered = sandbox.run(&["render", "hello", "-e", "dev"]);
    assert_eq!(rendered.code, 0, "{}", rendered.stderr);
    assert!(rendered.stdout.contains("replicas: 1\n") && rendered.stdout.contains("greeting: Hello\n"));
}

#[test]
fn editors_find_the_schemas() {
    let sandbox = Sandbox::initialised();
    for file in ["environments/dev.yaml", "services/hello/seaway.yaml"] {
        let text = sandbox.read(file);
        let line = text.lines().next().unwrap();
        let schema = line.strip_prefix("# yaml-language-server: $schema=").expect(file);
        let path = sandbox.path().join(file).parent().unwrap().join(schema);
        let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(schema["title"].is_string());
    }
}

#[test]
fn state_stays_out_of_git_and_schemas_do_not() {
    let sandbox = Sandbox::initialised();
    sandbox.write(".seaway/state.db", "state");
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(args).current_dir(sandbox.path()).env("HOME", sandbox.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        String::from_utf8(command.output().expect("git").stdout).unwrap()
    };
    git(&["init", "-q"]);
    let seen = git(&["status", "--porcelain", "-uall"]);
    assert!(seen.contains(".seaway/schema/service.json") && !seen.contains("state.db"), "{seen}");
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_half() {
    let sandbox = Sandbox::new();
    sandbox.write("services/hello/seaway.yaml", "mine");
    let refused = sandbox.run(&["init"]);
    assert_eq!(refused.code, 6);
    insta::assert_snapshot!(refused.stderr, @r"
    error: `services/hello/seaway.yaml` exists already in `.`
    hint: nothing was written; choose an empty folder, or move the file away
    ");
    assert_eq!(sandbox.files(), ["services/hello/seaway.yaml"]);
    assert_eq!(sandbox.read("services/hello/seaway.yaml"), "mine");
}

#[test]
fn a_new_folder_is_made() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "a/b"]).code, 0);
    assert_eq!(sandbox.run(&["-C", "a/b", "validate"]).code, 0);
    assert_eq!(sandbox.run(&["init", "-C", "c"]).code, 0, "the folder of -C is made too");
}

#[test]
fn a_kubeconfig_becomes_an_environment() {
    let sandbox = Sandbox::new();
    sandbox.write("clusters.yaml", KUBECONFIG);
    let written = sandbox.run(&["init", "--from-kubeconfig", "clusters.yaml"]);
    assert_eq!(written.code, 0, "{}", written.stderr);
    insta::assert_snapshot!(sandbox.read("environments/fleet.yaml"));
    let validated = sandbox.run(&["validate", "--strict"]);
    assert_eq!(validated.code, 0, "{}", validated.stdout);
    let targets = sandbox.run(&["get", "targets", "-o", "json"]).json();
    assert_eq!(targets[1]["context"], "arn:aws:eks:eu-west-1:123:cluster/Prod");
    assert_eq!(targets[0]["kubeconfig"], "clusters.yaml");
    assert!(sandbox.files().iter().all(|file| file == "clusters.yaml" || !sandbox.read(file).contains("very-secret")));
}

#[test]
fn a_kubeconfig_elsewhere_is_named_by_its_whole_path() {
    let (sandbox, elsewhere) = (Sandbox::new(), Sandbox::new());
    let path = elsewhere.write("config", KUBECONFIG);
    assert_eq!(sandbox.run(&["init", "--from-kubeconfig", path.to_str().unwrap()]).code, 0);
    assert!(sandbox.read("environments/fleet.yaml").contains(path.canonicalize().unwrap().to_str().unwrap()));
    assert_eq!(sandbox.run(&["validate"]).code, 0);
}

#[test]
fn the_own_kubeconfig_is_not_named() {
    let sandbox = Sandbox::new();
    let own = sandbox.home().join(".kube/config");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::write(&own, KUBECONFIG).unwrap();
    let mut init = sandbox.command(&["init", "new", "--from-kubeconfig", own.to_str().unwrap()]);
    assert!(init.env_remove("KUBECONFIG").status().unwrap().success());
    assert!(!sandbox.read("new/environments/fleet.yaml").contains("kubeconfig:"));
}

#[test]
fn a_file_that_is_no_kubeconfig_writes_nothing() {
    let sandbox = Sandbox::new();
    for (name, text) in [("empty", ""), ("list", "- a\n"), ("none", "contexts: []\n"), ("broken", "contexts: [\n")] {
        sandbox.write(name, text);
        let refused = sandbox.run(&["init", "new", "--from-kubeconfig", name]);
        assert_eq!(refused.code, 1, "{name}: {}", refused.stderr);
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    }
    assert_eq!(sandbox.run(&["init", "new", "--from-kubeconfig", "missing"]).code, 1);
    assert!(!sandbox.path().join("new").exists());
}
