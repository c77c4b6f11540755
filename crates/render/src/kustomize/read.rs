//! From YAML text to nodes, as Kustomize's library reads it: one document per part between `---` lines, aliases
//! and merge keys written out.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
};

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};
use seaway_core::diagnostic::codes;

use super::{
    budget::{Budget, DEPTH_MAX, READ_WORK, check_weight, too_large},
    fault::{Fault, Outcome},
    node::{Field, Key, Node, Scalar, Shape, Tag},
    scalar::{Words, resolve},
};
use crate::yaml::{Ending, Input, tag_before_comma};

/// Largest text that is read as YAML, in bytes.
const TEXT_BYTES_MAX: usize = 32 * 1024 * 1024;

const TAGS: &str = "tag:yaml.org,2002:";

/// The documents of a file of resources or patches.
pub(crate) fn documents(text: &str, budget: &Budget) -> Outcome<Vec<Node>> {
    let unix;
    let text = if text.contains("\r\n") {
        unix = text.replace("\r\n", "\n");
        unix.as_str()
    } else {
        text
    };
    let mut found = Vec::new();
    let mut lines_before = 0;
    for part in split(text)? {
        if let Some(mut node) = Reader::new(Words::Modern, budget, lines_before).document(part.text)?
            && !node.is_null()
        {
            write_out(&mut node, budget)?;
            found.push(node);
        }
        lines_before += part.lines;
    }
    Ok(found)
}

/// The first document of a text, with aliases and merge keys written out; `None` when it is empty.
pub(crate) fn document(text: &str, words: Words, budget: &Budget) -> Outcome<Option<Node>> {
    let Some(mut node) = Reader::new(words, budget, 0).document(text)? else { return Ok(None) };
    write_out(&mut node, budget)?;
    Ok(Some(node))
}

struct Part<'a> {
    text: &'a str,
    lines: u32,
}

/// Splits at lines that start with `---`. What follows on such a line may only be a comment.
fn split(text: &str) -> Outcome<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    // A separator follows a line break that belongs to no separator before it.
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find("\n---")).map(|at| at + from) {
        let line = &rest[at + 4..];
        let Some(end) = line.find('\n') else { break };
        let after = line[..end].trim();
        if !after.is_empty() && !after.starts_with('#') {
            let message = format!("expected nothing after `---` but a comment, found {}", super::fault::quoted(after));
            return Err(Fault::new(codes::SYNTAX, message));
        }
        let cut = at + 4 + end + 1;
        parts.push(Part { text: &rest[..=at], lines: lines_in(&rest[..cut]) });
        rest = &rest[cut..];
        from = 0;
    }
    parts.push(Part { text: rest, lines: 0 });
    Ok(parts)
}

fn lines_in(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

struct Reader<'a> {
    words: Words,
    budget: &'a Budget,
    lines_before: u32,
    anchors: BTreeMap<String, Node>,
    /// Weight of all that aliases stood for.
    written_out: u64,
    /// Where and how the text ends, when a line break was put behind it that is none of its own.
    ending: Option<(u64, Ending)>,
}

type Events<'t> = Parser<Input<'t>>;

impl<'a> Reader<'a> {
    fn new(words: Words, budget: &'a Budget, lines_before: u32) -> Self {
        Self { words, budget, lines_before, anchors: BTreeMap::new(), written_out: 0, ending: None }
    }

