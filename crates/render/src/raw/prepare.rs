//! Reading a folder of manifests: everything that does not depend on a target.

use std::{collections::BTreeSet, sync::Arc};

use seaway_core::{
    declaration::Service,
    diagnostic::{Diagnostic, Place, codes, has_errors},
    yaml::{self, Node},
};

use super::{Manifests, ObjectTemplate};
use crate::{
    OBJECTS_MAX, Tree,
    memo::Memo,
    patches::Patches,
    scope::{DEFINITION, Scopes},
    template::Compiler,
};

/// Largest file of manifests, in bytes. Bundles of public operators with their definitions reach 5 MiB.
pub const MANIFEST_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Kind whose data is never shown.
const SECRET: &str = "Secret";

impl Manifests {
    /// Reads the tree.
    ///
    /// # Errors
    /// All findings, when one of them is an error.
    pub(crate) fn prepare(
        service: &Service,
        tree: &Tree,
        patches: Option<Arc<Patches>>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (objects, mut findings) = match yaml::on_deep_stack(|| read_files(service, tree)) {
            Ok(read) => read,
            Err(error) => {
                let message = format!("the source cannot be read now: {error}");
                return Err(vec![Diagnostic::error(codes::TOO_COMPLEX, message).help("free some memory")]);
            }
        };
        if objects.is_empty() && !has_errors(&findings) {
            let message = format!("no objects in `{}`, expected at least one manifest", tree.root());
            let help = "rolling out nothing would delete everything that runs; remove the service instead";
            findings.push(Diagnostic::error(codes::EMPTY_SOURCE, message).help(help));
        }
        if has_errors(&findings) {
            return Err(findings);
        }
        let mut scopes = Scopes::default();
        for object in objects.iter().filter(|object| is_kind(&object.node, DEFINITION)) {
            scopes.learn(&object.node.to_json());
        }
        let placeholders: BTreeSet<_> =
            objects.iter().flat_map(|object| &object.uses).map(|one| one.placeholder.clone()).collect();
        Ok(Self {
            service: service.clone(),
            scopes,
            objects,
            placeholders,
            patches,
            warnings: findings,
            known: Memo::new(),
        })
    }
}

fn is_kind(node: &Node, kind: &str) -> bool {
    node.get("kind").and_then(Node::text) == Some(kind)
}

fn is_manifest(path: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending))
}

fn read_files(service: &Service, tree: &Tree) -> (Vec<ObjectTemplate>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut objects = Vec::new();
    for (path, bytes) in tree.files().filter(|(path, _)| is_manifest(path)) {
        let file: Arc<str> = tree.place_of(path).into();
        let whole = Place { file: file.to_string(), line: 0, column: 0, offset: 0, len: 0 };
        let Ok(text) = std::str::from_utf8(bytes) else {
            findings.push(Diagnostic::error(codes::NOT_TEXT, "expected UTF-8 text").at(whole));
            continue;
        };
        read_file(service, &file, text, &mut objects, &mut findings);
        if objects.len() > OBJECTS_MAX {
            let message = format!("the source has more than {OBJECTS_MAX} objects");
            findings.push(Diagnostic::error(codes::TOO_MANY_OBJECTS, message).at(whole).help("split the service"));
            break;
        }
    }
    (objects, findings)
}

fn read_file(
    service: &Service,
    file: &Arc<str>,
    text: &str,
    objects: &mut Vec<ObjectTemplate>,
    findings: &mut Vec<Diagnostic>,
) {
    let mut own = Vec::new();
    let mut has_secret = false;
    for document in yaml::read_up_to(MANIFEST_BYTES_MAX, file, text, &mut own) {
        let mut items = Vec::new();
        flatten(document, &mut items);
        for node in items {
            let is_secret = is_kind(&node, SECRET);
            has_secret |= is_secret;
            let mut compiler = Compiler::new(service, file, text, is_secret);
            let template = compiler.compile(&node);
            own.append(&mut compiler.findings);
            let uses = std::mem::take(&mut compiler.uses);
            let file = Arc::clone(file);
            objects.push(ObjectTemplate { file, node, template, uses, is_secret, known: Memo::new() });
        }
    }
    // A document that is not YAML may be a Secret as well.
    has_secret |= text.contains(SECRET);
    for finding in &mut own {
        finding.hides_source |= has_secret;
    }
    findings.append(&mut own);
}

/// The items of a `List`, or the document itself.
fn flatten(document: Node, out: &mut Vec<Node>) {
    let is_list = is_kind(&document, "List") && document.get("apiVersion").and_then(Node::text) == Some("v1");
    if !is_list {
        out.push(document);
        return;
    }
    // Depth is bounded by the reader.
    for item in document.get("items").map(Node::items).unwrap_or_default() {
        flatten(item.clone(), out);
    }
}
