//! Reading a workspace: every file, every document, every finding.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PatchChange, Source, SourceFile, Workspace, decode,
    findings::Findings,
    format::{self, Kind},
    rules,
};
use crate::{
    API_VERSION,
    diagnostic::{Diagnostic, Severity, codes, excerpt, nearest},
    yaml::{self, Node},
};

/// Most findings that are reported. A person reads a few; more come from a generated file.
pub const FINDINGS_MAX: usize = 1_000;

/// One document of a known kind.
pub(super) struct Declared<'a> {
    pub(super) kind: Kind,
    pub(super) file: &'a str,
    pub(super) document: Node,
}

impl Declared<'_> {
    /// `metadata.name`, as it is written.
    pub(super) fn name(&self) -> Option<&Node> {
        self.document.get("metadata")?.get("name").filter(|node| node.text().is_some())
    }

    /// Part of `spec`.
    pub(super) fn spec(&self, key: &str) -> Option<&Node> {
        self.document.get("spec")?.get(key)
    }

    /// Items of a list in `spec`.
    pub(super) fn items(&self, key: &str) -> &[Node] {
        self.spec(key).map(Node::items).unwrap_or_default()
    }
}

/// Reads the files of a workspace. The workspace holds what could be read; it may be used only when none of
/// the findings is an error. Neither depends on the order of the files.
///
/// Files in the source folder of a service and kubeconfigs that an environment names are not declarations
/// and are left out.
pub fn load(files: &[SourceFile]) -> (Workspace, Vec<Diagnostic>) {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (mut declared, mut findings) = match yaml::on_deep_stack(|| read_files(&files)) {
        Ok(read) => read,
        Err(error) => {
            let message = format!("the workspace cannot be read now: {error}");
            return (
                Workspace::default(),
                vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")],
            );
        }
    };
    let foreign = Foreign::of(&declared);
    findings.retain(|file, _| !foreign.contains(file));
    declared.retain(|one| !foreign.contains(one.file));

    let mut findings: Vec<Diagnostic> = findings.into_values().flatten().collect();
    let workspace = assemble(&declared, &mut findings);
    rules::check(&declared, &workspace, &mut findings);
    (workspace, ordered(findings))
}

type Read<'a> = (Vec<Declared<'a>>, BTreeMap<&'a str, Vec<Diagnostic>>);

fn read_files<'a>(files: &[&'a SourceFile]) -> Read<'a> {
    let mut findings: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
    let mut declared = Vec::new();
    for file in files {
        read_file(file, findings.entry(&file.path).or_default(), &mut declared);
    }
    (declared, findings)
}

fn read_file<'a>(file: &'a SourceFile, findings: &mut Vec<Diagnostic>, declared: &mut Vec<Declared<'a>>) {
    for document in yaml::read(&file.path, &file.text, findings) {
        let mut findings = Findings::new(&file.path, findings);
        if let Some(kind) = kind(&document, &mut findings) {
            format::check(kind, &document, &mut findings);
            declared.push(Declared { kind, file: &file.path, document });
        }
    }
}

/// The kind of a document, when it is a declaration.
fn kind(document: &Node, findings: &mut Findings<'_>) -> Option<Kind> {
    let (version, kind) = (document.get("apiVersion"), document.get("kind"));
    if version.is_none() && kind.is_none() {
        let message = format!("expected `apiVersion: {API_VERSION}` and `kind`, found {}", document.kind());
        let help = "this document is ignored; declarations start with these two keys".to_owned();
        findings.warning(codes::NOT_A_DECLARATION, document.span, message, Some(help));
        return None;
    }
    let mut is_ours = true;
    match version {
        Some(node) if node.text() == Some(API_VERSION) => {}
        Some(node) => {
            let message = format!("unknown apiVersion: expected `{API_VERSION}`, found {}", node.description());
            let is_near = node.text().is_some_and(|text| text.starts_with("seaway"));
            let help = if is_near {
                format!("write `apiVersion: {API_VERSION}`")
            } else {
                "manifests belong in the source folder of a service".to_owned()
            };
            findings.error(codes::UNKNOWN_API_VERSION, node.span, message, Some(help));
            is_ours = false;
        }
        // A document of a known kind is checked against its description, which asks for the key.
        None if kind.and_then(Node::text).and_then(Kind::named).is_some() => {}
        None => {
            let message = format!("the document needs the key `apiVersion`, expected `apiVersion: {API_VERSION}`");
            findings.error(codes::MISSING_KEY, document.span, message, None);
        }
    }
    let known = || Kind::ALL.into_iter().map(Kind::name);
    match kind {
        Some(node) => {
            let found = node.text().and_then(Kind::named);
            if found.is_none() && is_ours {
                let message = format!("unknown kind: found {}", node.description());
                let help = match nearest(node.text().unwrap_or_default(), known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known kinds: `{}`", known().collect::<Vec<_>>().join("`, `")),
                };
                findings.error(codes::UNKNOWN_KIND, node.span, message, Some(help));
            }
            found.filter(|_| is_ours)
        }
        None => {
            if is_ours {
                let message = "the document needs the key `kind`".to_owned();
                let help = format!("known kinds: `{}`", known().collect::<Vec<_>>().join("`, `"));
                findings.error(codes::MISSING_KEY, document.span, message, Some(help));
            }
            None
        }
    }
}