    fn document(&mut self, text: &str) -> Outcome<Option<Node>> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(too_large(format!("the file has {} bytes, expected at most {TEXT_BYTES_MAX}", text.len())));
        }
        self.budget.spend(text.len() as u64)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The library looks one character beyond the end of some texts and panics. A line break at the end keeps it
        // from doing so, and whatever is left becomes a fault of the text.
        let ending = Ending::of(text);
        let with_end = if ending.is_some() { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) };
        self.ending = ending.map(|ending| (text.len() as u64, ending));
        if let Some((line, column, problem)) = tag_before_comma(&with_end) {
            return Err(Fault::new(codes::SYNTAX, problem).at("", self.lines_before.saturating_add(line), column));
        }
        let guarded = std::panic::catch_unwind(AssertUnwindSafe(|| self.first_of(&with_end)));
        guarded.unwrap_or_else(|_| Err(Fault::new(codes::SYNTAX, "the text cannot be read as YAML")))
    }

    fn first_of(&mut self, text: &str) -> Outcome<Option<Node>> {
        let mut events = Parser::new();
        events.set_input(Input::new(text, false));
        loop {
            let event = self.next(&mut events)?;
            match event.data {
                EventData::StreamStart { .. } => {}
                EventData::DocumentStart { .. } => {
                    let first = self.next(&mut events)?;
                    return self.node(first, &mut events, 0).map(Some);
                }
                _ => return Ok(None),
            }
        }
    }

    fn next(&self, events: &mut Events<'_>) -> Outcome<Event> {
        self.budget.spend(READ_WORK)?;
        events.parse().map_err(|error| {
            let mark = error.problem_mark().unwrap_or_default();
            let (line, column) = self.place(mark);
            let fault = Fault::new(codes::SYNTAX, error.to_string());
            fault.at("", line, column)
        })
    }

    fn place(&self, mark: Mark) -> (u32, u32) {
        let line = u32::try_from(mark.line).unwrap_or(u32::MAX).saturating_add(1);
        let column = u32::try_from(mark.column).unwrap_or(u32::MAX).saturating_add(1);
        (self.lines_before.saturating_add(line), column)
    }

    fn node(&mut self, event: Event, events: &mut Events<'_>, depth: usize) -> Outcome<Node> {
        if depth > DEPTH_MAX {
            return Err(too_large(format!("the document is too deep, expected at most {DEPTH_MAX} levels")));
        }
        let (line, column) = self.place(event.start_mark);
        let (shape, anchor) = match event.data {
            EventData::Alias { anchor } => {
                let Some(node) = self.anchors.get(&anchor) else {
                    let message = format!("unknown anchor {}", super::fault::quoted(&anchor));
                    return Err(Fault::new(codes::SYNTAX, message).at("", line, column));
                };
                let weight = node.weight();
                self.written_out = self.written_out.saturating_add(weight);
                check_weight(self.written_out)?;
                self.budget.spend(weight)?;
                if depth + node.depth() > DEPTH_MAX {
                    return Err(too_large(format!("the document is too deep, expected at most {DEPTH_MAX} levels")));
                }
                return Ok(node.clone());
            }
            EventData::Scalar { anchor, tag, mut value, style, .. } => {
                // A block at the very end of a text has no line break that the text does not have.
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if let Some((end, ending)) = self.ending.filter(|_| is_block)
                    && event.end_mark.index >= end
                {
                    ending.trim(&mut value);
                }
                (Shape::Scalar(self.scalar(tag.as_deref(), value, style)), anchor)
            }
            EventData::SequenceStart { anchor, .. } => {
                let mut items = Vec::new();
                loop {
                    let event = self.next(events)?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, events, depth + 1)?);
                }
                (Shape::List(items), anchor)
            }
            EventData::MappingStart { anchor, .. } => (Shape::Map(self.fields(events, depth)?), anchor),
            _ => return Err(Fault::new(codes::SYNTAX, "expected a value").at("", line, column)),
        };
        let mut node = Node { shape, line, column };
        if let Some(anchor) = anchor {
            write_out(&mut node, self.budget)?;
            self.budget.spend(node.weight())?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn fields(&mut self, events: &mut Events<'_>, depth: usize) -> Outcome<Vec<Field>> {
        let mut fields = Vec::new();
        loop {
            let event = self.next(events)?;
            if matches!(event.data, EventData::MappingEnd) {
                return Ok(fields);
            }
            let (line, column) = self.place(event.start_mark);
            let key = self.node(event, events, depth + 1)?;
            let Some(key) = key.as_scalar() else {
                return Err(Fault::new(codes::SYNTAX, "expected text as key of the mapping").at("", line, column));
            };
            let key = self.key(key);
            let event = self.next(events)?;
            let value = self.node(event, events, depth + 1)?;
            fields.push(Field { key, value });
        }
    }

    /// With the rules of YAML 1.1, keys become the text that JSON has for them.
    fn key(&self, scalar: &Scalar) -> Key {
        let mut key = Key { text: scalar.text.clone(), tag: scalar.tag };
        if self.words == Words::Legacy {
            match (scalar.tag, resolve(&scalar.text, Words::Legacy)) {
                (Tag::Bool, super::scalar::Meaning::Bool(value)) => key.text = value.to_string(),
                (Tag::Int, super::scalar::Meaning::Int(value)) => key.text = value.to_string(),
                _ => {}
            }
        }
        key
    }

    fn scalar(&self, tag: Option<&str>, text: String, style: ScalarStyle) -> Scalar {
        let is_quoted = style != ScalarStyle::Plain;
        let tag = match tag {
            Some(tag) if tag != "!" => tag_of(tag),
            Some(_) => Tag::Text,
            None if is_quoted => Tag::Text,
            None => resolve(&text, self.words).tag(),
        };
        Scalar { text, tag, is_quoted, twin: 0 }
    }
}

