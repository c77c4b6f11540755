use seaway_core::{
    declaration::{SourceFile, Workspace, load},
    diagnostic::{Diagnostic, codes},
    release::Content,
};
use serde_json::{Value, json};

use crate::{Inputs, Remotes, TargetContext, Tree, prepare};

const ENVIRONMENT: &str = "
apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: all}]
  regions:
  - name: west
    stage: all
    clusters: [{name: c1}, {name: c2}]
---
";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: web, image: 'r/web:1'}, {name: side, image: 'r/side:1'}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: web}
data: {a: '1'}
";

/// Every kind of source with these objects.
const SOURCES: [&str; 4] =
    ["{manifests: {path: s}}", "{helm: {chart: s}}", "{kustomize: {path: s}}", "{hld: {path: s, environments: [x]}}"];

fn workspace(source: &str, patches: &str) -> Workspace {
    let text = format!(
        "{ENVIRONMENT}apiVersion: seaway.dev/v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  source: {source}\n  \
         namespace: web\n  config:\n    schema: {{replicas: {{type: integer, default: 2}}, tag: {{type: string, default: v2}}}}\n    \
         values: {{clusters: {{c2: {{replicas: 5}}}}}}\n  patches:\n{patches}"
    );
    let (workspace, findings) = load(&[SourceFile { path: "seaway.yaml".into(), text }]);
    assert!(findings.is_empty(), "{findings:?}");
    workspace
}

fn tree(source: &str) -> Tree {
    let files: Vec<(&str, &str)> = match source {
        "{manifests: {path: s}}" => vec![("a.yaml", DEPLOYMENT)],
        "{helm: {chart: s}}" => {
            vec![("s/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"), ("s/templates/a.yaml", DEPLOYMENT)]
        }
        "{kustomize: {path: s}}" => vec![("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", DEPLOYMENT)],
        _ => vec![
            ("s/component.yaml", "name: web\nsubcomponents: [{name: m, type: static, path: m}]\n"),
            ("s/config/x.yaml", "config: {}\n"),
            ("s/m/a.yaml", DEPLOYMENT),
        ],
    };
    let root = if ["{helm", "{hld"].iter().any(|kind| source.starts_with(kind)) { "" } else { "s" };
    Tree::of(root, files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes()))).unwrap()
}

fn rendered(
    source: &str,
    patches: &str,
    files: &[(&str, &str)],
    cluster: &str,
) -> Result<(std::sync::Arc<Content>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let workspace = workspace(source, patches);
    let service = workspace.services.values().next().unwrap();
    let environment = workspace.environments.values().next().unwrap();
    let (region, cluster) = environment.clusters().find(|(_, one)| one.name.as_str() == cluster).unwrap();
    let target = TargetContext::of(service, environment, region, cluster).unwrap();
    let beside = Tree::of("", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap();
    let (tree, remotes) = (tree(source), Remotes::none());
    let inputs = Inputs { beside: &beside, ..Inputs::of(&tree, &remotes) };
    let rendering = prepare(service, &inputs)?.render(&target)?;
    Ok((rendering.content, rendering.remarks.to_vec()))
}

fn object(content: &Content, kind: &str) -> Value {
    let found = content.objects.iter().find(|one| one.entry.object.kind == kind);
    found.map(|one| (*one.manifest).clone()).unwrap_or_default()
}

#[test]
fn all_sources_are_patched_alike() {
    let patches = "  - patch:
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: ${config.replicas}
        template: {spec: {containers: [{name: web, image: 'r/web:${config.tag}'}]}}
  - path: p/more.yaml
    target: {kind: Config.*}
  - target: {kind: Deployment, labelSelector: app=web, namespace: web}
    patch: |
      - {op: add, path: /spec/paused, value: false}
      - {op: remove, path: /spec/template/spec/containers/1}
";
    let files = [("p/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: any}\ndata: {b: '2'}\n")];
    let mut all = Vec::new();
    for source in SOURCES {
        let (content, remarks) = rendered(source, patches, &files, "c2").unwrap_or_else(|f| panic!("{source}: {f:?}"));
        assert!(remarks.iter().all(|one| one.code != codes::PATCH_OF_NOTHING), "{remarks:?}");
        let deployment = object(&content, "Deployment");
        assert_eq!(deployment["spec"]["replicas"], json!(5), "{source}");
        assert_eq!(deployment["spec"]["paused"], json!(false));
        assert_eq!(deployment["spec"]["template"]["spec"]["containers"], json!([{"name": "web", "image": "r/web:v2"}]));
        assert_eq!(deployment["metadata"]["namespace"], json!("web"));
        assert_eq!(object(&content, "ConfigMap")["data"], json!({"a": "1", "b": "2"}));
        all.push(content.digest.clone());
        let other = rendered(source, patches, &files, "c1").unwrap().0;
        assert_eq!(object(&other, "Deployment")["spec"]["replicas"], json!(2), "{source}");
    }
    all.dedup();
    assert_eq!(all.len(), 1, "the same objects whatever made them");
}

#[test]
fn objects_can_be_taken_away() {
    let patches = "  - patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, $patch: delete}\n";
    for source in SOURCES {
        let (content, _) = rendered(source, patches, &[], "c1").unwrap_or_else(|f| panic!("{source}: {f:?}"));
        assert_eq!(content.objects.len(), 1, "{source}");
    }
}

#[test]
fn a_patch_of_nothing_is_said() {
    let patches = "  - {target: {kind: Gateway}, patch: [{op: remove, path: /spec}]}\n";
    let (_, remarks) = rendered(SOURCES[0], patches, &[], "c1").unwrap();
    let found: Vec<_> = remarks.iter().filter(|one| one.code == codes::PATCH_OF_NOTHING).collect();
    assert_eq!(found.len(), 1, "{remarks:?}");
    assert_eq!(found[0].place.as_ref().unwrap().line, 22, "{found:?}");
}

#[test]
fn faults_have_their_places() {
    let named = "  - patch:\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: other}\n";
    let pointed = "  - target: {name: web}\n    patch: |\n      - op: replace\n        path: /spec/nothing/there\n        value: 1\n";
    for (patches, files, message, file, line) in [
        (named, vec![], "which is not there", "seaway.yaml", 23),
        (pointed, vec![], "", "seaway.yaml", 22),
        ("  - path: p.yaml\n", vec![("p.yaml", "kind: [\n")], "", "p.yaml", 2),
        ("  - path: gone.yaml\n", vec![], "there is no file `gone.yaml`", "seaway.yaml", 22),
        (
            "  - {path: p.yaml, target: {name: '('}}\n",
            vec![("p.yaml", "- {op: remove, path: /spec}\n")],
            "expected a pattern",
            "seaway.yaml",
            22,
        ),
    ] {
        let findings = rendered(SOURCES[0], patches, &files, "c1").unwrap_err();
        let finding = &findings[0];
        let place = finding.place.clone().unwrap_or_else(|| panic!("{finding:?}"));
        assert!(finding.message.contains(message) && finding.code == codes::PATCH, "{finding:?}");
        assert_eq!((place.file.as_str(), place.line), (file, line), "{patches} {finding:?}");
    }
    let unknown = "  - {target: {name: web}, patch: [{op: add, path: /spec/a, value: '${config.nope}'}]}\n";
    let findings = rendered(SOURCES[1], unknown, &[], "c1").unwrap_err();
    assert_eq!(findings[0].code, codes::BAD_PLACEHOLDER);
}
