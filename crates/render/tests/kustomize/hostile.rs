//! Trees that mean harm end in a clear error within their limits.

use std::{fmt::Write as _, sync::Arc};

use seaway_core::diagnostic::{Diagnostic, codes};
use seaway_render::{
    Tree,
    kustomize::{ChartRenderer, ChartRequest, NoCharts, RemoteSources, build},
};

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::of("", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap()
}

fn refused(files: &[(&str, &str)], path: &str) -> Diagnostic {
    build(&tree(files), path, &RemoteSources::none(), &NoCharts).unwrap_err().remove(0)
}

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";

#[test]
fn no_path_leaves_the_tree() {
    let places = [
        "resources: [PATH]",
        "components: [PATH]",
        "bases: [PATH]",
        "crds: [PATH]",
        "configurations: [PATH]",
        "generators: [PATH]",
        "transformers: [PATH]",
        "validators: [PATH]",
        "openapi: {path: PATH}",
        "patches: [{path: PATH}]",
        "patchesStrategicMerge: [PATH]",
        "patchesJson6902: [{target: {kind: ConfigMap, name: a}, path: PATH}]",
        "replacements: [{path: PATH}]",
        "configMapGenerator: [{name: x, files: [PATH]}]",
        "configMapGenerator: [{name: x, files: [key=PATH]}]",
        "configMapGenerator: [{name: x, envs: [PATH]}]",
        "secretGenerator: [{name: x, env: PATH}]",
        "helmCharts: [{name: PATH}]",
        "helmGlobals: {chartHome: PATH}\nhelmCharts: [{name: x}]",
        "helmCharts: [{name: x, valuesFile: PATH}]",
        "helmCharts: [{name: x, additionalValuesFiles: [PATH]}]",
    ];
    for place in places {
        for path in ["../../secret.yaml", "/etc/passwd", "a/../../../x", "..", "../.."] {
            let text = place.replace("PATH", path);
            let finding = refused(&[("k/kustomization.yaml", &text), ("secret.yaml", CONFIG_MAP)], "k");
            assert!(finding.code.starts_with("SW08"), "{text}: {finding:?}");
        }
    }
}

#[test]
fn files_beside_the_folder_are_not_read() {
    let files = [("k/kustomization.yaml", "resources: [../a.yaml]"), ("a.yaml", CONFIG_MAP)];
    assert_eq!(refused(&files, "k").code, codes::KUSTOMIZE_PATH);
}

#[test]
fn circles_end() {
    let files = [
        ("a/kustomization.yaml", "resources: [../b]"),
        ("b/kustomization.yaml", "resources: [../c]"),
        ("c/kustomization.yaml", "resources: [../a]"),
    ];
    for path in ["a", "b", "c"] {
        assert_eq!(refused(&files, path).code, codes::KUSTOMIZE_PATH);
    }
    assert_eq!(refused(&[("kustomization.yaml", "resources: [.]")], "").code, codes::KUSTOMIZE_PATH);
    let kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    let component = format!("{kind}components: [../c]");
    let files = [("k/kustomization.yaml", "components: [../c]"), ("c/kustomization.yaml", component.as_str())];
    assert_eq!(refused(&files, "k").code, codes::KUSTOMIZE_PATH);
}

