use std::sync::Arc;

use proptest::prelude::*;
use seaway_core::{
    declaration::{SourceFile, Workspace, load},
    diagnostic::{Diagnostic, codes},
};

use crate::{Inputs, OBJECTS_MAX, Prepared, Rendering, TargetContext, Tree, prepare, render};

const WORKSPACE: &str = "
apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: canary}]
  global: {clusters: [{name: hub}]}
  regions:
  - name: west
    stage: canary
    clusters: [{name: c1, labels: {tier: gold}}, {name: c2}]
---
apiVersion: seaway.dev/v1
kind: Service
metadata: {name: web}
spec:
  source: {manifests: {path: m}}
  namespace: web
  config:
    schema: {replicas: {type: integer, default: 2}, image: {type: string, default: 'r/web:1'}}
    values: {clusters: {c2: {replicas: 5}}}
";

fn workspace() -> Workspace {
    let (workspace, findings) = load(&[SourceFile { path: "seaway.yaml".into(), text: WORKSPACE.into() }]);
    assert!(findings.is_empty(), "{findings:?}");
    workspace
}

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::of("m", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap()
}

fn target(workspace: &Workspace, name: &str) -> TargetContext {
    let environment = workspace.environments.values().next().unwrap();
    let service = workspace.services.values().next().unwrap();
    let (region, cluster) = environment.clusters().find(|(_, cluster)| cluster.name.as_str() == name).unwrap();
    TargetContext::of(service, environment, region, cluster).unwrap()
}

fn rendered(files: &[(&str, &str)], name: &str) -> Result<Rendering, Vec<Diagnostic>> {
    let workspace = workspace();
    render(workspace.services.values().next().unwrap(), &tree(files), &target(&workspace, name))
}

fn prepared(files: &[(&str, &str)]) -> Box<dyn Prepared> {
    let workspace = workspace();
    prepare(workspace.services.values().next().unwrap(), &Inputs::of(&tree(files), &crate::Remotes::none()))
        .unwrap_or_else(|f| panic!("{f:?}"))
}

fn codes_of(text: &str) -> Vec<&'static str> {
    match rendered(&[("a.yaml", text)], "c1") {
        Ok(rendering) => rendering.remarks.iter().map(|d| d.code).collect(),
        Err(findings) => findings.iter().map(|d| d.code).collect(),
    }
}

fn config_map(name: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: \"1\"}}\n")
}

#[test]
fn targets_with_equal_values_share_one_content() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: ${config.replicas}\n";
    let source = prepared(&[("a.yaml", text), ("b.yaml", &config_map("fixed"))]);
    let workspace = workspace();
    let (c1, c2) = (target(&workspace, "c1"), target(&workspace, "c2"));
    let first = source.render(&c1).unwrap().content;
    assert!(Arc::ptr_eq(&first, &source.render(&c1).unwrap().content));
    let like_c1 = TargetContext { values: c1.values.clone(), ..c2.clone() };
    assert!(Arc::ptr_eq(&first, &source.render(&like_c1).unwrap().content), "no placeholder tells them apart");
    let second = source.render(&c2).unwrap().content;
    assert_ne!(first.digest, second.digest);
    let manifest = |content: &seaway_core::release::Content, kind: &str| {
        content.objects.iter().find(|o| o.entry.object.kind == kind).unwrap().manifest.clone()
    };
    assert_eq!(manifest(&second, "Deployment")["spec"]["replicas"], 5);
    assert!(Arc::ptr_eq(&manifest(&first, "ConfigMap"), &manifest(&second, "ConfigMap")), "one object for both");
}

#[test]
fn five_thousand_targets_parse_once() {
    let files: Vec<(String, String)> = (0..20).map(|n| (format!("{n}.yaml"), config_map(&format!("m{n}")))).collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let named = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: who}\ndata:\n  name: ${cluster.name}\n";
    files.push(("named.yaml", named));
    let source = prepared(&files);
    let base = target(&workspace(), "c1");
    let mut digests = std::collections::BTreeSet::new();
    for n in 0..5_000 {
        let target = TargetContext { cluster: seaway_core::ids::TargetName::new(format!("t{n}")), ..base.clone() };
        digests.insert(source.render(&target).unwrap().content.digest.clone());
    }
    assert_eq!(digests.len(), 5_000);
}

