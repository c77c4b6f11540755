//! Rendering of manifests: it answers, twice the same, and what comes out is complete.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seaway_core::{
    LABEL_ENVIRONMENT, LABEL_SERVICE, SYSTEM_NAMESPACE,
    declaration::{SourceFile, Workspace, load},
    diagnostic::{Diagnostic, has_errors},
    digest::Digest,
    object::ObjectRef,
};
use seaway_render::{Inputs, Remotes, TargetContext, Tree, prepare};

const WORKSPACE: &str = "
apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: s}]
  regions: [{name: r, stage: s, clusters: [{name: c, labels: {zone: z}}]}]
---
apiVersion: seaway.dev/v1
kind: Service
metadata: {name: web}
spec:
  source: {manifests: {path: m}}
  namespace: shop
  config:
    schema:
      text: {type: string, default: 'a: \"b\"'}
      number: {type: integer, default: 3}
      map: {type: object, default: {a: [1]}}
";

static DECLARED: LazyLock<Workspace> = LazyLock::new(|| {
    let (workspace, findings) = load(&[SourceFile { path: "seaway.yaml".into(), text: WORKSPACE.into() }]);
    assert!(findings.is_empty());
    workspace
});

fuzz_target!(|bytes: &[u8]| {
    let (Some(service), Some(environment)) =
        (DECLARED.services.values().next(), DECLARED.environments.values().next())
    else {
        return;
    };
    let Some((region, cluster)) = environment.clusters().next() else { return };
    let Ok(target) = TargetContext::of(service, environment, region, cluster) else { return };
    // A NUL, which YAML forbids, separates files.
    let names = ["a.yaml", "b/c.json", "d.yml"];
    let files = names.iter().zip(bytes.split(|b| *b == 0)).map(|(name, bytes)| ((*name).to_owned(), bytes));
    let Ok(tree) = Tree::of("m", files) else { return };
    let source = match prepare(service, &Inputs::of(&tree, &Remotes::none())) {
        Ok(source) => source,
        Err(findings) => return refused(&findings),
    };
    match source.render(&target) {
        Err(findings) => refused(&findings),
        Ok(rendering) => {
            assert!(!has_errors(&rendering.remarks));
            let again = prepare(service, &Inputs::of(&tree, &Remotes::none())).and_then(|source| source.render(&target));
            assert!(again.is_ok_and(|again| again.content == rendering.content));
            for object in &rendering.content.objects {
                let manifest = &object.manifest;
                assert_eq!(Digest::of_json(manifest), object.entry.digest);
                assert_eq!(ObjectRef::of(manifest).as_ref(), Some(&object.entry.object));
                assert!(manifest["metadata"]["labels"][LABEL_SERVICE] == "web");
                assert!(manifest["metadata"]["labels"][LABEL_ENVIRONMENT] == "prod");
                assert!(manifest.get("status").is_none());
                assert_ne!(object.entry.object.namespace, SYSTEM_NAMESPACE);
            }
        }
    }
});

fn refused(findings: &[Diagnostic]) {
    assert!(has_errors(findings));
}
