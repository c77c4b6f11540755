//! Charts in charts, their names, conditions, imports and values, that multiply.

use std::fmt::Write as _;

use seaway_render::helm::values::Layer;

use crate::cases::{ANYTHING, Case, chart};

const MANY: &[&str] = &["are more than the limit of", "takes too much work", "grows too large"];

type Files = Vec<(String, Vec<u8>)>;

fn text(path: impl Into<String>, text: impl Into<String>) -> (String, Vec<u8>) {
    (path.into(), text.into().into_bytes())
}

fn meta(name: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n")
}

/// Mappings of so many entries.
fn entries(count: usize, indent: &str) -> String {
    (0..count).fold(String::new(), |mut out, n| {
        writeln!(out, "{indent}k{n}: {{a: 1}}").unwrap();
        out
    })
}

/// `Chart.yaml` of a chart with dependencies, each written as JSON.
fn depends(on: impl Iterator<Item = String>) -> (String, Vec<u8>) {
    let on: Vec<String> = on.collect();
    text("Chart.yaml", format!("{}dependencies: [{}]\n", meta("web"), on.join(",\n")))
}

pub(crate) fn all() -> Vec<Case> {
    [multiplied(), named(), imported(), anchored()].into_iter().flatten().collect()
}

const fn case(name: &'static str, says: &'static [&'static str], input: fn() -> crate::cases::Work) -> Case {
    Case { name, says, input }
}

fn multiplied() -> Vec<Case> {
    vec![
        case("aliases of a chart of many files", MANY, || {
            let mut files: Files = (0..15_000).map(|n| text(format!("charts/x/f{n}"), "")).collect();
            files.push(text("charts/x/Chart.yaml", meta("x")));
            files.push(depends((0..490).map(|n| format!("{{name: x, version: 0.1.0, alias: a{n}}}"))));
            chart(files, Vec::new())
        }),
        case("aliases of a chart of long templates", &["the size of all template files"], || {
            let mut files: Files =
                (0..15).map(|n| text(format!("charts/x/templates/f{n}.yaml"), "# x\n".repeat(1 << 20))).collect();
            files.push(text("charts/x/Chart.yaml", meta("x")));
            files.push(depends((0..490).map(|n| format!("{{name: x, version: 0.1.0, alias: a{n}}}"))));
            chart(files, Vec::new())
        }),
        case("aliases of a chart of many actions", ANYTHING, || {
            let mut files: Files = vec![text("charts/x/templates/f.yaml", "{{ 1 }}".repeat(10_000))];
            files.push(text("charts/x/Chart.yaml", meta("x")));
            files.push(depends((0..490).map(|n| format!("{{name: x, version: 0.1.0, alias: a{n}}}"))));
            chart(files, Vec::new())
        }),
        case("values for subcharts with dependencies", MANY, || {
            let mut files = vec![text("values.yaml", entries(40_000, ""))];
            for n in 0..490 {
                let own = format!("{}dependencies: [{{name: y, version: 1}}]\n", meta(&format!("c{n}")));
                files.push(text(format!("charts/c{n}/Chart.yaml"), own));
            }
            files.push(depends((0..490).map(|n| format!("{{name: c{n}, version: 0.1.0}}"))));
            chart(files, Vec::new())
        }),
        case("values through charts in each other", MANY, || {
            let mut files = Files::new();
            for depth in 0..16 {
                let folder = "charts/c/".repeat(depth);
                let next = "dependencies: [{name: c, version: 0.1.0}]\n";
                let name = if depth == 0 { "web" } else { "c" };
                files.push(text(format!("{folder}Chart.yaml"), meta(name) + if depth < 15 { next } else { "" }));
            }
            files.push(text(format!("{}values.yaml", "charts/c/".repeat(15)), entries(45_000, "")));
            chart(files, Vec::new())
        }),
        case("a long key of globals for 400 subcharts", MANY, || {
            let key = "k".repeat(1_000_000);
            let global: String = (0..4).map(|n| format!("  ? {key}{n}\n  : 1\n")).collect();
            let mut files = vec![text("values.yaml", format!("global:\n{global}"))];
            files.extend((0..400).map(|n| text(format!("charts/c{n}/Chart.yaml"), meta(&format!("c{n}")))));
            chart(files, Vec::new())
        }),
        case("given values of many parts", MANY, || {
            chart(Vec::new(), vec![Layer::File { name: "v.yaml".to_owned(), text: entries(400_000, "") }])
        }),
        case("given values of a long text", MANY, || {
            chart(
                Vec::new(),
                vec![Layer::File { name: "v.yaml".to_owned(), text: format!("a: {}", "x".repeat(60 << 20)) }],
            )
        }),
        case("as many values as there may be", ANYTHING, || {
            let files =
                vec![text("values.yaml", entries(39_000, "")), text("templates/a.yaml", "{{ .Values | toYaml }}")];
            chart(files, vec![Layer::File { name: "v.yaml".to_owned(), text: entries(39_000, "x") }])
        }),
    ]
}

fn named() -> Vec<Case> {
    vec![
        case("a chart with a long name", &["the name has"], || {
            let mut files: Files = (0..15_000).map(|n| text(format!("templates/f{n}.yaml"), "")).collect();
            files.push(text("Chart.yaml", meta(&"w".repeat(1_000_000))));
            chart(files, Vec::new())
        }),
        case("dependencies without end", ANYTHING, || {
            let name = "x".repeat(40);
            chart(vec![depends((0..60_000).map(|n| format!("{{name: {name}{n}}}")))], Vec::new())
        }),
        case("dependencies that are switched off without end", ANYTHING, || {
            let mut files = vec![text("charts/x/Chart.yaml", meta("x")), text("values.yaml", "tags: {t: false}")];
            files.push(depends((0..15_000).map(|n| format!("{{name: x, version: 9.0.0, alias: a{n}, tags: [t]}}"))));
            chart(files, Vec::new())
        }),
        case("versions of many charts of one name", MANY, || {
            let mut files: Files = (0..490).map(|n| text(format!("charts/c{n}/Chart.yaml"), meta("x"))).collect();
            let version = ">9.0.0 || ".repeat(90) + "9.0.0";
            files.push(depends((0..4_000).map(|n| format!("{{name: x, version: '{version}', alias: a{n}}}"))));
            chart(files, Vec::new())
        }),
        case("conditions without end", ANYTHING, || {
            let condition = "a,".repeat(2_000_000);
            let files = vec![
                text("charts/x/Chart.yaml", meta("x")),
                depends([format!("{{name: x, version: 0.1.0, condition: '{condition}'}}")].into_iter()),
            ];
            chart(files, Vec::new())
        }),
        case("rules of ignored files without end", &["more than 10000 rules"], || {
            chart(vec![text(".helmignore", "a\n".repeat(2 << 20))], Vec::new())
        }),
        case("long paths of templates", ANYTHING, || {
            let folder = "a/".repeat(180);
            chart((0..19_000).map(|n| text(format!("templates/{folder}{n}.yaml"), "")).collect(), Vec::new())
        }),
        case("warnings about values without end", ANYTHING, || {
            let keys: String = (0..30_000).map(|n| format!("{{k{n}: 1}}, ")).collect();
            let maps: String = (0..30_000).map(|n| format!("  k{n}: {{a: 1}}\n")).collect();
            let path = "l".repeat(1_000);
            let own = format!("{path}:\n{maps}");
            let given: String = (0..30_000).map(|n| format!("  k{n}: 1\n")).collect();
            let layer = Layer::File { name: "v.yaml".to_owned(), text: format!("{path}:\n{given}") };
            chart(vec![text("values.yaml", own), text("unused", keys)], vec![layer])
        }),
        case("values with long names in each other", ANYTHING, || {
            let name = "n".repeat(1_000);
            let deep = (0..500).fold(String::new(), |out, _| out + "{" + &name + ": ") + "1" + &"}".repeat(500);
            let layer = Layer::File { name: "v.yaml".to_owned(), text: deep.clone() };
            chart(vec![text("values.yaml", deep)], vec![layer])
        }),
    ]
}

fn imported() -> Vec<Case> {
    /// A chart that imports a table of its child so many times, each time to a place of its own.
    fn imports(count: usize, parent: fn(usize) -> String) -> crate::cases::Work {
        let all: Vec<String> = (0..count).map(|n| format!("{{child: t, parent: {}}}", parent(n))).collect();
        let files = vec![
            text("charts/x/Chart.yaml", meta("x")),
            text("charts/x/values.yaml", format!("t:\n{}", entries(20_000, "  "))),
            depends([format!("{{name: x, version: 0.1.0, import-values: [{}]}}", all.join(", "))].into_iter()),
        ];
        chart(files, Vec::new())
    }
    vec![
        case("imports without end", MANY, || imports(15_000, |n| format!("p{n}"))),
        case("imports to one place", MANY, || imports(15_000, |_| "p".to_owned())),
        case("an import to a deep place", &["has a path of more than"], || {
            imports(1, |_| "a.".repeat(1_000_000) + "a")
        }),
    ]
}

fn anchored() -> Vec<Case> {
    /// Lists in each other, each with an anchor, around a long one.
    fn anchors(levels: usize, items: usize) -> String {
        let open: String = (0..levels).map(|n| format!("&a{n} [")).collect();
        format!("a: {open}{}{}\n", "1,".repeat(items), "]".repeat(levels))
    }
    vec![
        case("anchors in each other in values", MANY, || {
            chart(vec![text("values.yaml", anchors(500, 190_000))], Vec::new())
        }),
        case("anchors in each other in a document", MANY, || {
            chart(vec![text("templates/a.yaml", anchors(500, 900_000))], Vec::new())
        }),
        case("anchors of long texts in each other", MANY, || {
            let open: String = (0..500).map(|n| format!("&a{n} [")).collect();
            let value = format!("a: {open}{}{}\n", "x".repeat(4_000_000), "]".repeat(500));
            chart(vec![text("templates/a.yaml", value)], Vec::new())
        }),
    ]
}
