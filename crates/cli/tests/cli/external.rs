//! A program that renders instead of Seaway: a script always, the real Helm where there is one.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use seaway_core::digest::Digest;

use crate::sandbox::Sandbox;

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

/// Prints what it was called with as objects, and a hook.
const SCRIPT: &str = r#"#!/bin/sh
cat <<END
---
# Source: web/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: called}
data: {arguments: "$*", home: "$(test -n "$HOME" && echo yes)", user: "${SEAWAY_USER:-none}", values: '$(cat values-0.yaml)'}
---
# Source: web/templates/hook.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
END
"#;

fn workspace(program: &str, digest: &Digest) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/play.yaml", ENVIRONMENT);
    sandbox.write("web/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: native}\ndata: {a: {{ .Values.a | quote }}}\n";
    sandbox.write("web/chart/templates/a.yaml", template);
    let sha256 = digest.as_str().trim_start_matches("sha256:");
    let text = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  namespace: web\n  source: {{helm: {{chart: chart, values: {{a: '${{config.a}}'}}}}}}\n  \
         config: {{schema: {{a: {{type: string, default: x}}}}, values: {{clusters: {{c1: {{a: here}}}}}}}}\n  \
         renderer: {{helm: external, path: '{program}', sha256: {sha256}}}\n"
    );
    sandbox.write("web/seaway.yaml", &text);
    sandbox
}