#[test]
fn objects_are_completed() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: web}}\n\
                - {apiVersion: v1, kind: Namespace, metadata: {name: web, namespace: oops}}\n---\n\
                apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: other, annotations: \
                {seaway.dev/phase: \"-3\"}}\nspec: {template: {metadata: {labels: {app: web}}}}\nstatus: {replicas: 1}\n---\n\
                apiVersion: v1\nkind: Secret\nmetadata: {name: s, creationTimestamp: null, uid: x}\nstringData: {a: b}\n";
    let rendering = rendered(&[("a.yaml", text)], "c1").unwrap();
    let entries: Vec<(String, i32, bool)> = rendering
        .content
        .objects
        .iter()
        .map(|o| (o.entry.object.to_string(), o.entry.phase, o.entry.sensitive))
        .collect();
    let expected = [
        ("Namespace web", 0, false),
        ("Secret web/s", 0, true),
        ("Service web/web", 0, false),
        ("Deployment.apps other/web", -3, false),
    ];
    assert_eq!(entries, expected.map(|(name, phase, secret)| (name.to_owned(), phase, secret)));
    let deployment = &rendering.content.objects[3].manifest;
    assert_eq!(deployment["metadata"]["labels"]["seaway.dev/service"], "web");
    assert_eq!(deployment["metadata"]["labels"]["seaway.dev/environment"], "prod");
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], serde_json::json!({"app": "web"}));
    assert!(deployment.get("status").is_none());
    let remarks: Vec<&str> = rendering.remarks.iter().map(|d| d.code).collect();
    assert_eq!(remarks, [codes::NAMESPACE_IGNORED, codes::FIELD_LEFT_OUT, codes::FIELD_LEFT_OUT]);
    assert!(rendering.remarks.iter().all(|d| d.hides_source), "the file declares a Secret");
}

#[test]
fn scopes_of_custom_kinds() {
    let crd = |kind: &str, scope: &str| {
        format!(
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: x{kind}.x.io}}\n\
             spec: {{group: x.io, scope: {scope}, names: {{kind: {kind}}}}}\n"
        )
    };
    let object =
        |kind: &str, extra: &str| format!("---\napiVersion: x.io/v1\nkind: {kind}\nmetadata: {{name: o{extra}}}\n");
    let text = [
        crd("Wide", "Cluster"),
        crd("Narrow", "Namespaced"),
        object("Wide", ""),
        object("Narrow", ", annotations: {seaway.dev/scope: cluster}"),
        object("Unknown", ""),
        object("Foreign", ", annotations: {seaway.dev/scope: cluster}"),
    ]
    .concat();
    let rendering = rendered(&[("a.yaml", &text)], "c1").unwrap();
    let namespace = |kind: &str| {
        let mut all = rendering.content.objects.iter();
        all.find(|o| o.entry.object.kind == kind).unwrap().entry.object.namespace.clone()
    };
    let found = ["Wide", "Narrow", "Unknown", "Foreign"].map(namespace);
    assert_eq!(found, ["", "web", "web", ""]);
}

#[test]
fn findings_about_objects() {
    for (text, expected) in [
        ("kind: ConfigMap\nmetadata: {name: a}", codes::INCOMPLETE_OBJECT),
        ("apiVersion: v1\nmetadata: {name: a}", codes::INCOMPLETE_OBJECT),
        ("apiVersion: v1\nkind: ConfigMap", codes::INCOMPLETE_OBJECT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 7}", codes::INCOMPLETE_OBJECT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: [a]", codes::INCOMPLETE_OBJECT),
        ("just text", codes::INCOMPLETE_OBJECT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: 1}", codes::INCOMPLETE_OBJECT),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}", codes::GENERATED_NAME),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {v: 1.0}}", codes::METADATA_NOT_TEXT),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: [x]}", codes::METADATA_NOT_TEXT),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: seaway-system}",
            codes::OBJECT_IN_RESERVED_NAMESPACE,
        ),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: seaway-system}", codes::OBJECT_IN_RESERVED_NAMESPACE),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {seaway.dev/phase: first}}", codes::BAD_PHASE),
        ("apiVersion: x.io/v1\nkind: X\nmetadata: {name: a, annotations: {seaway.dev/scope: all}}", codes::BAD_SCOPE),
        ("# nothing", codes::EMPTY_SOURCE),
        ("a: [", codes::SYNTAX),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {a: 1, a: 2}", codes::DUPLICATE_KEY),
    ] {
        assert_eq!(codes_of(text), [expected], "{text}");
    }
    let twice = [config_map("a"), config_map("b"), config_map("a")].concat();
    assert_eq!(codes_of(&twice), [codes::DUPLICATE_OBJECT]);
    let versions =
        "apiVersion: x.io/v1\nkind: X\nmetadata: {name: a}\n---\napiVersion: x.io/v2\nkind: X\nmetadata: {name: a}";
    assert_eq!(codes_of(versions), [codes::DUPLICATE_OBJECT], "one object whatever the version");
}

