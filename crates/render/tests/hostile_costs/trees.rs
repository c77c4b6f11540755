//! Kustomizations, high-level definitions and raw manifests that ask for too much.

use std::fmt::Write as _;

use seaway_core::{
    declaration::{Service, SourceFile, load},
    diagnostic::Diagnostic,
};
use seaway_render::{
    Native, TargetContext, Tree,
    helm::functions::Entropy,
    hld::{Lock, Profile, Request, Settings, generate},
    kustomize::{NoCharts, RemoteSources, build},
    remote::View,
    render,
};

use crate::cases::{Case, Work};

const LARGE: &[&str] = &["grows too large", "too large", "is more than the limit of", "too deep", "deep", "more than"];
const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n";
/// The case is about its cost alone: it may end well.
const ANYTHING: &[&str] = &[""];

type Files = Vec<(String, String)>;

fn tree(files: Files) -> Tree {
    Tree::of("", files.into_iter().map(|(path, text)| (path, text.into_bytes()))).unwrap()
}

fn files<const N: usize>(files: [(&str, String); N]) -> Files {
    files.map(|(path, text)| (path.to_owned(), text)).to_vec()
}

fn first(findings: &[Diagnostic]) -> String {
    findings.first().map(|finding| finding.message.clone()).unwrap_or_default()
}

fn kustomize(files: Files, folder: &'static str) -> Work {
    let tree = tree(files);
    Box::new(move || match build(&tree, folder, &RemoteSources::none(), &NoCharts) {
        Ok(built) => format!("{} objects", built.objects.len()),
        Err(findings) => first(&findings),
    })
}

fn definition(files: Files) -> Work {
    let tree = tree(files);
    Box::new(move || {
        let settings = Settings { profile: Profile::Compat, ..Settings::default() };
        let (lock, environments) = (Lock::default(), ["prod".to_owned()]);
        let request = Request {
            tree: &tree,
            folder: "",
            settings: &settings,
            environments: &environments,
            lock: &lock,
            store: &(),
        };
        match generate(&request, &Native::new(View::nothing(), Entropy::Refuse)) {
            Ok(made) => format!("{} files", made.files.len()),
            Err(findings) => first(&findings),
        }
    })
}

fn manifests(text: String) -> Work {
    const WORKSPACE: &str = "apiVersion: seaway.dev/v1
kind: Environment
metadata: {name: prod}
spec:
  stages: [{name: one}]
  regions: [{name: west, stage: one, clusters: [{name: c1}]}]
---
apiVersion: seaway.dev/v1
kind: Service
metadata: {name: web}
spec: {source: {manifests: {path: web}}, namespace: web}
";
    let tree = Tree::of("web", [("a.yaml".to_owned(), text.into_bytes())]).unwrap();
    Box::new(move || {
        let file = SourceFile { path: "seaway.yaml".to_owned(), text: WORKSPACE.to_owned() };
        let (workspace, _) = load(&[file]);
        let service: &Service = workspace.services.values().next().unwrap();
        let environment = workspace.environments.values().next().unwrap();
        let (region, cluster) = environment.clusters().next().unwrap();
        let target = TargetContext::of(service, environment, region, cluster).unwrap();
        match render(service, &tree, &target) {
            Ok(rendering) => format!("{} objects", rendering.content.objects.len()),
            Err(findings) => first(&findings),
        }
    })
}

fn bomb(head: &str) -> String {
    let mut bomb = format!("{head}x0: &x0 [lol, lol]\n");
    for level in 1..60 {
        writeln!(bomb, "x{level}: &x{level} [*x{0}, *x{0}]", level - 1).unwrap();
    }
    bomb
}

fn deep() -> String {
    format!("{CONFIG_MAP}x: {}{}", "[".repeat(10_000), "]".repeat(10_000))
}

fn many(count: usize) -> String {
    (0..count).map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}}}\n")).collect()
}

pub(crate) fn all() -> Vec<Case> {
    [kustomizations(), large_kustomizations(), definitions(), raw()].into_iter().flatten().collect()
}