fn tag_of(tag: &str) -> Tag {
    let short = tag.strip_prefix(TAGS).or_else(|| tag.strip_prefix("!!")).unwrap_or_default();
    match short {
        "null" => Tag::Null,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "str" => Tag::Text,
        "timestamp" => Tag::Timestamp,
        "binary" => Tag::Binary,
        "merge" => Tag::Merge,
        _ => Tag::Custom,
    }
}

/// Replaces merge keys by what they stand for: own fields win, then earlier mappings of a list of them.
fn write_out(node: &mut Node, budget: &Budget) -> Outcome<()> {
    match &mut node.shape {
        Shape::Scalar(_) => {}
        Shape::List(items) => {
            for item in items {
                write_out(item, budget)?;
            }
        }
        Shape::Map(fields) => {
            for field in fields.iter_mut() {
                write_out(&mut field.value, budget)?;
            }
            let mut merges = fields.iter().filter(|field| field.key.tag == Tag::Merge);
            let merge = merges.next().map(|field| field.value.clone());
            if merges.next().is_some() {
                return Err(Fault::new(codes::SYNTAX, "expected one merge key `<<`, found two"));
            }
            if let Some(merge) = merge {
                fields.retain(|field| field.key.tag != Tag::Merge);
                merge_into(fields, &merge, budget)?;
            }
        }
    }
    Ok(())
}

fn merge_into(fields: &mut Vec<Field>, merge: &Node, budget: &Budget) -> Outcome<()> {
    let sources: Vec<&Node> = match &merge.shape {
        Shape::Map(_) => vec![merge],
        Shape::List(items) => items.iter().collect(),
        Shape::Scalar(_) => Vec::new(),
    };
    if sources.is_empty() || sources.iter().any(|source| !source.is_map()) {
        return Err(Fault::new(codes::SYNTAX, "expected a mapping, or a list of mappings, as value of `<<`"));
    }
    let mut known: BTreeSet<String> = fields.iter().map(|field| field.key.text.clone()).collect();
    for source in sources {
        budget.spend(source.weight())?;
        for field in source.fields() {
            if known.insert(field.key.text.clone()) {
                fields.push(field.clone());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Outcome<Vec<Node>> {
        documents(text, &Budget::new(10_000_000))
    }

    #[test]
    fn documents_are_split_at_lines() {
        let all = read("a: 1\n---\nb: 2\n--- # next\n\n---\nc: |\n  x\n  ---\n").unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[2].get("c").unwrap().raw(), "x\n---\n");
        assert_eq!((all[1].get("b").unwrap().line, all[2].get("c").unwrap().line), (3, 7));
        assert!(read("a: 1\n--- b\nc: 1\n").is_err());
        assert!(read("").unwrap().is_empty());
        assert!(read("---\n# nothing\n---\n").unwrap().is_empty());
    }

    #[test]
    fn texts_end_with_any_line_break() {
        for (text, expected) in [
            ("a: |\n  x\n\u{2028}", "x\n"),
            ("a: |+\n  x\n\u{2028}", "x\n\u{2028}"),
            ("a: |\n  x\u{2028}", "x\u{2028}"),
            ("a: |\n  x\n \u{2028}", "x\n"),
            ("a: |\n  x\n  \u{a0}", "x\n\u{a0}"),
            ("a: |\n  x", "x"),
            ("a: |\n  x\n  ", "x\n"),
        ] {
            assert_eq!(read(text).unwrap()[0].get("a").unwrap().raw(), expected, "{text:?}");
        }
    }

    #[test]
    fn aliases_and_merge_keys_are_written_out() {
        let all = read("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{a: 5}, *x]}\n").unwrap();
        let value = |path: &[&str]| all[0].at(path).unwrap().raw().to_owned();
        assert_eq!((value(&["y", "a"]), value(&["y", "b"])), ("1".into(), "3".into()));
        assert_eq!((value(&["z", "a"]), value(&["z", "b"])), ("5".into(), "2".into()));
        assert!(read("a: {<<: 1}").is_err());
        assert!(read("a: *nobody").is_err());
    }

    #[test]
    fn hostile_documents_end() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{before}]\n");
        }
        assert_eq!(read(&bomb).unwrap_err().code, codes::KUSTOMIZE_TOO_LARGE);
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().code, codes::KUSTOMIZE_TOO_LARGE);
        assert!(read("a: &a [*a]").is_err());
    }
}
