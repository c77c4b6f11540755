//! Charts that ask for too much: templates, values, schemas.

use seaway_render::{
    Tree,
    helm::{
        chart::Chart,
        functions::Entropy,
        release::{Options, Renderer},
        values::Layer,
    },
};

/// A hostile input.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// One of these is in the error.
    pub(crate) says: &'static [&'static str],
    /// Makes the input, which costs what it costs, and gives what is measured: reading and rendering it, to the error.
    pub(crate) input: fn() -> Work,
}

pub(crate) type Work = Box<dyn FnOnce() -> String + Send>;

const META: &str = "apiVersion: v2\nname: web\nversion: 0.1.0\n";
const LIMIT: &[&str] = &["is more than the limit of"];
const LARGE: &[&str] = &["grows too large", "is more than the limit of"];
const DEEP: &[&str] = &["nested more than"];
const SCHEMA: &[&str] = &["cannot be used"];
/// The case is about its cost alone: it may end well.
pub(crate) const ANYTHING: &[&str] = &[""];

/// Reads and renders a chart of these files.
pub(crate) fn chart(files: Vec<(String, Vec<u8>)>, layers: Vec<Layer>) -> Work {
    let mut files = files;
    if !files.iter().any(|(path, _)| path == "Chart.yaml") {
        files.push(("Chart.yaml".to_owned(), META.as_bytes().to_vec()));
    }
    let tree = Tree::of("", files).unwrap();
    Box::new(move || {
        let chart = match Chart::from_tree(&tree, "") {
            Ok(chart) => chart,
            Err(error) => return error.to_string(),
        };
        let mut options = Options::new("rel", "ns");
        options.layers = layers;
        options.entropy = Entropy::Drawn { seed: [1; 32], unix_seconds: 1_700_000_000 };
        match Renderer::new(chart).render(&options) {
            Ok(release) => format!("rendered {} documents", release.documents.len()),
            Err(error) => error.to_string(),
        }
    })
}

fn template(text: impl Into<String>) -> Work {
    chart(vec![("templates/a.yaml".to_owned(), text.into().into_bytes())], Vec::new())
}

fn file(path: &str, text: impl Into<String>) -> Work {
    chart(vec![(path.to_owned(), text.into().into_bytes())], Vec::new())
}

fn schema(schema: impl Into<String>, values: impl Into<String>) -> Work {
    let files = [("values.schema.json", schema.into()), ("values.yaml", values.into())];
    chart(files.map(|(path, text)| (path.to_owned(), text.into_bytes())).to_vec(), Vec::new())
}

/// Lists of lists, each twice the one before.
fn bomb() -> String {
    (1..40).fold("a0: &a0 [x]\n".to_owned(), |out, n| out + &format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1))
}

fn nested(levels: usize) -> String {
    format!("a: {}{}", "[".repeat(levels), "]".repeat(levels))
}

pub(crate) fn all() -> Vec<Case> {
    [recursion(), loops(), output(), values(), schemas(), patterns(), texts(), sources()]
        .into_iter()
        .flatten()
        .collect()
}