/// Files that are named by declarations and are none themselves.
#[derive(Default)]
struct Foreign<'a> {
    /// Sources, and the file that declares each.
    sources: Vec<(Source, &'a str)>,
    files: BTreeSet<String>,
}

impl<'a> Foreign<'a> {
    fn of(declared: &[Declared<'a>]) -> Self {
        let mut foreign = Self::default();
        for one in declared {
            match one.kind {
                Kind::Service => {
                    let Some(service) = decode::service(one.file, &one.document) else { continue };
                    foreign.files.extend(service.patches.iter().filter_map(|patch| match &patch.change {
                        PatchChange::File(path) => Some(path.clone()),
                        PatchChange::Inline(_) => None,
                    }));
                    foreign.sources.push((service.source, one.file));
                }
                Kind::Environment => {
                    let environment = decode::environment(one.file, &one.document);
                    let clusters = environment.iter().flat_map(|environment| environment.clusters());
                    foreign.files.extend(clusters.filter_map(|(_, cluster)| cluster.connection.kubeconfig.clone()));
                }
            }
        }
        foreign
    }

    fn contains(&self, file: &str) -> bool {
        self.files.contains(file) || self.sources.iter().any(|(source, declared_in)| source.has(file, declared_in))
    }
}

/// The model; a name that is taken twice keeps its first declaration.
fn assemble(declared: &[Declared<'_>], findings: &mut Vec<Diagnostic>) -> Workspace {
    let mut workspace = Workspace::default();
    let mut places: BTreeMap<(Kind, &str), String> = BTreeMap::new();
    for one in declared {
        let Some((node, name)) = one.name().and_then(|node| Some((node, node.text()?))) else { continue };
        if let Some(first) = places.get(&(one.kind, name)) {
            let what = one.kind.name().to_lowercase();
            let message = format!("{what} `{}` is declared twice, first in {first}", excerpt(name));
            let help = "give each its own name, or remove one".to_owned();
            Findings::new(one.file, findings).error(codes::DUPLICATE_NAME, node.span, message, Some(help));
            continue;
        }
        places.insert((one.kind, name), node.span.in_file(one.file).to_string());
        match one.kind {
            Kind::Environment => {
                let environment = decode::environment(one.file, &one.document);
                workspace.environments.extend(environment.map(|environment| (environment.name.clone(), environment)));
            }
            Kind::Service => {
                let service = decode::service(one.file, &one.document);
                workspace.services.extend(service.map(|service| (service.name.clone(), service)));
            }
        }
    }
    workspace
}

/// By file and place, each once, and not more than a person can read.
fn ordered(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let key = |d: &Diagnostic| (d.place.clone(), d.code, d.message.clone());
    findings.sort_by_cached_key(key);
    findings.dedup();
    if findings.len() > FINDINGS_MAX {
        let more = findings.len() - FINDINGS_MAX;
        // Errors first: a cut must never turn a refused workspace into an accepted one.
        findings.sort_by_key(|d| std::cmp::Reverse(d.severity));
        findings.truncate(FINDINGS_MAX);
        findings.sort_by_cached_key(key);
        let message = format!("{more} more findings are not shown");
        findings.push(
            Diagnostic { severity: Severity::Error, ..Diagnostic::error(codes::TOO_MANY_FINDINGS, message) }
                .help("repair what is shown and validate again"),
        );
    }
    findings
}
