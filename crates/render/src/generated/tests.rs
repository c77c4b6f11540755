#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use seaway_core::{
    declaration::{ConfigKey, SourceFile, load},
    ids::{EnvironmentName, StageName, TargetName},
};

use super::*;

const SERVICE: &str = "apiVersion: seaway.dev/v1
kind: Service
metadata: {name: web}
spec:
  source: {kustomize: {path: deploy}}
  namespace: shop
  config:
    schema:
      replicas: {type: integer, default: 2}
      tag: {type: string, default: v1}
      limits: {type: object, default: {}}
";

fn service() -> Service {
    let (workspace, _) = load(&[SourceFile { path: "web/seaway.yaml".into(), text: SERVICE.into() }]);
    let service = workspace.services.into_values().next().unwrap();
    let keys: Vec<&ConfigKey> = service.config.values().collect();
    assert_eq!(keys.len(), 3);
    service
}

fn target(cluster: &str, replicas: u32) -> TargetContext {
    TargetContext {
        environment: EnvironmentName::new("prod"),
        stage: StageName::new("canary"),
        region: None,
        cluster: TargetName::new(cluster),
        labels: BTreeMap::new(),
        values: [("replicas", json!(replicas)), ("tag", json!("v2")), ("limits", json!({"cpu": 1}))]
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
    }
}

fn product(manifests: &[Value]) -> Product {
    let made = |manifest: &Value| Made { manifest: manifest.clone(), file: "web/deploy/a.yaml".into() };
    Product::new(manifests.iter().map(made).collect(), Vec::new())
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

#[test]
fn placeholders_become_values_and_other_text_stays() {
    let manifest = config_map(json!({
        "whole": "${config.replicas}", "inside": "n=${config.replicas}, ${config.tag}", "map": "${config.limits}",
        "foreign": "${HOME} ${config} $${config.tag} ${", "cluster": "${cluster.name}",
    }));
    let rendering = product(&[manifest]).on(&service(), &target("c1", 3)).unwrap();
    let object = &rendering.content.objects[0];
    assert_eq!(
        object.manifest["data"],
        json!({"whole": 3, "inside": "n=3, v2", "map": {"cpu": 1}, "foreign": "${HOME} ${config} ${config.tag} ${", "cluster": "c1"})
    );
    assert_eq!(object.manifest["metadata"]["namespace"], "shop");
}

#[test]
fn faulty_placeholders_are_findings() {
    for (text, message) in [
        ("${config.replica}", "unknown placeholder `${config.replica}`"),
        ("a ${config.limits}", "is no text"),
        ("${region.name}", "has no value on target `c1`"),
    ] {
        let findings = product(&[config_map(json!({"a": text}))]).on(&service(), &target("c1", 3)).unwrap_err();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.contains(message), "{findings:?}");
    }
}

#[test]
fn targets_with_equal_values_share_a_rendering() {
    let product = product(&[config_map(json!({"a": "${config.replicas}"}))]);
    let on = |cluster: &str, replicas| product.on(&service(), &target(cluster, replicas)).unwrap().content;
    assert!(Arc::ptr_eq(&on("c1", 3), &on("c2", 3)));
    assert_ne!(on("c1", 3).digest, on("c3", 4).digest);
}

#[test]
fn two_objects_of_one_name_are_refused() {
    let twice = [config_map(json!({})), config_map(json!({"a": "1"}))];
    let findings = product(&twice).on(&service(), &target("c1", 3)).unwrap_err();
    assert!(findings[0].message.contains("declared twice, first in web/deploy/a.yaml"), "{findings:?}");
}

#[test]
fn paths_on_a_target() {
    let (service, target) = (service(), target("c1", 3));
    assert_eq!(
        text_on(&service, &target, "f", "overlays/${environment.name}-${config.tag}").unwrap(),
        "overlays/prod-v2"
    );
    assert_eq!(text_on(&service, &target, "f", "${config.replicas}").unwrap(), "3");
    assert!(text_on(&service, &target, "f", "${config.limits}").is_err());
    assert!(text_on(&service, &target, "f", "${region.name}").is_err());
}
