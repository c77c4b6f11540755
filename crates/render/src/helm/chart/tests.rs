use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::{
    Chart, ChartError, File,
    archive::{self, Allowance},
    ignore::Rules,
};
use crate::Tree;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::of("chart", files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes()))).unwrap()
}

fn load(files: &[(&str, &str)]) -> Result<Chart, String> {
    Chart::from_tree(&tree(files), "").map_err(|error| error.to_string())
}

const META: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n");

fn unpack(packed: &[u8]) -> Result<Vec<File>, ChartError> {
    archive::unpack(packed, &mut Allowance::new())
}

/// A packed chart of entries with a type, a path and content.
fn packed(entries: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(data.len() as u64);
        // Written by hand: the builder itself refuses paths that lead out.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *data).unwrap();
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&builder.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn sorts_files_into_their_places() {
    let chart = load(&[
        META,
        ("values.yaml", "a: 1\n---\nb: {c: 2}\n"),
        ("templates/a.yaml", "x"),
        ("templates/.hidden", "x"),
        ("crds/a.yaml", "x"),
        ("crds/readme.md", "x"),
        ("files/a.txt", "\u{feff}x"),
        ("notes.bak", "x"),
        (".helmignore", "# comment\n*.bak\n"),
        ("charts/_off/Chart.yaml", "broken: ["),
        ("charts/db/Chart.yaml", "name: db\nversion: 1.0.0\n"),
        ("charts/db/requirements.yaml", "dependencies: [{name: x, version: 1.0.0, tags: [t]}]"),
    ]);
    let chart = chart.unwrap();
    let names = |files: &[super::File]| files.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&chart.templates), ["templates/a.yaml"]);
    assert_eq!(names(&chart.files), [".helmignore", "crds/a.yaml", "crds/readme.md", "files/a.txt"]);
    assert_eq!(chart.files.last().map(|file| &*file.data), Some(&b"x"[..]));
    assert_eq!(chart.definitions().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["crds/a.yaml"]);
    assert_eq!(json!(chart.values), json!({"a": 1.0, "b": {"c": 2.0}}));
    assert_eq!(chart.dependencies.iter().map(Chart::name).collect::<Vec<_>>(), ["db"]);
    assert_eq!(chart.dependencies[0].metadata.api_version, "v1");
    assert_eq!(chart.dependencies[0].metadata.dependencies[0].tags, ["t"]);
}

#[test]
fn refuses_what_helm_refuses() {
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[("values.yaml", "")], "`Chart.yaml` is missing"),
        (&[("Chart.yaml", "apiVersion: v2\nname: a")], "Chart.yaml: expected a `version`"),
        (&[("Chart.yaml", "name: a\nversion: one")], "Chart.yaml: `one` is not a version"),
        (&[("Chart.yaml", "version: 1.0.0")], "Chart.yaml: expected a `name`"),
        (&[("Chart.yaml", "name: ../a\nversion: 1.0.0")], "Chart.yaml: `../a` is not a name of a chart"),
        (&[("Chart.yaml", "name: a\nversion: 1.0.0\nappVersion: [1]")], "Chart.yaml: expected `appVersion` to be text"),
        (
            &[("Chart.yaml", "name: a\nversion: 1.0.0\ntype: lib")],
            "Chart.yaml: expected the type `application` or `library`, found `lib`",
        ),
        (&[("Chart.yaml", "a: [")], "Chart.yaml:2:1: did not find expected node content while parsing a flow node"),
        (&[META, ("values.yaml", "- a")], "values.yaml: expected a mapping"),
        (&[META, ("charts/b/values.yaml", "")], "charts/b: `Chart.yaml` is missing"),
    ];
    for (files, expected) in cases {
        assert_eq!(load(files).unwrap_err(), expected);
    }
    let twice = "name: a\nversion: 1.0.0\ndependencies: [{name: x, version: 1}, {name: z, alias: x, version: 1.10}]";
    assert!(
        load(&[("Chart.yaml", twice)]).unwrap_err().contains("more than one dependency with the name or alias `x`")
    );
}

#[test]
fn ignore_rules_are_those_of_helm() {
    let rules = Rules::parse("docs/\n/root.txt\n*.md\na/*.txt\ntest[0-9]\n").unwrap();
    for path in ["docs/x", "a/docs/x/y", "root.txt", "a/b/readme.md", "a/b.txt", "x/test5/y", "templates/.x"] {
        assert!(rules.leave_out(path).unwrap(), "{path}");
    }
    for path in ["docs.txt", "b/root.txt", "a/b/c.txt", "testx", "templates/x", ".x"] {
        assert!(!rules.leave_out(path).unwrap(), "{path}");
    }
    let only = Rules::parse("!keep.txt\n").unwrap();
    assert!(only.leave_out("other.txt").unwrap() && !only.leave_out("keep.txt").unwrap());
    assert!(Rules::parse("a/**/b").is_err_and(|error| error.to_string().contains("double-star")));
    assert!(Rules::parse("a[").is_err());
}

#[test]
fn archives_with_paths_or_links_that_lead_out_are_refused() {
    use tar::EntryType::{Directory, Link, Regular, Symlink};
    let cases = [
        (Regular, "web/../../etc/passwd", "leads out of the chart"),
        (Regular, "../web/Chart.yaml", "leads out of the chart"),
        (Regular, "/etc/passwd", "is absolute"),
        (Regular, "c:/web/Chart.yaml", "is absolute"),
        (Regular, "web\\..\\..\\x", "leads out of the chart"),
        (Regular, "Chart.yaml", "is not in a folder"),
        (Symlink, "web/values.yaml", "holds a link"),
        (Link, "web/values.yaml", "holds a link"),
    ];
    for (kind, path, expected) in cases {
        let error = unpack(&packed(&[(kind, path, b"")])).unwrap_err().to_string();
        assert!(error.contains(expected), "{path}: {error}");
    }
    let good = packed(&[(Directory, "web/", b""), (Regular, "web/Chart.yaml", b"name: web\nversion: 1.0.0")]);
    assert_eq!(Chart::from_archive(&good).unwrap().name(), "web");
    assert!(Chart::from_archive(b"PK").unwrap_err().to_string().contains("expected a gzip archive"));
    assert!(Chart::from_archive(&good[..good.len() / 2]).is_err());
}

#[test]
fn archives_are_bounded() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Empty entries alone: a tar stream of headers that unpacks far beyond the limit.
    let mut header = tar::Header::new_gnu();
    header.set_path("web/pad").unwrap();
    header.set_size(64 * 1024 * 1024);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).unwrap();
    gzip.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
    let error = unpack(&gzip.finish().unwrap()).unwrap_err().to_string();
    assert!(error.contains("is larger than"), "{error}");
    let data = vec![0; 4 * 1024 * 1024];
    let names: Vec<String> = (0..26).map(|n| format!("web/{n}")).collect();
    let entries: Vec<_> = names.iter().map(|name| (tar::EntryType::Regular, name.as_str(), data.as_slice())).collect();
    let error = unpack(&packed(&entries)).unwrap_err().to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
}

#[test]
fn charts_in_charts_are_bounded() {
    let path = |depth: usize| format!("{}Chart.yaml", "charts/a/".repeat(depth));
    let files: Vec<(String, &[u8])> =
        (0..40).map(|depth| (path(depth), b"name: a\nversion: 1.0.0".as_slice())).collect();
    let error = Chart::from_tree(&Tree::of("", files).unwrap(), "").unwrap_err().to_string();
    assert!(error.contains("more than 500 charts, or charts in each other 16 deep"), "{error}");
}