#[test]
fn a_long_chain_of_folders_ends() {
    let all: Vec<(String, String)> =
        (0..500).map(|n| (format!("k{n}/kustomization.yaml"), format!("resources: [../k{}]", n + 1))).collect();
    let files: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(refused(&files, "k0").code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn bases_that_double_end() {
    let mut all: Vec<(String, String)> = (0..40)
        .flat_map(|n| {
            let next = n + 1;
            [
                (format!("a{n}/kustomization.yaml"), format!("namePrefix: a\nresources: [../a{next}, ../b{next}]")),
                (format!("b{n}/kustomization.yaml"), format!("namePrefix: b\nresources: [../a{next}, ../b{next}]")),
            ]
        })
        .collect();
    for name in ["a40", "b40"] {
        all.push((format!("{name}/kustomization.yaml"), format!("namePrefix: {name}\nresources: [x.yaml]")));
        all.push((format!("{name}/x.yaml"), CONFIG_MAP.to_owned()));
    }
    let files: Vec<(&str, &str)> = all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(refused(&files, "a0").code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn alias_bombs_end() {
    let mut bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx0: &x0 [lol, lol]\n".to_owned();
    for level in 1..60 {
        let before = level - 1;
        writeln!(bomb, "x{level}: &x{level} [*x{before}, *x{before}]").unwrap();
    }
    for (name, text) in [("a.yaml", "resources: [a.yaml]"), ("a.yaml", "patches: [{path: a.yaml}]")] {
        assert_eq!(refused(&[("kustomization.yaml", text), (name, &bomb)], "").code, codes::KUSTOMIZE_TOO_LARGE);
    }
    assert_eq!(refused(&[("kustomization.yaml", &bomb)], "").code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn tags_that_a_comma_ends_have_a_place() {
    let files = [("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", "a: b\n---\nx: 1\ny: [!a,b]\n")];
    let finding = refused(&files, "");
    assert_eq!(finding.code, codes::SYNTAX);
    let place = finding.place.unwrap();
    assert_eq!((place.file.as_str(), place.line, place.column), ("a.yaml", 4, 5));
}

#[test]
fn deep_documents_end() {
    for deep in [format!("a: {}", "[".repeat(200_000)), format!("a: {}1", "{b: ".repeat(100_000)), "- ".repeat(100_000)]
    {
        let finding = refused(&[("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", &deep)], "");
        assert!([codes::KUSTOMIZE_TOO_LARGE, codes::SYNTAX].contains(&finding.code), "{finding:?}");
        let finding = refused(&[("kustomization.yaml", &deep)], "");
        assert!([codes::KUSTOMIZE_TOO_LARGE, codes::SYNTAX].contains(&finding.code), "{finding:?}");
    }
}

#[test]
fn copies_into_themselves_end() {
    let replacement = "
- source: {kind: ConfigMap, fieldPath: data}
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.copyN]
    options: {create: true}
";
    let mut text = "resources: [a.yaml]\nreplacements:".to_owned();
    for n in 0..200 {
        text += &replacement.replace("copyN", &format!("copy{n}"));
    }
    let finding = refused(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);

    let double = "
- source: {kind: ConfigMap, fieldPath: data.a}
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.a]
    options: {delimiter: \",\", index: 99999}
";
    let text = format!("resources: [a.yaml]\nreplacements:{}", double.repeat(200));
    let finding = refused(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);

    let copy = "    - {op: copy, from: /data, path: /data/b}\n".repeat(300);
    let text = format!("resources: [a.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |\n{copy}");
    let finding = refused(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn variables_do_not_grow_without_end() {
    let long = "x".repeat(1_000_000);
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{v: {long}}}\n");
    let uses = "$(V)".repeat(20_000);
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: c, args: [\"{uses}\"]}}]}}\n"
    );
    let text = "resources: [a.yaml, p.yaml]\nvars:\n- name: V\n  objref: {kind: ConfigMap, name: a, apiVersion: v1}\n  fieldref: {fieldPath: data.v}\n";
    let finding = refused(&[("kustomization.yaml", text), ("a.yaml", &object), ("p.yaml", &pod)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn patterns_take_linear_time_or_are_refused() {
    let name = "a".repeat(200);
    let object = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let patch = |pattern: &str| {
        format!(
            "resources: [a.yaml]\npatches:\n- target: {{name: '{pattern}'}}\n  patch: |\n    - {{op: add, path: /data, value: {{}}}}\n"
        )
    };
    let slow = patch("(a*)*(a*)*(a*)*b");
    assert!(
        build(&tree(&[("kustomization.yaml", &slow), ("a.yaml", &object)]), "", &RemoteSources::none(), &NoCharts)
            .is_ok()
    );
    let huge = patch("((a{1,1000}){1,1000}){1,1000}");
    assert_eq!(refused(&[("kustomization.yaml", &huge), ("a.yaml", &object)], "").code, codes::KUSTOMIZE_TOO_LARGE);
    let nested = patch(&"(".repeat(100_000));
    assert_eq!(refused(&[("kustomization.yaml", &nested), ("a.yaml", &object)], "").code, codes::KUSTOMIZE_FIELD);
}

#[test]
fn many_objects_and_many_labels_end() {
    let many: String =
        (0..30_000).map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n")).collect();
    let finding = refused(&[("kustomization.yaml", "resources: [a.yaml]"), ("a.yaml", &many)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);

    let some: String =
        (0..5_000).map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n")).collect();
    let long = "v".repeat(1_000_000);
    let text = format!("resources: [a.yaml]\nlabels: [{{pairs: {{a: {long}}}}}]");
    let finding = refused(&[("kustomization.yaml", &text), ("a.yaml", &some)], "");
    assert_eq!(finding.code, codes::KUSTOMIZE_TOO_LARGE);
}

#[test]
fn plugins_and_remote_sources_are_refused_by_name() {
    let function = "apiVersion: example.com/v1\nkind: Mine\nmetadata: {name: t}\n";
    for field in ["generators", "transformers", "validators"] {
        let text = format!("resources: [a.yaml]\n{field}: [f.yaml]");
        let finding = refused(&[("kustomization.yaml", &text), ("a.yaml", CONFIG_MAP), ("f.yaml", function)], "");
        assert_eq!(finding.code, codes::KUSTOMIZE_PLUGIN);
        assert!(finding.message.contains("Mine"), "{}", finding.message);
    }
    for address in [
        "https://github.com/example/app//deploy?ref=v1",
        "git@github.com:example/app.git",
        "github.com/example/app/deploy",
        "https://example.com/manifests/all.yaml",
        "ssh://git@example.com/a/b.git",
        "file:///etc/app",
    ] {
        for field in ["resources", "components"] {
            let text = format!("{field}: ['{address}']");
            let finding = refused(&[("kustomization.yaml", &text)], "");
            assert_eq!(finding.code, codes::KUSTOMIZE_REMOTE, "{text}: {}", finding.message);
            assert!(finding.message.contains(address), "{}", finding.message);
        }
    }
}

#[test]
fn locked_copies_stand_for_remote_sources() {
    let remote = tree(&[
        ("deploy/kustomization.yaml", "resources: [a.yaml, ../more]"),
        ("deploy/a.yaml", CONFIG_MAP),
        ("more/kustomization.yaml", "resources: [b.yaml]"),
        ("more/b.yaml", &CONFIG_MAP.replace("name: a", "name: b")),
    ]);
    let address = "https://github.com/example/app//deploy?ref=v1";
    let file = "https://example.com/c.yaml";
    let mut remotes = RemoteSources::none();
    remotes.add_folder(address, Arc::new(remote), "deploy");
    remotes.add_file(file, CONFIG_MAP.replace("name: a", "name: c").into_bytes());
    let text = format!("namePrefix: p-\nresources: ['{address}', '{file}']");
    let built = build(&tree(&[("kustomization.yaml", &text)]), "", &remotes, &NoCharts).unwrap();
    let names: Vec<&str> = built.objects.iter().filter_map(|one| one.manifest["metadata"]["name"].as_str()).collect();
    assert_eq!(names, ["p-a", "p-b", "p-c"]);

    let escape = tree(&[("deploy/kustomization.yaml", "resources: [../../x]")]);
    let mut remotes = RemoteSources::none();
    remotes.add_folder(address, Arc::new(escape), "deploy");
    let text = format!("resources: ['{address}']");
    let files = tree(&[("kustomization.yaml", &text), ("x/kustomization.yaml", "resources: []")]);
    let finding = build(&files, "", &remotes, &NoCharts).unwrap_err().remove(0);
    assert_eq!(finding.code, codes::KUSTOMIZE_PATH);
}

struct Shown;

impl ChartRenderer for Shown {
    fn render(&self, request: &ChartRequest<'_>) -> Result<String, String> {
        let values = serde_json::to_string(&request.values).map_err(|error| error.to_string())?;
        let release = &request.release_name;
        Ok(format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {release}}}\ndata:\n  path: {}\n  values: '{values}'\n",
            request.path
        ))
    }
}

#[test]
fn charts_are_rendered_by_the_caller() {
    let text = "
namePrefix: p-
helmCharts:
- name: web
  releaseName: one
  valuesInline: {a: {b: 2}, e: null}
- name: web
  releaseName: two
  valuesMerge: merge
  valuesInline: {a: {b: 2, d: 1}}
- name: web
  releaseName: three
  valuesMerge: replace
  valuesInline: {z: 1}
  additionalValuesFiles: [more.yaml]
";
    let files = [
        ("k/kustomization.yaml", text),
        ("k/more.yaml", "y: 1\n"),
        ("k/charts/web/Chart.yaml", "name: web\n"),
        ("k/charts/web/values.yaml", "a: {b: 1, c: 3}\ne: 5\n"),
    ];
    let built = build(&tree(&files), "k", &RemoteSources::none(), &Shown).unwrap();
    let mut found: Vec<(String, String)> = built
        .objects
        .iter()
        .map(|one| (one.manifest["metadata"]["name"].to_string(), one.manifest["data"]["values"].to_string()))
        .collect();
    found.sort();
    assert_eq!(built.objects[0].manifest["data"]["path"], "k/charts/web");
    let expected = [
        ("\"p-one\"", r#"[{\"a\":{\"b\":2,\"c\":3}}]"#),
        ("\"p-three\"", r#"[{\"z\":1},{\"y\":1}]"#),
        ("\"p-two\"", r#"[{\"a\":{\"b\":1,\"c\":3,\"d\":1},\"e\":5}]"#),
    ]
    .map(|(name, values)| (name.to_owned(), format!("\"{values}\"")));
    assert_eq!(found, expected);
}
