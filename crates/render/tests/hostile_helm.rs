//! Charts that mean harm end in a clear error within the limits on work, memory, depth and output.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use seaway_render::{
    Tree,
    helm::{
        chart::Chart,
        release::{Options, Renderer},
        values::Layer,
    },
};

const META: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");

/// The error of a chart, wherever it is found. Runs on a thread with the stack that servers give their threads.
fn refusal(files: &[(&str, String)], layers: Vec<Layer>) -> String {
    let mut all = vec![(META.0.to_owned(), META.1.as_bytes().to_vec())];
    all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    let work = move || {
        let chart = match Chart::from_tree(&Tree::of("", all).unwrap(), "") {
            Ok(chart) => chart,
            Err(error) => return error.to_string(),
        };
        let mut options = Options::new("rel", "ns");
        options.layers = layers;
        match Renderer::new(chart).render(&options) {
            Ok(release) => panic!("rendered {} documents", release.documents.len()),
            Err(error) => error.to_string(),
        }
    };
    std::thread::Builder::new().stack_size(8 * 1024 * 1024).spawn(work).unwrap().join().unwrap()
}

fn template(text: &str) -> String {
    refusal(&[("templates/a.yaml", text.to_owned())], Vec::new())
}

fn values(text: String) -> String {
    refusal(&[("values.yaml", text)], Vec::new())
}

#[track_caller]
fn assert_says(error: &str, expected: &str) {
    assert!(error.contains(expected), "expected `{expected}` in `{}`", error.chars().take(400).collect::<String>());
}

#[test]
fn templates_that_call_themselves() {
    assert_says(&template("{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}"), "includes itself");
    assert_says(&template("{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}"), "limit");
    let tpl = "{{ $_ := set . \"me\" \"{{ tpl .me . }}\" }}{{ tpl .me . }}";
    assert_says(&template(tpl), "limit");
}

#[test]
fn ranges_without_end() {
    assert_says(&template("{{ range until 2000000000 }}x{{ end }}"), "limit");
    let nested = "{{ range until 9000 }}{{ range until 9000 }}{{ range until 9000 }}{{ end }}{{ end }}{{ end }}";
    assert_says(&template(nested), "limit");
}

#[test]
fn output_and_texts_that_grow() {
    assert_says(&template("{{ range until 9000 }}{{ repeat 100000 \"x\" }}{{ end }}"), "limit");
    assert_says(&template("{{ repeat 2000000000 \"x\" }}"), "limit");
    let doubling = "{{ $s := \"xxxxxxxx\" }}{{ range until 60 }}{{ $s = printf \"%s%s\" $s $s }}{{ end }}";
    assert_says(&template(doubling), "limit");
    let lists = "{{ $l := list 1 2 3 4 5 6 7 8 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}";
    assert_says(&template(lists), "limit");
}

#[test]
fn values_that_are_too_deep() {
    let flow = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_says(&values(flow.clone()), "nested more than");
    let block: String = (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_says(&values(block), "nested more than");
    let file = Layer::File { name: "v.yaml".to_owned(), text: flow };
    assert_says(&refusal(&[], vec![file]), "nested more than");
    let json = format!("a={}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_says(&refusal(&[], vec![Layer::SetJson(json)]), "nested more than");
    assert_says(&refusal(&[], vec![Layer::Set(format!("{}=1", vec!["a"; 10_000].join(".")))]), "more than 30 parts");
    let document = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_says(&template(&document), "nested more than");
    let parsed = format!("{{{{ fromYaml \"a: {}\" | toYaml }}}}x: [", "[".repeat(10_000));
    assert!(!template(&parsed).is_empty());
}

#[test]
fn aliases_that_multiply() {
    let bomb: String =
        (1..40).fold("a0: &a0 [x]\n".to_owned(), |out, n| out + &format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1));
    assert_says(&values(bomb.clone()), "grows too large");
    assert_says(&template(&bomb), "grows too large");
    assert_says(&refusal(&[("Chart.yaml.bak", String::new()), ("crds/a.yaml", bomb)], Vec::new()), "grows too large");
}

#[test]
fn schemas_that_lead_out_or_multiply() {
    let schema = |text: &str| refusal(&[("values.schema.json", text.to_owned())], Vec::new());
    assert_says(&schema(r#"{"$ref": "file:///etc/passwd"}"#), "`$ref` leads out of it");
    assert_says(&schema(r#"{"$ref": "http://127.0.0.1:1/x"}"#), "`$ref` leads out of it");
    assert_says(&schema(r#"{"patternProperties": {"(((a{500}){500}){500})": {}}}"#), "cannot be used");
    assert_says(&schema(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))), "cannot be used");
}

#[test]
fn patterns_that_explode() {
    let slow = "{{ regexMatch \"(x+x+)+y\" (repeat 30000 \"x\") }}: [";
    assert!(!template(slow).is_empty());
    assert!(!template("{{ regexMatch \"(((a{900}){900}){900})\" \"a\" }}").is_empty());
}

#[test]
fn archives_that_grow_or_lead_out() {
    // Two hundred megabytes of zeros in one.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("web/Chart.yaml").unwrap();
    header.set_size(200 * 1024 * 1024);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..200 {
        gzip.write_all(&zeros).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 2 * 1024 * 1024);
    assert_says(&Chart::from_archive(&bomb).unwrap_err().to_string(), "is larger than");

    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    let path = b"web/../../../etc/cron.d/x";
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, &b""[..]).unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&builder.into_inner().unwrap()).unwrap();
    let slip = gzip.finish().unwrap();
    assert_says(&Chart::from_archive(&slip).unwrap_err().to_string(), "leads out of the chart");

    let mut files = vec![("Chart.yaml".to_owned(), META.1.as_bytes().to_vec())];
    files.push(("charts/web-1.tgz".to_owned(), slip));
    let error = Chart::from_tree(&Tree::of("", files).unwrap(), "").unwrap_err().to_string();
    assert_says(&error, "charts/web-1.tgz");
}

#[test]
fn nothing_of_the_machine_is_reached() {
    for name in ["env \"HOME\"", "expandenv \"$HOME\"", "readFile \"/etc/passwd\"", "exec \"id\""] {
        assert_says(&template(&format!("a: {{{{ {name} }}}}")), "not defined");
    }
    for name in ["now", "uuidv4", "randAlphaNum 5", "genCA \"a\" 1", "genPrivateKey \"rsa\"", "htpasswd \"a\" \"b\""] {
        assert_says(&template(&format!("a: {{{{ {name} }}}}")), "differs from render to render");
    }
    assert_says(&template("a: {{ .Files.Get \"../../etc/passwd\" | required \"empty\" }}"), "empty");
}
