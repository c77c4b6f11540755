//! From text to the tree: one call of the YAML library per document.

use std::{cell::Cell, collections::BTreeMap, fmt, io, ptr, thread};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, Options, Spanned};

use super::{Document, Entry, Key, Node, Span, Yaml, documents};
use crate::diagnostic::{Diagnostic, Place, Severity, codes, excerpt};

/// Largest file of declarations, in bytes. A fleet of ten thousand clusters needs about half of it.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most documents in one file. More are a generated stream, which belongs into several files.
pub const DOCUMENTS_MAX: usize = 5_000;
/// Deepest nesting of lists and mappings. Kubernetes' own deepest kinds stay below 40.
pub const DEPTH_MAX: usize = 64;
/// Most nodes in one document after its aliases are resolved: bounds what a few bytes can grow to.
pub const NODES_MAX: usize = 500_000;

/// Stack for reading, in bytes: three times what the deepest document needs without optimisation.
const STACK_BYTES: usize = 8 * 1024 * 1024;
/// How much of such a stack may be in use where more work starts on it.
const USED_BYTES_MAX: usize = STACK_BYTES / 8;

thread_local! {
    /// Where the stack of this thread begins, if it is a deep one.
    static BEGIN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Does some reading on a thread of its own, or on this one if it has a stack as deep. The library reads by recursion;
/// without optimisation a level costs some 40 KiB of stack, so the deepest document needs more than the threads of a
/// server or of a test have.
///
/// # Errors
/// When no thread can be started.
pub fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if BEGIN.get().is_some_and(|begin| begin.abs_diff(here()) < USED_BYTES_MAX) {
        return Ok(work());
    }
    let work = || {
        BEGIN.set(Some(here()));
        work()
    };
    thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        reader.join().or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A place of the stack that is in use now.
#[inline(never)]
fn here() -> usize {
    let place = 0_u8;
    ptr::from_ref(std::hint::black_box(&place)).addr()
}

/// Reads all documents of a file of at most [`FILE_BYTES_MAX`]. Faults become findings; documents that cannot be
/// read are left out, and so are those that hold nothing. Deep documents need [`on_deep_stack`].
pub fn read(file: &str, text: &str, findings: &mut Vec<Diagnostic>) -> Vec<Node> {
    read_up_to(FILE_BYTES_MAX, file, text, findings)
}

/// As [`read`], with another limit on the size of the file.
pub fn read_up_to(bytes_max: usize, file: &str, text: &str, findings: &mut Vec<Diagnostic>) -> Vec<Node> {
    read_as(Manner::Strict, bytes_max, file, text, findings)
}

/// As [`read_up_to`], for formats of other tools that take more: of two equal keys the last counts and the finding
/// is a warning, and tags without a meaning here are passed over.
pub fn read_lenient(bytes_max: usize, file: &str, text: &str, findings: &mut Vec<Diagnostic>) -> Vec<Node> {
    read_as(Manner::Lenient, bytes_max, file, text, findings)
}

/// What is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Strict,
    Lenient,
}

fn read_as(manner: Manner, bytes_max: usize, file: &str, text: &str, findings: &mut Vec<Diagnostic>) -> Vec<Node> {
    let whole = Place { file: file.to_owned(), line: 0, column: 0, offset: 0, len: 0 };
    if text.len() > bytes_max {
        let message = format!("the file has {} bytes, expected at most {bytes_max}", text.len());
        findings.push(Diagnostic::error(codes::FILE_TOO_LARGE, message).at(whole).help("split it into several files"));
        return Vec::new();
    }
    let mut nodes = Vec::new();
    for (index, document) in documents(text).enumerate() {
        if index == DOCUMENTS_MAX {
            let message = format!("the file has more than {DOCUMENTS_MAX} documents; the rest is not read");
            let span = Span { line: document.lines_before + 1, column: 1, offset: document.offset, len: 3 };
            findings.push(
                Diagnostic::error(codes::TOO_MANY_DOCUMENTS, message)
                    .at(span.in_file(file))
                    .help("split it into several files"),
            );
            break;
        }
        match read_document(manner, file, text, document, findings) {
            Some(node) if !node.is_null() => nodes.push(node),
            Some(_) | None => {}
        }
    }
    nodes
}

