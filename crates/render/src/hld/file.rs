//! Reading a YAML or JSON file of the format.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    diagnostic::{Diagnostic, Place, Severity, codes},
    yaml::{self, Key, Node, Span, Yaml},
};
use serde_json::Value;

use super::{
    ground::{At, Grounds},
    trouble::Trouble,
};

/// Largest component or config file, in bytes. Values of large charts reach a few hundred KiB.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// A file that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Path for messages.
    pub(super) file: Arc<str>,
    pub(super) text: String,
    /// The first document; nothing for an empty file.
    pub(super) node: Node,
}

impl Parsed {
    pub(super) fn place(&self, span: Span) -> Place {
        span.in_file(&self.file)
    }
}

/// What there is under a name.
#[derive(Clone, Debug)]
pub(super) enum Read {
    Missing,
    /// It was read, with errors that have been said.
    Faulty,
    Found(Arc<Parsed>),
}

/// Files that were read before: the same folder may be named by many entries.
#[derive(Default)]
pub(super) struct Files {
    known: BTreeMap<At, Read>,
}

impl Files {
    /// `<stem>.yaml`, else `<stem>.json`, in a folder.
    pub(super) fn read(&mut self, grounds: &Grounds<'_>, trouble: &mut Trouble<'_>, folder: &At, stem: &str) -> Read {
        for ending in ["yaml", "json"] {
            let at = grounds.child(folder, &format!("{stem}.{ending}"));
            let Some(bytes) = grounds.read(&at) else { continue };
            if let Some(known) = self.known.get(&at) {
                return known.clone();
            }
            let file: Arc<str> = grounds.place(&at).file.into();
            let read = match parse(trouble, &file, bytes, ending == "json") {
                Some(parsed) => Read::Found(Arc::new(parsed)),
                None => Read::Faulty,
            };
            self.known.insert(at, read.clone());
            return read;
        }
        Read::Missing
    }
}

fn parse(trouble: &mut Trouble<'_>, file: &Arc<str>, bytes: &[u8], is_json: bool) -> Option<Parsed> {
    let whole = Place { file: file.to_string(), line: 0, column: 0, offset: 0, len: 0 };
    let Ok(text) = std::str::from_utf8(bytes) else {
        trouble.error(codes::NOT_TEXT, Some(whole), "expected UTF-8 text", "");
        return None;
    };
    if text.len() > BYTES_MAX {
        let message = format!("the file has {} bytes, expected at most {BYTES_MAX}", text.len());
        trouble.error(codes::FILE_TOO_LARGE, Some(whole), message, "");
        return None;
    }
    if !trouble.spend(text.len() as u64 / 16) {
        return None;
    }
    let node = if is_json { json(trouble, file, text)? } else { first_document(trouble, file, text)? };
    Some(Parsed { file: Arc::clone(file), text: text.to_owned(), node })
}

fn first_document(trouble: &mut Trouble<'_>, file: &str, text: &str) -> Option<Node> {
    let mut documents = yaml::documents(text);
    let first = documents.next();
    if let Some(second) = documents.next() {
        let place = Span { line: second.lines_before + 1, column: 1, offset: second.offset, len: 3 }.in_file(file);
        let message = "only the first document of the file is read, found a second one";
        trouble.trap(codes::HLD_FURTHER_DOCUMENTS, Some(place), message, "remove it, or move it to a file of its own");
    }
    let Some(first) = first else { return Some(Node::null()) };
    let end = first.offset + first.text.len();
    let mut findings = Vec::new();
    let mut nodes = yaml::read_lenient(BYTES_MAX, file, &text[..end], &mut findings);
    let is_faulty = findings.iter().any(|finding| finding.severity == Severity::Error);
    for finding in findings {
        take(trouble, finding);
    }
    match (is_faulty, nodes.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Node::null()),
        (false, false) => Some(nodes.swap_remove(0)),
    }
}

/// A key given twice is a trap; other findings of the reader stay what they are.
fn take(trouble: &mut Trouble<'_>, finding: Diagnostic) {
    if finding.code == codes::DUPLICATE_KEY && finding.severity == Severity::Warning {
        let message = format!("{}; the last one counts", finding.message);
        trouble.trap(codes::DUPLICATE_KEY, finding.place, message, "keep one of the two");
    } else {
        trouble.add(finding);
    }
}

/// JSON is read twice: once for its own rules, once for the places of its values.
fn json(trouble: &mut Trouble<'_>, file: &str, text: &str) -> Option<Node> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let span = Span {
                line: u32::try_from(error.line()).unwrap_or(0),
                column: u32::try_from(error.column()).unwrap_or(0),
                offset: 0,
                len: 0,
            };
            let message = match text.trim().is_empty() {
                true => "the file is empty, expected JSON".to_owned(),
                false => format!("not JSON: {error}"),
            };
            trouble.error(codes::SYNTAX, Some(span.in_file(file)), message, "an empty JSON file holds `{}`");
            return None;
        }
    };
    let mut findings = Vec::new();
    let mut nodes = yaml::read_lenient(BYTES_MAX, file, text, &mut findings);
    let is_same = nodes.len() == 1 && nodes[0].to_json() == value;
    for finding in findings.into_iter().filter(|finding| is_same && finding.code == codes::DUPLICATE_KEY) {
        take(trouble, finding);
    }
    Some(if is_same { nodes.swap_remove(0) } else { without_places(&value) })
}

/// For JSON that reads otherwise as YAML, which is nearly none.
fn without_places(value: &Value) -> Node {
    let span = Span { line: 1, column: 1, offset: 0, len: 0 };
    let value = match value {
        Value::Null => Yaml::Null,
        Value::Bool(value) => Yaml::Bool(*value),
        Value::Number(value) => Yaml::Number(value.clone()),
        Value::String(value) => Yaml::Text(value.clone()),
        Value::Array(items) => Yaml::List(items.iter().map(without_places).collect()),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| yaml::Entry {
                key: Key { text: key.clone(), is_text: true, span },
                value: without_places(value),
            };
            Yaml::Map(map.iter().map(entry).collect())
        }
    };
    Node { value, span, is_quoted: true }
}
