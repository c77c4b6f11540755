use serde_json::{Value, json};

use super::{Capabilities, DeletePolicy, Event, Options, Release, ReleaseError, Renderer};
use crate::{
    Tree,
    helm::{chart::Chart, values::Layer},
};

fn renderer(files: &[(&str, &str)]) -> Renderer {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()));
    Renderer::new(Chart::from_tree(&Tree::of("", files).unwrap(), "").unwrap())
}

fn render(files: &[(&str, &str)], set: &[&str]) -> Result<Release, ReleaseError> {
    let mut options = Options::new("rel", "ns");
    options.layers = set.iter().map(|text| Layer::Set((*text).to_owned())).collect();
    renderer(files).render(&options)
}

fn values(release: &Release) -> Vec<Value> {
    release.documents.iter().map(|document| document.value.clone()).collect()
}

const META: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: '3'\n");

#[test]
fn what_reading_a_chart_took_is_gone_from_its_renders() {
    let values = format!("a: [{}]\n", "1,".repeat(10_000));
    let render = |files: &[(&str, &str)]| {
        let mut options = Options::new("rel", "ns");
        options.limits.steps = 40_000;
        renderer(files).render(&options)
    };
    let template = ("templates/a.yaml", "a: {{ range until 10 }}x{{ end }}\n");
    render(&[META, template]).unwrap();
    let error = render(&[META, template, ("values.yaml", &values)]).unwrap_err().to_string();
    assert!(error.contains("is more than the limit of 40000"), "{error}");
}

#[test]
fn templates_see_the_release_the_chart_and_the_cluster() {
    let template = "release: {{ .Release.Name }}/{{ .Release.Namespace }}/{{ .Release.Revision }}/{{ .Release.IsInstall }}\n\
        chart: {{ .Chart.Name }}-{{ .Chart.Version }}-{{ .Chart.AppVersion }}\n\
        kube: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.KubeVersion }}\n\
        has: {{ .Capabilities.APIVersions.Has \"apps/v1\" }} {{ .Capabilities.APIVersions.Has \"apps/v0\" }}\n\
        template: {{ .Template.Name }} {{ .Template.BasePath }}\n\
        file: {{ .Files.Get \"conf/a.txt\" | trim }}\n\
        {{ (.Files.Glob \"conf/*.txt\").AsConfig }}\n";
    let release = render(&[META, ("templates/a.yaml", template), ("conf/a.txt", "hi\n"), ("conf/x/b.txt", "no")], &[]);
    let expected = json!({
        "release": "rel/ns/1/true", "chart": "web-0.1.0-3", "kube": "v1.35.0 35 v1.35.0", "has": "true false",
        "template": "web/templates/a.yaml web/templates", "file": "hi", "a.txt": "hi\n",
    });
    assert_eq!(values(&release.unwrap()), [expected]);
}

