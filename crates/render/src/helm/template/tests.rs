use super::*;
use crate::helm::value::{Value, from_json};

fn render(text: &str, values: serde_json::Value) -> Result<String, TemplateError> {
    let program = Program::parse([("c/templates/x.yaml", text)]).map_err(|mut errors| errors.remove(0))?;
    Session::new(&program, Settings::default()).execute("c/templates/x.yaml", from_json(&values))
}

#[test]
fn first() {
    let values = serde_json::json!({"Values": {"a": {"b": "x"}, "list": [1, 2, 3], "n": null}});
    for (text, expected) in [
        ("a {{ .Values.a.b }} c", "a x c"),
        ("{{ range $i, $x := .Values.list }}{{ $i }}={{ $x }},{{ end }}", "0=1,1=2,2=3,"),
        ("{{- /* c */}}\ny", "\ny"),
        ("x\n{{- /* c */ -}}\ny", "xy"),
        ("{{ if and .Values.a (eq .Values.a.b \"x\") }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ define \"t\" }}<{{ . }}>{{ end }}{{ include \"t\" .Values.a.b }}{{ template \"t\" 3 }}", "<x><3>"),
        ("{{ .Values.n }}{{ .Values.missing }}", ""),
        ("{{ tpl \"{{ .a.b }}\" .Values }}", "x"),
        ("{{ range .Values.list }}{{ if eq . 2.0 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"),
        ("{{ range .Values.list }}{{ with . }}{{ if eq . 2.0 }}{{ continue }}{{ end }}{{ . }}{{ end }}{{ end }}", "13"),
    ] {
        assert_eq!(render(text, values.clone()).unwrap(), expected, "{text}");
    }
    let _ = Value::Nil;
}