fn script(sandbox: &Sandbox, text: &str) -> PathBuf {
    let path = sandbox.write("tool", text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

const RENDER: [&str; 6] = ["render", "web", "-e", "play", "-o", "json"];

#[test]
fn a_program_renders_and_the_plan_says_so() {
    let tools = Sandbox::new();
    let path = script(&tools, SCRIPT);
    let sandbox = workspace(path.to_str().unwrap(), &Digest::of(SCRIPT.as_bytes()));
    let ran = sandbox.run(&RENDER);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let group = &ran.json()[0];
    let data =
        &group["objects"].as_array().unwrap().iter().find(|one| one["name"] == "called").unwrap()["manifest"]["data"];
    assert_eq!(data["arguments"], "template web chart --namespace web --include-crds --values values-0.yaml");
    assert_eq!(
        (&data["home"], &data["user"], &data["values"]),
        (&"yes".into(), &"none".into(), &"{\"a\":\"here\"}".into())
    );
    assert_eq!(group["values"]["c1"]["a"], serde_json::json!({"value": "here", "layer": "cluster c1"}));
    let by = &group["provenance"]["renderer"]["external"];
    assert_eq!(by["digest"], Digest::of(SCRIPT.as_bytes()).as_str());
    assert!(["none", "open"].contains(&by["network"].as_str().unwrap()), "{by}");
    // The hook runs before the rest, as with native rendering.
    let hook = group["objects"].as_array().unwrap().iter().find(|one| one["name"] == "hook").unwrap();
    assert!(hook["phase"].as_i64().unwrap() < 0, "{hook}");
    // Clusters that do not answer are no obstacle for a plan, and the plan names the program.
    let plan = sandbox.run(&["plan", "web", "-e", "play"]);
    assert!(plan.stdout.contains("web was rendered by `"), "{}{}", plan.stdout, plan.stderr);
    // Another program at the same path is not run.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&path, SCRIPT.replace("called", "other")).unwrap();
    let ran = sandbox.run(&RENDER);
    assert!(ran.code == 1 && ran.stderr.contains("SW0524"), "{}", ran.stderr);
}

#[test]
fn it_has_no_network_where_the_system_allows_that() {
    let tools = Sandbox::new();
    let text = "#!/bin/sh\nprintf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\ndata: {routes: \"%s\"}\\n' \"$(tail -n +2 /proc/net/route | wc -l)\"\n";
    let path = script(&tools, text);
    let sandbox = workspace(path.to_str().unwrap(), &Digest::of(text.as_bytes()));
    let ran = sandbox.run(&RENDER);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let group = &ran.json()[0];
    if group["provenance"]["renderer"]["external"]["network"] == "none" {
        assert_eq!(group["objects"][0]["manifest"]["data"]["routes"].as_str().unwrap().trim(), "0");
    }
}

#[test]
fn what_it_says_is_told_and_nothing_is_rendered_instead() {
    let tools = Sandbox::new();
    let text = "#!/bin/sh\necho 'Error: no such chart' >&2\nexit 1\n";
    let path = script(&tools, text);
    let sandbox = workspace(path.to_str().unwrap(), &Digest::of(text.as_bytes()));
    let ran = sandbox.run(&RENDER);
    assert!(ran.code == 1 && ran.stderr.contains("no such chart"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("native"), "{}", ran.stdout);
}

/// The Helm of the oracle, when it was fetched.
fn helm() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("SEAWAY_TEST_HELM") {
        return Some(given.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let kept = fs::read_dir(cache.join("seaway/oracle")).ok()?;
    let mut found: Vec<PathBuf> =
        kept.flatten().map(|entry| entry.path().join("helm")).filter(|path| path.is_file()).collect();
    found.sort();
    found.pop()
}

#[test]
fn the_real_helm_gives_what_native_rendering_gives() {
    let Some(helm) = helm() else {
        eprintln!("no Helm: `cargo xtask oracle helm` fetches one, or set SEAWAY_TEST_HELM");
        return;
    };
    let digest = Digest::of(&fs::read(&helm).unwrap());
    let sandbox = workspace(helm.to_str().unwrap(), &digest);
    let external = sandbox.run(&RENDER);
    assert_eq!(external.code, 0, "{}", external.stderr);
    let text = sandbox.read("web/seaway.yaml");
    let native: Vec<&str> = text.lines().filter(|line| !line.contains("renderer:")).collect();
    sandbox.write("web/seaway.yaml", &(native.join("\n") + "\n"));
    let native = sandbox.run(&RENDER);
    assert_eq!(native.json()[0]["content"], external.json()[0]["content"], "{}\n{}", native.stdout, external.stdout);
}

/// A workspace whose service is a kustomization that this program builds.
fn kustomized(program: &str, digest: &Digest) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("environments/play.yaml", ENVIRONMENT);
    sandbox.write(
        "web/k/base/kustomization.yaml",
        "resources: [a.yaml]\nconfigMapGenerator: [{name: c, literals: [x=1]}]\n",
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: c, envFrom: [{configMapRef: {name: c}}]}]\n";
    sandbox.write("web/k/base/a.yaml", pod);
    sandbox.write("web/k/play/kustomization.yaml", "namePrefix: play-\nresources: [../base]\n");
    let sha256 = digest.as_str().trim_start_matches("sha256:");
    let text = format!(
        "apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  namespace: web\n  \
         source: {{kustomize: {{path: k, overlay: '${{environment.name}}'}}}}\n  \
         renderer: {{kustomize: external, path: '{program}', sha256: {sha256}}}\n"
    );
    sandbox.write("web/seaway.yaml", &text);
    sandbox
}

#[test]
fn kustomize_and_kubectl_are_called_as_they_want() {
    let text = "#!/bin/sh\ncat <<END\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: called}\ndata: {arguments: \"$*\", file: \"$(head -n 1 $2/kustomization.yaml)\"}\nEND\n";
    for (name, verb) in [("kustomize", "build"), ("kubectl", "kustomize")] {
        let tools = Sandbox::new();
        let path = tools.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let sandbox = kustomized(path.to_str().unwrap(), &Digest::of(text.as_bytes()));
        let ran = sandbox.run(&RENDER);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let data = &ran.json()[0]["objects"][0]["manifest"]["data"];
        assert_eq!(data["arguments"], format!("{verb} source/play"));
        assert_eq!(data["file"], "namePrefix: play-");
    }
}

#[test]
fn a_real_kubectl_builds_what_is_built_natively() {
    let Some(kubectl) = std::env::var_os("SEAWAY_TEST_KUBECTL").map(PathBuf::from) else {
        eprintln!("no kubectl: set SEAWAY_TEST_KUBECTL to one");
        return;
    };
    let digest = Digest::of(&fs::read(&kubectl).unwrap());
    let sandbox = kustomized(kubectl.to_str().unwrap(), &digest);
    let external = sandbox.run(&RENDER);
    assert_eq!(external.code, 0, "{}", external.stderr);
    let by = &external.json()[0]["provenance"]["renderer"]["external"];
    assert_eq!(by["program"], kubectl.to_str().unwrap());
    assert_eq!(by["digest"], digest.as_str());
    let text = sandbox.read("web/seaway.yaml");
    let native: Vec<&str> = text.lines().filter(|line| !line.contains("renderer:")).collect();
    sandbox.write("web/seaway.yaml", &(native.join("\n") + "\n"));
    let native = sandbox.run(&RENDER);
    assert_eq!(native.json()[0]["content"], external.json()[0]["content"], "{}\n{}", native.stdout, external.stdout);
    assert!(external.stdout.contains("play-c-"), "the generated name has its hash: {}", external.stdout);
}