fn read_document(
    manner: Manner,
    file: &str,
    text: &str,
    document: Document<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let mut builder = Builder::new(file, text, document);
    let mut read = |policy, builder: &mut Builder<'_>| {
        let tree: Result<Spanned<Raw>, Error> =
            serde_saphyr::from_str_with_options(document.text, options(policy, manner));
        tree.map(|tree| builder.node(tree)).map_err(|error| findings.push(builder.fault(&error))).ok()
    };
    let node = read(DuplicateKeyPolicy::LastWins, &mut builder)?;
    // In mappings with keys that are numbers the library keeps only the last of two equal keys. The place of
    // the first is found by reading again and comparing.
    if builder.has_number_keys {
        let first = read(DuplicateKeyPolicy::FirstWins, &mut Builder::new(file, text, document))?;
        builder.compare(&first, &node);
    }
    findings.extend(builder.duplicates.into_values().map(|finding| match manner {
        Manner::Lenient if finding.code == codes::DUPLICATE_KEY => {
            Diagnostic { severity: Severity::Warning, ..finding }
        }
        Manner::Lenient | Manner::Strict => finding,
    }));
    Some(node)
}

fn options(duplicate_keys: DuplicateKeyPolicy, manner: Manner) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: NODES_MAX * 3,
            max_nodes: NODES_MAX,
            max_depth: DEPTH_MAX,
            // The bound on nodes is the real one; one anchor used by each of ten thousand clusters is fine.
            enforce_alias_anchor_ratio: false,
        },
        duplicate_keys: duplicate_keys,
        legacy_octal_numbers: true,
        strict_booleans: false,
        reject_unsupported_tags: manner == Manner::Strict,
        emit_comments: false,
        with_snippet: false,
    }
}

/// What the library gives: values with locations relative to the document.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        number(value).map(Raw::Number).ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Whole numbers become integers, as in the JSON that other Kubernetes clients send: `3.0` is `3`.
fn number(value: f64) -> Option<Number> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT_MAX {
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

struct Builder<'a> {
    file: &'a str,
    text: &'a str,
    document: Document<'a>,
    /// By offset, because an alias repeats them.
    duplicates: BTreeMap<usize, Diagnostic>,
    has_number_keys: bool,
}