fn kustomizations() -> Vec<Case> {
    let case = |name, says, input| Case { name, says, input };
    vec![
        case("kustomize: aliases", LARGE, || {
            kustomize(files([("kustomization.yaml", "resources: [a.yaml]".into()), ("a.yaml", bomb(CONFIG_MAP))]), "")
        }),
        case("kustomize: 10,000 levels", LARGE, || {
            kustomize(files([("kustomization.yaml", "resources: [a.yaml]".into()), ("a.yaml", deep())]), "")
        }),
        case("kustomize: bases that double", LARGE, || {
            let mut all = Files::new();
            for n in 0..40 {
                for name in ["a", "b"] {
                    let text = format!("namePrefix: {name}\nresources: [../a{0}, ../b{0}]", n + 1);
                    all.push((format!("{name}{n}/kustomization.yaml"), text));
                }
            }
            for name in ["a40", "b40"] {
                all.push((format!("{name}/kustomization.yaml"), format!("namePrefix: {name}\nresources: [x.yaml]")));
                all.push((format!("{name}/x.yaml"), CONFIG_MAP.to_owned()));
            }
            kustomize(all, "a0")
        }),
        case("kustomize: copies into themselves", LARGE, || {
            let copy = "    - {op: copy, from: /data, path: /data/b}\n".repeat(300);
            let text = format!("resources: [a.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |\n{copy}");
            kustomize(files([("kustomization.yaml", text), ("a.yaml", CONFIG_MAP.into())]), "")
        }),
        case("kustomize: many patches for many objects", LARGE, || {
            let patch =
                "- target: {kind: ConfigMap}\n  patch: '[{\"op\": \"add\", \"path\": \"/data\", \"value\": {}}]'\n"
                    .repeat(2_000);
            let text = format!("resources: [a.yaml]\npatches:\n{patch}");
            kustomize(files([("kustomization.yaml", text), ("a.yaml", many(10_000))]), "")
        }),
        case("kustomize: many replacements for many objects", LARGE, || {
            let one = "- source: {kind: ConfigMap, name: c1, fieldPath: metadata.name}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x], options: {create: true}}]\n";
            let text = format!("resources: [a.yaml]\nreplacements:\n{}", one.repeat(2_000));
            kustomize(files([("kustomization.yaml", text), ("a.yaml", many(10_000))]), "")
        }),
        case("kustomize: slow patterns for many objects", LARGE, || {
            let patch = "- target: {name: '(a|b|c|.*)*(a*)*(b*)*x'}\n  patch: '[{\"op\": \"add\", \"path\": \"/data\", \"value\": {}}]'\n";
            let text = format!("resources: [a.yaml]\npatches:\n{}", patch.repeat(1_000));
            let name = "a".repeat(250);
            let all: String = (0..5_000)
                .map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{n}}}\n"))
                .collect();
            kustomize(files([("kustomization.yaml", text), ("a.yaml", all)]), "")
        }),
        case("kustomize: many images for many objects", LARGE, || {
            let images: String = (0..5_000).map(|n| format!("- {{name: i{n}, newTag: v2}}\n")).collect();
            let pods: String = (0..5_000)
                .map(|n| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{containers: [{{name: a, image: i{n}}}]}}\n"))
                .collect();
            let text = format!("resources: [a.yaml]\nimages:\n{images}");
            kustomize(files([("kustomization.yaml", text), ("a.yaml", pods)]), "")
        }),
        case("kustomize: many references to many objects", ANYTHING, || {
            let pods: String = (0..5_000)
                .map(|n| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{volumes: [{{name: a, configMap: {{name: c{n}}}}}]}}\n"))
                .collect();
            let text = "namePrefix: x-\nresources: [a.yaml, b.yaml]".to_owned();
            kustomize(files([("kustomization.yaml", text), ("a.yaml", pods), ("b.yaml", many(5_000))]), "")
        }),
        case("kustomize: a list merged by a key again and again", LARGE, || {
            let items: String = (0..5_000).map(|n| format!("{{name: v{n}, value: a}},")).collect();
            let pod = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: a, env: [{items}]}}]}}\n"
            );
            let text = "resources: [a.yaml]\npatches:\n".to_owned() + &"- path: a.yaml\n".repeat(500);
            kustomize(files([("kustomization.yaml", text), ("a.yaml", pod)]), "")
        }),
        case("kustomize: a large manifest", ANYTHING, || {
            let text = format!("{CONFIG_MAP}x: [{}]", "1,".repeat(8 << 20));
            kustomize(files([("kustomization.yaml", "resources: [a.yaml]".into()), ("a.yaml", text)]), "")
        }),
        case("kustomize: a path out", &["leaves the source"], || {
            let text = "resources: [../../../etc/passwd]".to_owned();
            kustomize(files([("k/kustomization.yaml", text)]), "k")
        }),
    ]
}