#[test]
fn subcharts_are_switched_named_and_imported_from() {
    let files = [
        (
            "Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n\
            - {name: db, version: '1.x', condition: 'db.enabled,other', tags: [data], import-values: [pub, {child: inner, parent: mine}]}\n\
            - {name: db, version: '>=1', alias: cache, tags: [data]}\n",
        ),
        ("values.yaml", "db: {enabled: true, port: 7}\ncache: {port: 8}\nmine: {a: parent}\n"),
        (
            "templates/a.yaml",
            "imported: {{ toJson .Values.mine }}\nexported: {{ .Values.exported }}\nsub: {{ keys .Subcharts | sortAlpha | toJson }}\n",
        ),
        ("charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 1.2.3\n"),
        ("charts/db/values.yaml", "port: 1\ninner: {a: child, b: child}\nexports: {pub: {exported: 5}}\n"),
        ("charts/db/templates/b.yaml", "name: {{ .Chart.Name }}\nport: {{ .Values.port }}\n"),
    ];
    let all = render(&files, &[]).unwrap();
    assert_eq!(
        values(&all),
        [
            json!({"name": "cache", "port": 8}),
            json!({"name": "db", "port": 7}),
            json!({"imported": {"a": "parent", "b": "child"}, "exported": 5, "sub": ["cache", "db"]}),
        ]
    );
    let sources: Vec<&str> = all.documents.iter().map(|document| document.source.as_str()).collect();
    assert_eq!(
        sources,
        ["web/charts/cache/templates/b.yaml", "web/charts/db/templates/b.yaml", "web/templates/a.yaml"]
    );
    let names = |set: &[&str]| {
        let release = render(&files, set).unwrap();
        release.documents.iter().filter_map(|d| d.value.get("name")?.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(names(&["db.enabled=false"]), ["cache"]);
    assert_eq!(names(&["tags.data=false"]), ["db"], "a condition stands above tags");
    assert_eq!(names(&["tags.data=false", "db.enabled=null", "other=false"]), Vec::<String>::new());
}

#[test]
fn what_a_template_changes_in_inner_globals_all_charts_see() {
    let change = "{{- with .Values.global }}\n\
        {{- $_ := set . $.Chart.Name 1 }}{{ $_ := set .a $.Chart.Name 1 }}{{ $_ := set .a.b $.Chart.Name 1 }}\n\
        {{- $_ := set (first .list) $.Chart.Name 1 }}\n{{- end -}}\n";
    let show = format!("{change}{{{{ .Chart.Name }}}}: {{{{ toJson .Values.global }}}}\n");
    let files = [
        META,
        ("values.yaml", "global: {a: {b: {}}, list: [{}]}\n"),
        ("templates/a.yaml", &show),
        ("charts/mast/Chart.yaml", "apiVersion: v2\nname: mast\nversion: 1.0.0\n"),
        ("charts/mast/templates/a.yaml", &show),
        ("charts/oar/Chart.yaml", "apiVersion: v2\nname: oar\nversion: 1.0.0\n"),
        ("charts/oar/templates/a.yaml", &show),
    ];
    // As Helm 3 and Helm 4 show them; the deepest template runs first, of equally deep ones the last by name.
    assert_eq!(
        values(&render(&files, &[]).unwrap()),
        [
            json!({"mast": {"a": {"b": {"mast": 1, "oar": 1}, "mast": 1}, "list": [{"mast": 1, "oar": 1}], "mast": 1}}),
            json!({"oar": {"a": {"b": {"oar": 1}, "oar": 1}, "list": [{"oar": 1}], "oar": 1}}),
            json!({"web": {
                "a": {"b": {"web": 1, "mast": 1, "oar": 1}, "web": 1}, "list": [{"web": 1, "mast": 1, "oar": 1}], "web": 1,
            }}),
        ]
    );
}

#[test]
fn hooks_notes_and_definitions_are_told_from_documents() {
    let release = render(
        &[
            META,
            ("crds/a.yaml", "kind: CustomResourceDefinition\nmetadata: {name: '{{ not a template }}'}\n"),
            ("templates/NOTES.txt", "hello {{ .Release.Name }}"),
            ("templates/_h.tpl", "{{ define \"x\" }}kind: Service{{ end }}"),
            ("templates/z.yaml", "{{ include \"x\" . }}\n---\nkind: Namespace\n---\n# nothing\n---\nkind: Zebra\n---\nkind: Ant\n"),
            ("templates/h.yaml", "kind: Job\nmetadata:\n  annotations:\n    helm.sh/hook: pre-install, Post-Upgrade\n    helm.sh/hook-weight: -5\n    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation\n"),
            ("templates/u.yaml", "kind: Job\nmetadata: {annotations: {helm.sh/hook: sometimes}}\n"),
        ],
        &[],
    )
    .unwrap();
    let kinds: Vec<&str> = release.documents.iter().map(|document| document.kind()).collect();
    assert_eq!(kinds, ["Namespace", "Service", "Ant", "Zebra"]);
    assert_eq!(release.notes.as_deref(), Some("hello rel"));
    assert_eq!(release.definitions.len(), 1);
    assert_eq!(release.hooks[0].events, [Event::PreInstall, Event::PostUpgrade]);
    assert_eq!(release.hooks[0].weight, -5);
    assert_eq!(release.hooks[0].delete_policies, [DeletePolicy::HookSucceeded, DeletePolicy::BeforeHookCreation]);
    assert_eq!(release.warnings, ["web/templates/u.yaml: unknown hook `sometimes`; the document is left out"]);
}

#[test]
fn refuses_what_helm_refuses() {
    let problem = |files: &[(&str, &str)]| render(files, &[]).unwrap_err().to_string();
    let meta = |more: &str| format!("apiVersion: v2\nname: web\nversion: 0.1.0\n{more}");
    assert!(problem(&[("Chart.yaml", &meta("type: library"))]).contains("library chart"));
    let missing = meta("dependencies: [{name: db, version: 1.x.x, condition: db.enabled}]");
    assert!(problem(&[("Chart.yaml", &missing)]).contains("missing in charts/: db"));
    assert!(problem(&[("Chart.yaml", &meta("kubeVersion: '<1.20'"))]).contains("needs Kubernetes `<1.20`"));
    assert!(problem(&[META, ("templates/a.yaml", "a: [")]).starts_with("web/templates/a.yaml: "));
    assert!(problem(&[META, ("templates/a.yaml", "- a")]).contains("expected an object"));
    let list = "metadata: {annotations: {a: []}}";
    assert!(problem(&[META, ("templates/a.yaml", list)]).contains("metadata.annotations[a]"));
    assert!(problem(&[META, ("templates/a.yaml", "metadata: {name: []}")]).contains("metadata.name"));
    assert!(problem(&[META, ("templates/a.yaml", "{{ .Values.a.b }}")]).contains("web/templates/a.yaml:1:"));
    assert!(problem(&[META, ("templates/a.yaml", "{{ if }}")]).contains("web/templates/a.yaml:1:"));
    let schema = ("values.schema.json", r#"{"required": ["a"]}"#);
    assert!(problem(&[META, schema]).contains("do not fit the chart's schema"));
}

#[test]
fn the_same_chart_gives_the_same_bytes_on_all_threads() {
    let template =
        "{{ range $k, $v := .Values.m }}{{ $k }}: {{ $v }}\n{{ end }}sum: {{ .Values | toJson | sha256sum }}\n";
    let one = renderer(&[META, ("templates/a.yaml", template), ("values.yaml", "m: {b: 1, a: 2, c: 3}")]);
    let options = Options::new("rel", "ns");
    let first = one.render(&options).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(one.render(&options).unwrap(), first));
        }
    });
}

#[test]
fn suffixes_of_providers_make_no_pre_release() {
    let capabilities = |version: &str, helm: &str| {
        let capabilities = Capabilities::of(version, []).unwrap();
        Capabilities { helm_version: helm.to_owned(), ..capabilities }
    };
    let compared = |version, helm| capabilities(version, helm).compared_version();
    assert_eq!(compared("v1.27.16-eks-a737599", "v4.1.4"), "v1.27.16");
    assert_eq!(compared("1.30.5+k3s1", "v4.1.4"), "v1.30.5");
    assert_eq!(compared("1.27", "v4.1.4"), "v1.27");
    assert_eq!(compared("v1.27.16-eks-a737599", "v3.17.2"), "v1.27.16-eks-a737599");
    assert_eq!(capabilities("1.27.16-gke.100", "v4.1.4").kube_version, "v1.27.16-gke.100");
    for bad in ["", "1", "v", "x.y", "1..2", "01.2"] {
        assert_eq!(Capabilities::of(bad, []), None, "{bad}");
    }
}