const fn case(name: &'static str, says: &'static [&'static str], input: fn() -> Work) -> Case {
    Case { name, says, input }
}

fn recursion() -> Vec<Case> {
    vec![
        case("include of itself", &["includes itself"], || {
            template("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}")
        }),
        case("template of itself", LIMIT, || {
            template("{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}")
        }),
        case("tpl of itself", LIMIT, || template("{{ $_ := set . \"me\" \"{{ tpl .me . }}\" }}{{ tpl .me . }}")),
        case("tpl of a longer text each time", LIMIT, || {
            let text = "{{ tpl (printf `%s%s` .me .me) (dict `me` (printf `%s%s` .me .me)) }}";
            template(format!("{{{{ tpl {text:?} (dict \"me\" {text:?}) }}}}"))
        }),
        case("two includes in each", LIMIT, || {
            let define = |n: usize| {
                format!(
                    "{{{{ define \"t{n}\" }}}}{{{{ include \"t{0}\" . }}}}{{{{ include \"t{0}\" . }}}}{{{{ end }}}}",
                    n + 1
                )
            };
            let all: String = (0..40).map(define).collect();
            template(all + "{{ define \"t40\" }}x{{ end }}{{ include \"t0\" . }}")
        }),
    ]
}

fn loops() -> Vec<Case> {
    vec![
        case("range over a large number", LIMIT, || template("{{ range $i := 9223372036854775807 }}{{ end }}")),
        case("range of until", LIMIT, || template("{{ range until 2000000000 }}x{{ end }}")),
        case("ranges in each other", LIMIT, || {
            let range = "{{ range until 9000 }}";
            template(range.repeat(4) + &"{{ end }}".repeat(4))
        }),
        case("maps that contain themselves", ANYTHING, || {
            template("{{ range until 100000 }}{{ $a := dict }}{{ $_ := set $a \"a\" $a }}{{ $a | toYaml }}{{ end }}")
        }),
        case("a map that grows", LIMIT, || {
            template(
                "{{ $m := dict }}{{ range until 9000 }}{{ $o := . }}{{ range until 9000 }}{{ $_ := set $m (printf \"%d-%d\" $o .) . }}{{ end }}{{ end }}",
            )
        }),
        case("lists that double", LIMIT, || {
            template("{{ $l := list 1 2 3 4 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}")
        }),
        case("shared maps written out", LIMIT, || {
            let deeper = "{{ $m := dict \"x\" 1 }}{{ range until 40 }}{{ $m = dict \"a\" $m \"b\" $m }}{{ end }}";
            template(format!(
                "{deeper}{{{{ range until 100000 }}}}{{{{ $m | toYaml }}}}{{{{ $m | toJson }}}}{{{{ end }}}}x: ["
            ))
        }),
    ]
}

fn output() -> Vec<Case> {
    vec![
        case("much output", LIMIT, || template("{{ range until 9000 }}{{ repeat 100000 \"x\" }}{{ end }}")),
        case("much output in one text", LIMIT, || template("{{ repeat 2000000000 \"x\" }}")),
        case("text that doubles", LIMIT, || {
            template("{{ $s := \"xxxxxxxx\" }}{{ range until 60 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}")
        }),
        case("empty documents", LARGE, || {
            template("{{ range until 500000 }}{{ repeat 12 \"\\n---\\na: {}\" }}{{ end }}")
        }),
        case("documents with one object each", LARGE, || {
            template("{{ range until 2000000 }}\n---\nkind: A\nmetadata: {name: x}\n{{ end }}")
        }),
        case("one document of small values", LARGE, || {
            template("a:\n{{ range until 1000 }}{{ repeat 30000 \"- 1\\n\" }}{{ end }}")
        }),
        case("many documents of small values", LARGE, || {
            template("{{ range until 60 }}\n---\na:\n{{ repeat 200000 \"- 1\\n\" }}{{ end }}")
        }),
        case("documents of brackets", LARGE, || {
            template("{{ range until 60 }}\n---\na: [\n{{ repeat 200000 \"[],\\n\" }}]{{ end }}")
        }),
        case("documents of keys", LARGE, || {
            template("{{ range $d := until 100 }}\n---\n{{ range until 9000 }}k{{ . }}: {}\n{{ end }}{{ end }}")
        }),
        case("a document of one long text", ANYTHING, || {
            template("a: {{ range until 100 }}{{ repeat 600000 \"x\" }}{{ end }}")
        }),
        case("documents of quoted text", ANYTHING, || {
            template("a: \"{{ range until 60 }}{{ repeat 160000 \"\\\\u0041\" }}{{ end }}\"")
        }),
        case("a document of comments", ANYTHING, || {
            template("{{ range until 60 }}{{ repeat 500000 \"#\\n\" }}{{ end }}")
        }),
        case("a document of blanks", &["expected an object"], || {
            template("{{ range until 60 }}{{ repeat 1000000 \" \" }}{{ end }}x")
        }),
        case("a document of line breaks", &["while scanning a simple key", "takes too much work"], || {
            template("a: |\n {{ range until 60 }}{{ repeat 1000000 \"\\n\" }}{{ end }}x")
        }),
        case("a document of dashes", DEEP, || template("{{ range until 60 }}{{ repeat 250000 \"- - \" }}{{ end }}")),
        case("a document of question marks", DEEP, || {
            template("{{ range until 60 }}{{ repeat 250000 \"? \" }}{{ end }}")
        }),
        case("a document of anchors", LARGE, || {
            template(
                "a:\n{{ range until 1000 }}{{ $i := . }}{{ range until 1000 }}- &a{{ $i }}_{{ . }} x\n{{ end }}{{ end }}",
            )
        }),
        case("a document of tags", LARGE, || {
            template("a: [{{ range until 60 }}{{ repeat 100000 \"!a b,\" }}{{ end }}]")
        }),
        case("a key of a megabyte", &["expected an object"], || {
            template("{{ range until 50 }}{{ repeat 1000000 \"k\" }}: 1\n{{ end }}")
        }),
        case("documents under one kind", LARGE, || template("{{ range until 300000 }}\n---\nkind: {{ . }}\n{{ end }}")),
        case("hooks without end", LARGE, || {
            template(
                "{{ range until 300000 }}\n---\nkind: A\nmetadata: {annotations: {helm.sh/hook: \"pre-install,post-install\"}}\n{{ end }}",
            )
        }),
        case("a hook of a million moments", ANYTHING, || {
            template("kind: A\nmetadata: {annotations: {helm.sh/hook: \"{{ repeat 1000000 \"test,\" }}test\"}}\n")
        }),
    ]
}

fn values() -> Vec<Case> {
    vec![
        case("values 10,000 lists deep", DEEP, || file("values.yaml", nested(10_000))),
        case("values 3,000 mappings deep", DEEP, || {
            file("values.yaml", (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>())
        }),
        case("values 10,000 deep on the command line", &["more than 30 parts"], || {
            chart(Vec::new(), vec![Layer::Set(format!("{}=1", vec!["a"; 10_000].join(".")))])
        }),
        case("JSON values 10,000 deep", DEEP, || {
            chart(Vec::new(), vec![Layer::SetJson(nested(10_000).replacen(": ", "=", 1))])
        }),
        case("a document 10,000 deep", DEEP, || template(nested(10_000))),
        case("fromYaml of 10,000 levels", ANYTHING, || {
            template(format!(
                "{{{{ range until 100000 }}}}{{{{ fromYaml {:?} | toYaml }}}}{{{{ end }}}}",
                nested(10_000)
            ))
        }),
        case("fromJson of 10,000 levels", ANYTHING, || {
            template(format!(
                "{{{{ range until 100000 }}}}{{{{ fromJson {:?} | toYaml }}}}{{{{ end }}}}",
                nested(10_000)
            ))
        }),
        case("aliases in values", LARGE, || file("values.yaml", bomb())),
        case("aliases in Chart.yaml", LARGE, || file("Chart.yaml", bomb())),
        case("aliases in a document", LARGE, || template(bomb())),
        case("aliases in a definition", LARGE, || file("crds/a.yaml", bomb())),
        case("aliases in fromYaml", ANYTHING, || {
            template(format!("{{{{ range until 100000 }}}}{{{{ fromYaml {:?} | toYaml }}}}{{{{ end }}}}", bomb()))
        }),
        case("merge keys without end", ANYTHING, || {
            let map: String = (0..1000).map(|n| format!("k{n}: 1, ")).collect();
            file("values.yaml", format!("a: &a {{{map}}}\nb: [{}]", "{<<: [*a,*a,*a,*a,*a,*a,*a,*a]},".repeat(1000)))
        }),
        case("values of 5 MiB", ANYTHING, || file("values.yaml", "a:\n".to_owned() + &"- 1\n".repeat(1_300_000))),
        case("values of many keys", ANYTHING, || {
            file("values.yaml", (0..400_000).map(|n| format!("k{n}: {{}}\n")).collect::<String>())
        }),
        case("values of one long text", ANYTHING, || file("values.yaml", format!("a: {}", "x".repeat(5_000_000)))),
        case("globals for 400 subcharts", ANYTHING, || {
            let global: String = (0..20_000).map(|n| format!("  k{n}: {{a: 1}}\n")).collect();
            let mut files = vec![("values.yaml".to_owned(), format!("global:\n{global}").into_bytes())];
            for n in 0..400 {
                let meta = format!("apiVersion: v2\nname: c{n}\nversion: 0.1.0\n");
                files.push((format!("charts/c{n}/Chart.yaml"), meta.into_bytes()));
            }
            chart(files, Vec::new())
        }),
        case("an index of a list that is far away", ANYTHING, || {
            chart(Vec::new(), vec![Layer::Set("a[65000]=1".to_owned())])
        }),
        case("many far indexes", ANYTHING, || {
            let text: Vec<String> = (0..2000).map(|n| format!("a{n}[65000]=1")).collect();
            chart(Vec::new(), vec![Layer::Set(text.join(","))])
        }),
    ]
}

fn schemas() -> Vec<Case> {
    vec![
        case("a schema that names a file", SCHEMA, || schema(r#"{"$ref": "file:///etc/passwd"}"#, "")),
        case("a schema that names a server", SCHEMA, || schema(r#"{"$ref": "http://127.0.0.1:1/x"}"#, "")),
        case("a schema that names a path", SCHEMA, || schema(r#"{"$ref": "/etc/passwd"}"#, "a: 1")),
        case("a schema 10,000 deep", SCHEMA, || schema(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), "")),
        case("a schema that is itself", SCHEMA, || schema(r##"{"$ref": "#"}"##, "a: 1")),
        case("a schema that contains itself twice", SCHEMA, || {
            schema(r##"{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}"##, "a: 1")
        }),
        case("two rules for each level of values", SCHEMA, || {
            let both = r##"{"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}, "required": ["b"]}"##;
            schema(both, format!("{}1{}", "{a: ".repeat(300), "}".repeat(300)))
        }),
        case("rules that double", SCHEMA, || {
            let define = |n: usize| {
                format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]}}"##, n + 1)
            };
            let all: Vec<String> = (0..40).map(define).collect();
            schema(format!(r##"{{"$defs": {{{}, "d40": {{}}}}, "$ref": "#/$defs/d0"}}"##, all.join(",")), "a: 1")
        }),
        case("rules with names that double", SCHEMA, || {
            let define = |n: usize| {
                format!(
                    r##""d{n}": {{"$anchor": "d{n}", "allOf": [{{"$ref": "#d{0}"}}, {{"$ref": "#d{0}"}}]}}"##,
                    n + 1
                )
            };
            let all: Vec<String> = (0..40).map(define).collect();
            schema(
                format!(r##"{{"$defs": {{{}, "d40": {{"$anchor": "d40"}}}}, "$ref": "#d0"}}"##, all.join(",")),
                "a: 1",
            )
        }),
        case("references behind each other", SCHEMA, || {
            let define = |n: usize| format!(r##""d{n}": {{"$ref": "#/$defs/d{}"}}"##, n + 1);
            let all: Vec<String> = (0..50_000).map(define).collect();
            schema(format!(r##"{{"$defs": {{{}, "d50000": {{}}}}, "$ref": "#/$defs/d0"}}"##, all.join(",")), "a: 1")
        }),
        case("many rules for many values", SCHEMA, || {
            let rules: Vec<String> = (0..5000).map(|n| format!(r#"{{"not": {{"const": "{n}"}}}}"#)).collect();
            let rules = format!(r#"{{"additionalProperties": {{"items": {{"allOf": [{}]}}}}}}"#, rules.join(","));
            schema(rules, format!("a: [{}]", "x,".repeat(100_000)))
        }),
        case("many patterns for long texts", SCHEMA, || {
            let rules: Vec<String> = (0..2000).map(|n| format!(r#"{{"not": {{"pattern": "(x+x+)+y{n}"}}}}"#)).collect();
            let rules = format!(r#"{{"additionalProperties": {{"allOf": [{}]}}}}"#, rules.join(","));
            schema(rules, format!("a: {}", "x".repeat(1 << 20)))
        }),
        case("a large pattern", SCHEMA, || schema(r#"{"patternProperties": {"(((a{500}){500}){500})": {}}}"#, "a: 1")),
        case("many large patterns", SCHEMA, || {
            let patterns: Vec<String> = (0..2000).map(|n| format!(r#""(?:\\p{{L}}{{60}}){n}": {{}}"#)).collect();
            schema(format!(r#"{{"patternProperties": {{{}}}}}"#, patterns.join(",")), "a: 1")
        }),
        case("unique items of a long list", ANYTHING, || {
            let items: String = (0..60_000).map(|n| format!("{{a: {n}}},")).collect();
            schema(r#"{"properties": {"a": {"uniqueItems": true}}}"#, format!("a: [{items}]"))
        }),
        case("a finding for each of many values", &["web: at"], || {
            let items: String = (0..190_000).map(|n| format!("{n},")).collect();
            schema(r#"{"properties": {"a": {"items": {"type": "string"}}}}"#, format!("a: [{items}]"))
        }),
        case("an enumeration without end", SCHEMA, || {
            let names: Vec<String> = (0..100_000).map(|n| format!(r#"{{"a":{n}}}"#)).collect();
            let rules = format!(r#"{{"properties": {{"a": {{"items": {{"enum": [{}]}}}}}}}}"#, names.join(","));
            schema(rules, format!("a: [{}]", "{a: x},".repeat(60_000)))
        }),
    ]
}

fn patterns() -> Vec<Case> {
    vec![
        case("a pattern that explodes", ANYTHING, || {
            template("{{ range until 100000 }}{{ regexMatch \"(x+x+)+y\" (repeat 30000 \"x\") }}{{ end }}x: [")
        }),
        case("a pattern of a large size", LIMIT, || template("{{ regexMatch \"(((a{900}){900}){900})\" \"a\" }}")),
        case("new patterns in a loop", LIMIT, || {
            template(
                "{{ range until 9000000 }}{{ regexMatch (printf \"(\\\\p{L}+[a-z%d]{30}){10}\" .) \"a\" }}{{ end }}",
            )
        }),
        case("new patterns of files in a loop", LIMIT, || {
            template("{{ range until 9000000 }}{{ $.Files.Glob (printf \"%d{%s}\" . (repeat 1500 \"*,\")) }}{{ end }}")
        }),
        case("matches without end", LIMIT, || {
            template(
                "{{ $x := repeat 1000000 \"x\" }}{{ range until 9000 }}{{ $y := regexFindAll \"\" $x -1 }}{{ end }}",
            )
        }),
        case("replacements that grow", LIMIT, || {
            template(
                "{{ $x := repeat 100000 \"x\" }}{{ range until 9000 }}{{ $y := regexReplaceAll \"(x)\" $x \"$1$1$1$1$1$1$1$1\" }}{{ end }}",
            )
        }),
        case("ignored files", ANYTHING, || {
            let rules: String = (0..9_000).map(|n| format!("*a*a*a*a*a*a*a*a*{n}\n")).collect();
            let mut files = vec![(".helmignore".to_owned(), rules.into_bytes())];
            files.extend((0..5000).map(|n| (format!("f/{}{n}", "a/".repeat(40) + &"a".repeat(200)), b"x".to_vec())));
            chart(files, Vec::new())
        }),
        case("versions without end", LIMIT, || {
            let constraint = vec![">=1.0.0"; 80].join(" || ");
            template(format!(
                "{{{{ range until 1000000 }}}}{{{{ semverCompare {constraint:?} \"0.1.0\" }}}}{{{{ end }}}}"
            ))
        }),
    ]
}

fn texts() -> Vec<Case> {
    vec![
        case("quoting a long text", LIMIT, || loop_over("quote $x")),
        case("JSON of a long text", LIMIT, || loop_over("toJson $x")),
        case("YAML of a long text", LIMIT, || loop_over("toYaml $x")),
        case("reading YAML of a long list", LIMIT, || {
            template(
                "{{ $x := printf \"[%s]\" (repeat 100000 \"1,\") }}{{ range until 90000 }}{{ $y := fromYamlArray $x }}{{ end }}",
            )
        }),
        case("reading YAML of brackets", LIMIT, || {
            template(
                "{{ $x := printf \"[%s]\" (repeat 100000 \"[],\") }}{{ range until 90000 }}{{ $y := fromYamlArray $x }}{{ end }}",
            )
        }),
        case("reading JSON of a long list", LIMIT, || {
            template(
                "{{ $x := printf \"[%s1]\" (repeat 100000 \"1,\") }}{{ range until 90000 }}{{ $y := fromJsonArray $x }}{{ end }}",
            )
        }),
        case("indenting lines", LIMIT, || {
            template("{{ $x := repeat 1000000 \"\\n\" }}{{ range until 90000 }}{{ $y := nindent 10 $x }}{{ end }}")
        }),
        case("printf with a large width", LIMIT, || {
            template("{{ range until 900000 }}{{ $y := printf \"%1000000d%1000000d\" 1 2 }}{{ end }}")
        }),
        case("splitting a long text", LIMIT, || {
            template("{{ $x := repeat 1000000 \"x,\" }}{{ range until 90000 }}{{ $y := splitList \",\" $x }}{{ end }}")
        }),
        case("indexing a long text", LIMIT, || {
            template("{{ $x := repeat 5000000 \"é\" }}{{ range until 900000 }}{{ $y := abbrev 5000000 $x }}{{ end }}")
        }),
        case("check sums of a long text", LIMIT, || loop_over("sha256sum $x")),
        case("distinct items of a long list", LIMIT, || {
            template("{{ $l := until 100000 }}{{ range until 90000 }}{{ $y := uniq $l }}{{ end }}")
        }),
        case("appending one by one", LIMIT, || {
            template("{{ $l := list }}{{ range until 900000 }}{{ $l = append $l . }}{{ end }}")
        }),
        case("random text without end", LIMIT, || {
            template("{{ range until 900000 }}{{ $y := randAlphaNum 100000 }}{{ end }}")
        }),
        case("keys without end", LIMIT, || {
            template("{{ range until 900000 }}{{ $k := genPrivateKey `rsa` }}{{ end }}")
        }),
        case("authorities without end", LIMIT, || template("{{ range until 900000 }}{{ $k := genCA `a` 1 }}{{ end }}")),
        case("certificates of one key without end", LIMIT, || {
            template(
                "{{ $ca := genCA `ca` 1 }}{{ range until 900000 }}{{ $c := genSignedCertWithKey `a` nil nil 1 $ca $ca.Key }}{{ end }}",
            )
        }),
        case("passwords without end", LIMIT, || {
            template("{{ range until 900000 }}{{ $k := htpasswd `a` (repeat 70 `b`) }}{{ end }}")
        }),
        case("derived passwords without end", LIMIT, || {
            template("{{ range until 900000 }}{{ $k := derivePassword 1 `long` `a` `b` `c` }}{{ end }}")
        }),
        case("beginnings of keys without end", ANYTHING, || {
            template(
                "{{ $x := repeat 900000 `-----BEGIN ` }}{{ range until 900000 }}{{ $k := genCAWithKey `a` 1 $x }}{{ end }}",
            )
        }),
        case("wrapping a long text", LIMIT, || loop_over("wrap 1 $x")),
        case("subtraction of lists", LIMIT, || {
            template("{{ $l := until 3000 }}{{ range until 900000 }}{{ $y := without $l 1 2 3 4 5 6 7 8 9 }}{{ end }}")
        }),
    ]
}

/// A function over a text of a megabyte, again and again.
fn loop_over(call: &str) -> Work {
    template(format!(
        "{{{{ $x := repeat 250000 \"a b\\n\" }}}}{{{{ range until 900000 }}}}{{{{ $y := {call} }}}}{{{{ end }}}}"
    ))
}

fn sources() -> Vec<Case> {
    vec![
        case("a template of parentheses", ANYTHING, || template("{{ ".to_owned() + &"(".repeat(100_000))),
        case("a template of blocks", ANYTHING, || template("{{ if 1 }}".repeat(100_000))),
        case("a template of actions", ANYTHING, || template("{{ 1 }}".repeat(700_000))),
        case("many templates of actions", ANYTHING, || {
            let one = "{{ .a.b.c | quote }}".repeat(60_000).into_bytes();
            chart((0..100).map(|n| (format!("templates/a{n}.yaml"), one.clone())).collect(), Vec::new())
        }),
        case("many definitions", ANYTHING, || {
            let define = |n: usize| format!("{{{{ define \"{n}\" }}}}x{{{{ end }}}}");
            template((0..160_000).map(define).collect::<String>())
        }),
        case("comments that do not end", ANYTHING, || template("{{/* ".repeat(900_000))),
        case("actions that do not end", ANYTHING, || template("{{ \"".repeat(900_000))),
        case("variables without end", ANYTHING, || {
            template((0..60_000).map(|n| format!("{{{{ $v{n} := {n} }}}}")).collect::<String>())
        }),
        case("a chain of fields", ANYTHING, || template(format!("{{{{ {} }}}}", ".a".repeat(100_000)))),
        case("a pipeline without end", ANYTHING, || template(format!("{{{{ 1 {} }}}}", "| toString ".repeat(100_000)))),
        case("arguments without end", ANYTHING, || template(format!("{{{{ list {} }}}}", "1 ".repeat(100_000)))),
        case("else if without end", ANYTHING, || {
            template(format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(50_000)))
        }),
        case("a word that is nearly a function", ANYTHING, || template(format!("{{{{ {} }}}}", "q".repeat(1_000_000)))),
        case("a template that is not there", ANYTHING, || {
            let define = |n: usize| format!("{{{{ define \"{n}{}\" }}}}x{{{{ end }}}}", "a".repeat(1000));
            let all: String = (0..4_000).map(define).collect();
            template(all + &format!("{{{{ include \"{}\" . }}}}", "b".repeat(100_000)))
        }),
    ]
}