/// A kustomization file with the manifests that it names.
fn kustomization(head: &str, manifests: String) -> Work {
    let text = format!("resources: [a.yaml]\n{head}");
    kustomize(files([("kustomization.yaml", text), ("a.yaml", manifests)]), "")
}

fn pods(count: usize, image: &str) -> String {
    (0..count).fold(String::new(), |mut out, n| {
        writeln!(
            out,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\nspec: {{containers: [{{name: a, image: {image}}}]}}"
        )
        .unwrap();
        out
    })
}

fn large_kustomizations() -> Vec<Case> {
    let case = |name, says, input| Case { name, says, input };
    vec![
        case("kustomize: many generators", LARGE, || {
            let all: String = (0..15_000).map(|n| format!("- {{name: g{n}, literals: [a=b]}}\n")).collect();
            kustomization(&format!("configMapGenerator:\n{all}"), CONFIG_MAP.to_owned())
        }),
        case("kustomize: labels without end", LARGE, || {
            let all: String = (0..100_000).map(|n| format!("  k{n}: v\n")).collect();
            kustomization(&format!("commonLabels:\n{all}"), CONFIG_MAP.to_owned())
        }),
        case("kustomize: labels of generated objects without end", ANYTHING, || {
            let all: String = (0..100_000).map(|n| format!("    k{n}: v\n")).collect();
            let text = format!("generatorOptions:\n  labels:\n{all}secretGenerator: [{{name: a, literals: [a=b]}}]\n");
            kustomization(&text, CONFIG_MAP.to_owned())
        }),
        case("kustomize: variables that do not end", ANYTHING, || {
            let vars = "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}}]\n";
            let pod = format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{{name: a, command: ['$(V){}']}}]}}\n",
                "$(".repeat(2_000_000)
            );
            kustomization(vars, CONFIG_MAP.to_owned() + &pod)
        }),
        case("kustomize: a long image for many objects", LARGE, || {
            let images = format!("images: [{{name: i, newName: {}}}]\n", "x".repeat(8 << 20));
            kustomization(&images, pods(5_000, "i"))
        }),
        case("kustomize: a long namespace for many objects", &["expected at most 4096"], || {
            kustomization(&format!("namespace: {}\n", "x".repeat(8 << 20)), many(5_000))
        }),
        case("kustomize: a long prefix for many objects", &["expected at most 4096"], || {
            kustomization(&format!("namePrefix: {}\n", "x".repeat(8 << 20)), many(5_000))
        }),
        case("kustomize: a long label for many objects", LARGE, || {
            kustomization(&format!("commonLabels: {{a: {}}}\n", "x".repeat(8 << 20)), many(5_000))
        }),
        case("kustomize: a long value patched into many objects", LARGE, || {
            let value = "x".repeat(4 << 20);
            let patch = format!(
                "- target: {{kind: ConfigMap}}\n  patch: '[{{\"op\": \"add\", \"path\": \"/data\", \"value\": {{\"a\": \"{value}\"}}}}]'\n"
            );
            kustomization(&format!("patches:\n{patch}"), many(2_000))
        }),
        case("kustomize: a long value merged into many objects", LARGE, || {
            let value = "x".repeat(4 << 20);
            let patch = format!(
                "- target: {{kind: ConfigMap}}\n  patch: '{{apiVersion: v1, kind: ConfigMap, metadata: {{name: x}}, data: {{a: {value}}}}}'\n"
            );
            kustomization(&format!("patches:\n{patch}"), many(2_000))
        }),
        case("kustomize: merge keys of long mappings", ANYTHING, || {
            let own = |letter: char| (0..100_000).fold(String::new(), |out, n| out + &format!("{letter}{n}: 1, "));
            let text = format!("{CONFIG_MAP}x: &x {{{}}}\ny: {{<<: *x, {}}}\n", own('a'), own('b'));
            kustomization("", text)
        }),
        case("kustomize: lists of mappings of many fields", LARGE, || {
            let fields: String = (0..40).map(|n| format!("a{n}: 1,")).collect();
            let items: String = (0..4_000).map(|n| format!("{{{fields} name: v{n}}},")).collect();
            let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{items}]}}\n");
            kustomization("patches: [{path: a.yaml}]\n", pod)
        }),
        case("kustomize: large patterns", LARGE, || {
            let one = |n: usize| {
                format!(
                    "- target: {{name: '(\\p{{L}}{{10}}){{3}}{n}'}}\n  patch: '[{{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}}]'\n"
                )
            };
            kustomization(&format!("patches:\n{}", (0..5_000).map(one).collect::<String>()), many(10))
        }),
        case("kustomize: large patterns of images", LARGE, || {
            let one = |n: usize| format!("- {{name: '(\\p{{L}}{{10}}){{3}}{n}', newTag: x}}\n");
            kustomization(&format!("images:\n{}", (0..5_000).map(one).collect::<String>()), pods(10, "i"))
        }),
        case("kustomize: a large manifest of mappings", ANYTHING, || {
            kustomization("", format!("{CONFIG_MAP}x: [{}]", "{a: 1},".repeat(4 << 20)))
        }),
        case("kustomize: many large manifests", ANYTHING, || {
            let one = |n: usize| {
                format!("---\napiVersion: v1\nkind: A\nmetadata: {{name: a{n}}}\nx: [{}]\n", "1,".repeat(500_000))
            };
            kustomization("", (0..16).map(one).collect())
        }),
        case("kustomize: many objects of one layer after another", ANYTHING, || {
            let mut all = Files::new();
            for n in 0..60 {
                let text = format!(
                    "namePrefix: a-\ncommonLabels: {{l{n}: v}}\nresources: [{}]",
                    match n {
                        59 => "a.yaml".to_owned(),
                        n => format!("../k{}", n + 1),
                    }
                );
                all.push((format!("k{n}/kustomization.yaml"), text));
            }
            all.push(("k59/a.yaml".to_owned(), many(2_000)));
            kustomize(all, "k0")
        }),
    ]
}