impl<'a> Builder<'a> {
    fn new(file: &'a str, text: &'a str, document: Document<'a>) -> Self {
        Self { file, text, document, duplicates: BTreeMap::new(), has_number_keys: false }
    }

    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let span = self.span(raw.referenced);
        let mut is_quoted = false;
        let value = match raw.value {
            Raw::Null => Yaml::Null,
            Raw::Bool(value) => Yaml::Bool(value),
            Raw::Number(value) => Yaml::Number(value),
            Raw::Text(value) => {
                let first = self.text.as_bytes().get(self.span(raw.defined).offset);
                is_quoted = first.is_some_and(|b| matches!(b, b'"' | b'\''));
                Yaml::Text(value)
            }
            Raw::List(items) => Yaml::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Yaml::Map(self.entries(entries)),
        };
        Node { value, span, is_quoted }
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (key, value) in raw {
            let defined = self.span(key.defined);
            let Some(key) = self.key(key) else { continue };
            let value = self.node(value);
            match places.get(&key.text) {
                Some(index) => {
                    let before = entries[*index].key.span;
                    self.duplicate(&key, before, defined.offset);
                    entries[*index] = Entry { key, value };
                }
                None => {
                    places.insert(key.text.clone(), entries.len());
                    entries.push(Entry { key, value });
                }
            }
        }
        entries
    }

    fn duplicate(&mut self, key: &Key, first: Span, defined_at: usize) {
        let name = excerpt(&key.text);
        let message = format!("duplicate key `{name}`, first given in line {}, column {}", first.line, first.column);
        let finding = Diagnostic::error(codes::DUPLICATE_KEY, message)
            .at(key.span.in_file(self.file))
            .help("keep one of the two");
        self.duplicates.entry(defined_at).or_insert(finding);
    }

    /// Reports keys that stand elsewhere in a reading in which the first of two equal keys wins.
    fn compare(&mut self, first: &Node, last: &Node) {
        for (a, b) in first.items().iter().zip(last.items()) {
            self.compare(a, b);
        }
        let places: BTreeMap<&str, &Entry> =
            first.entries().iter().map(|entry| (entry.key.text.as_str(), entry)).collect();
        for entry in last.entries() {
            let Some(before) = places.get(entry.key.text.as_str()) else { continue };
            if before.key.span == entry.key.span {
                self.compare(&before.value, &entry.value);
            } else {
                self.duplicate(&entry.key, before.key.span, entry.key.span.offset);
            }
        }
    }

    fn key(&mut self, raw: Spanned<Raw>) -> Option<Key> {
        let span = self.span(raw.referenced);
        let (text, is_text) = match raw.value {
            Raw::Text(text) => (text, true),
            Raw::Bool(value) => (value.to_string(), false),
            Raw::Number(value) => {
                self.has_number_keys = true;
                (value.to_string(), false)
            }
            Raw::Null | Raw::List(_) | Raw::Map(_) => {
                let finding = Diagnostic::error(codes::SYNTAX, "expected text as key of the mapping")
                    .at(span.in_file(self.file))
                    .help("write the key in quotes when it is text");
                self.duplicates.entry(span.offset).or_insert(finding);
                return None;
            }
        };
        Some(Key { text, is_text, span })
    }

    /// From the document to the file. Faults carry no byte offset: it is counted from line and column.
    fn span(&self, location: Location) -> Span {
        let line = u32::try_from(location.line()).unwrap_or(u32::MAX).max(1);
        let column = u32::try_from(location.column()).unwrap_or(u32::MAX).max(1);
        let in_document = match location.span().byte_offset() {
            Some(offset) => usize::try_from(offset).unwrap_or(usize::MAX),
            None => offset_of(self.document.text, line, column),
        };
        let rest = self.document.text.len().saturating_sub(in_document);
        let len = location.span().byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0).min(rest);
        // Block scalars end after their last line break.
        let start = in_document.min(self.document.text.len());
        let len = self.document.text.get(start..start + len).map_or(len, |text| text.trim_end().len());
        Span {
            line: self.document.lines_before.saturating_add(line),
            column,
            offset: self.document.offset + start,
            len,
        }
    }

    fn fault(&self, error: &Error) -> Diagnostic {
        let error = error.without_snippet();
        let span = self.span(error.location().unwrap_or(Location::UNKNOWN));
        let (code, message, mut help) = describe(error);
        let line = self.text.lines().nth((span.line as usize).saturating_sub(1)).unwrap_or_default();
        if code == codes::SYNTAX && help.is_none() {
            help = advice(&message, line);
        }
        let finding = Diagnostic::error(code, message).at(span.in_file(self.file));
        match help {
            Some(help) => finding.help(help),
            None => finding,
        }
    }
}

/// What is most often behind a fault.
fn advice(message: &str, line: &str) -> Option<&'static str> {
    if line.contains("${") {
        Some("inside `{}` or `[]` a placeholder stands in quotes: \"${config.key}\"")
    } else if message.contains("mapping values are not allowed") {
        Some("write a value that contains `: ` in quotes, or check the indentation")
    } else if message.contains("tab") {
        Some("indent with spaces")
    } else {
        None
    }
}

fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let mut offset = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line as usize {
            let before: usize = content.chars().take(column as usize - 1).map(char::len_utf8).sum();
            return offset + before;
        }
        offset += content.len();
    }
    text.len()
}

fn describe(error: &Error) -> (&'static str, String, Option<&'static str>) {
    match error {
        Error::AliasError { error, .. } => describe(error),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            let message = format!(
                "the document is too deep or grows too large: expected at most {DEPTH_MAX} levels and {NODES_MAX} \
                 values, aliases included"
            );
            (codes::TOO_COMPLEX, message, Some("nest less, or split the document"))
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            (codes::SYNTAX, "the alias stands inside the value that it names".to_owned(), None)
        }
        Error::NonFiniteFloat { value, .. } => {
            let message = format!("expected a finite number, found `{}`", excerpt(value));
            (codes::SYNTAX, message, Some("write it in quotes when it is text"))
        }
        other => {
            let text = other.to_string();
            let text = text.split(" at line ").next().unwrap_or_default();
            (codes::SYNTAX, format!("not YAML: {text}"), None)
        }
    }
}