#[test]
fn placeholders_without_value_name_the_target() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  r: ${region.name}\n  t: ${cluster.labels.tier}\n";
    assert!(rendered(&[("a.yaml", text)], "c1").is_ok());
    let found = |name: &str| {
        let findings = rendered(&[("a.yaml", text)], name).unwrap_err();
        findings.iter().map(|d| (d.code, d.place.clone().unwrap().to_string())).collect::<Vec<_>>()
    };
    assert_eq!(found("c2"), [(codes::NO_VALUE_HERE, "m/a.yaml:6:6".to_owned())]);
    assert_eq!(found("hub").len(), 2);
}

#[test]
fn findings_about_secrets_show_nothing_of_them() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: 'pass${word}', b: '${config.x}'}\n";
    let findings = rendered(&[("a.yaml", text)], "c1").unwrap_err();
    let messages: Vec<&str> = findings.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, ["unknown placeholder in a Secret", "unknown placeholder `${config.x}`"]);
    for finding in &findings {
        let shown = seaway_core::diagnostic::render_plain(finding, Some(text));
        assert!(!shown.contains("pass") && !shown.contains("word"), "{shown}");
    }
}

#[test]
fn limits_and_bytes() {
    let many: String = (0..=OBJECTS_MAX / 2).map(|n| config_map(&format!("m{n}"))).collect();
    let findings = rendered(&[("a.yaml", &many), ("b.yaml", &many)], "c1").unwrap_err();
    assert_eq!(findings.last().map(|d| d.code), Some(codes::TOO_MANY_OBJECTS));

    let large =
        format!("{}  b: {}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n", "x".repeat(3 << 20));
    assert_eq!(codes_of(&large), [codes::TOO_MANY_OBJECTS]);

    let workspace = workspace();
    let tree = Tree::of("m", [("a.yaml".to_owned(), b"\xff".as_slice())]).unwrap();
    let findings = prepare(workspace.services.values().next().unwrap(), &Inputs::of(&tree, &crate::Remotes::none()))
        .err()
        .unwrap();
    assert_eq!(findings.iter().map(|d| d.code).collect::<Vec<_>>(), [codes::NOT_TEXT]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the same objects are spread over files, and in whatever order, the content is the same.
    #[test]
    fn content_does_not_depend_on_files(
        names in prop::collection::btree_set("x[a-z]{0,5}", 1..6).prop_map(|s| s.into_iter().collect::<Vec<_>>()),
        order in prop::collection::vec(any::<prop::sample::Index>(), 6),
        spread in prop::collection::vec(0_usize..3, 6),
    ) {
        let one: String = names.iter().map(|name| config_map(name)).collect();
        let base = rendered(&[("all.yaml", &one)], "c1").unwrap().content;
        let mut shuffled = names.clone();
        for (i, index) in order.iter().enumerate().take(shuffled.len()) {
            let j = index.index(shuffled.len());
            shuffled.swap(i, j);
        }
        let mut files = vec![String::new(); 3];
        for (name, file) in shuffled.iter().zip(&spread) {
            files[*file] += &config_map(name);
        }
        let files: Vec<(String, &str)> = files.iter().enumerate().map(|(n, text)| (format!("d/{n}.yml"), text.as_str())).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let other = rendered(&files, "c1").unwrap().content;
        prop_assert_eq!(&base.digest, &other.digest);
        prop_assert_eq!(base.entries(), other.entries());
    }
}