fn definitions() -> Vec<Case> {
    let case = |name, says, input| Case { name, says, input };
    vec![
        case("hld: aliases", LARGE, || definition(files([("component.yaml", bomb("name: a\n"))]))),
        case("hld: 10,000 levels", &["recursion limit exceeded"], || {
            definition(files([("component.yaml", format!("name: a\nx: {}{}", "[".repeat(10_000), "]".repeat(10_000)))]))
        }),
        case("hld: components that double", LARGE, || {
            let mut all = Files::new();
            for n in 0..40 {
                let next = n + 1;
                let text = format!(
                    "name: c{n}\nsubcomponents: [{{name: a, source: ../c{next}}}, {{name: b, source: ../c{next}}}]\n"
                );
                let path = if n == 0 { "component.yaml".to_owned() } else { format!("c{n}/component.yaml") };
                all.push((path, if n == 0 { text.replace("../c", "./c") } else { text }));
            }
            definition(all)
        }),
        case("hld: configuration for many components", ANYTHING, || {
            let names: String = (0..2_000).map(|n| format!("- {{name: c{n}, type: static, path: ./x}}\n")).collect();
            let config: String = (0..20_000).map(|n| format!("  k{n}: {{a: 1}}\n")).collect();
            definition(files([
                ("component.yaml", format!("name: root\nsubcomponents:\n{names}")),
                ("config/common.yaml", format!("config:\n{config}")),
                ("x/a.yaml", CONFIG_MAP.to_owned()),
            ]))
        }),
    ]
}

fn raw() -> Vec<Case> {
    let case = |name, says, input| Case { name, says, input };
    vec![
        case("manifests: aliases", ANYTHING, || manifests(bomb(CONFIG_MAP))),
        case("manifests: 10,000 levels", &["recursion limit exceeded"], || manifests(deep())),
        case("manifests: many objects", LARGE, || manifests(many(200_000))),
        case("manifests: many small values", ANYTHING, || {
            manifests(format!("{CONFIG_MAP}x: [{}]", "1,".repeat(4 << 20)))
        }),
        case("manifests: many placeholders", ANYTHING, || {
            manifests(format!("{CONFIG_MAP}x: \"{}\"", "${cluster.name}".repeat(200_000)))
        }),
        case("manifests: many faults", ANYTHING, || manifests("a: [!x {\n---\n".repeat(200_000))),
    ]
}
