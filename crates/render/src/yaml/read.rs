//! YAML text to values: libyaml's scanner, go-yaml's meaning, JSON's types.

use std::{collections::BTreeMap, panic::AssertUnwindSafe};

use base64::Engine as _;
use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};
use seaway_core::diagnostic::excerpt;
use serde_json::{Map, Number, Value};
use thiserror::Error;

use super::{
    Ending, Input, Limits,
    comma::tag_before_comma,
    float_text,
    resolve::{Meaning, resolve},
};

const TAG: &str = "tag:yaml.org,2002:";

/// Why a text cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{}{problem}", place(*line, *column))]
pub(crate) struct Error {
    /// Line, from 1; 0 when it is not known.
    pub(crate) line: u32,
    /// Column in characters, from 1; 0 when it is not known.
    pub(crate) column: u32,
    /// What is wrong, without a place.
    pub(crate) problem: String,
}

fn place(line: u32, column: u32) -> String {
    match (line, column) {
        (0, _) => String::new(),
        (line, 0) => format!("line {line}: "),
        (line, column) => format!("line {line}, column {column}: "),
    }
}

/// The first document; `null` when there is none. What follows it is not looked at, as in Go's `Unmarshal`.
///
/// # Errors
/// When the text is not YAML, holds what JSON cannot, or goes beyond a limit.
pub(crate) fn read(text: &str, mut limits: Limits) -> Result<Value, Error> {
    read_within(text, &mut limits)
}

/// As [`read`], and takes what was used from the limits: several documents share them.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_within(text: &str, limits: &mut Limits) -> Result<Value, Error> {
    with_reader(text, Ending::of(text), limits, |reader| Ok(reader.document()?.unwrap_or(Value::Null)))
}

/// As [`read_within`], of a text behind which a line break belongs.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_line(text: &str, limits: &mut Limits) -> Result<Value, Error> {
    with_reader(text, None, limits, |reader| Ok(reader.document()?.unwrap_or(Value::Null)))
}

/// All documents of a stream, `null` for empty ones; the limits hold for all of them together.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_all(text: &str, limits: &mut Limits) -> Result<Vec<Value>, Error> {
    with_reader(text, Ending::of(text), limits, |reader| {
        let mut documents = Vec::new();
        while let Some(document) = reader.document()? {
            documents.push(document);
        }
        Ok(documents)
    })
}

/// The library looks one character beyond the end of some texts and panics; a line break at the end keeps it from
/// doing so, and whatever is left becomes a fault of the text.
fn with_reader<T>(
    text: &str,
    ending: Option<Ending>,
    limits: &mut Limits,
    work: impl FnOnce(&mut Reader<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    if let Some((line, column, problem)) = tag_before_comma(text) {
        return Err(Error { line, column, problem });
    }
    let before = *limits;
    let mut reader = Reader::new(text, before, ending);
    let guarded = std::panic::catch_unwind(AssertUnwindSafe(move || {
        let answer = work(&mut reader);
        (answer, reader.left)
    }));
    let unreadable = Error { line: 0, column: 0, problem: "the text cannot be read as YAML".to_owned() };
    // How far a reader came that fell is not known.
    let (answer, left) = guarded.unwrap_or((Err(unreadable), Limits { steps: 0, ..before }));
    *limits = left;
    answer
}

/// Steps of an event, beside its bytes: the scanner's tokens, the value, its place in a collection.
const EVENT_STEPS: u64 = 6;
/// Bytes that the scanner passes in a step.
const STEP_BYTES: u64 = 4;
/// Levels of brackets that the scanner looks through in a step: all of them, for each token.
const STEP_LEVELS: u64 = 2;
/// What an anchor takes beside the copy of its value: its name and its place among the others, in nodes.
const ANCHOR_NODES: usize = 3;

struct Reader<'t> {
    parser: Parser<Input<'t>>,
    anchors: BTreeMap<String, Anchored>,
    left: Limits,
    /// All values of the document so far, without the copies that anchors keep.
    made: Size,
    /// Bytes that the parser has passed.
    passed: u64,
    /// Where and how the text ends, when a line break was put behind it that is none of its own.
    ending: Option<(u64, Ending)>,
}

/// How much of the limits on memory something takes.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
}

/// A value that aliases repeat, and what each repetition costs.
struct Anchored {
    item: Item,
    size: Size,
    depth: usize,
}

/// A node before it is known whether it is a key or a value.
#[derive(Clone)]
enum Item {
    Plain(Meaning, String),
    Text(String),
    Collection(Value),
}

/// A collection that is being read.
struct Open {
    collection: Collection,
    anchor: Option<String>,
    made_before: Size,
    /// Levels inside it so far.
    levels: usize,
}

enum Collection {
    List(Vec<Value>),
    Map { entries: Map<String, Value>, key: Option<Key> },
}

enum Key {
    Named(String),
    Merge,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: Limits, ending: Option<Ending>) -> Self {
        let mut parser = Parser::new();
        parser.set_input(Input::new(text, !text.ends_with('\n')));
        let ending = ending.map(|ending| (text.len() as u64, ending));
        Self { parser, anchors: BTreeMap::new(), left: limits, made: Size::default(), passed: 0, ending }
    }

    /// The next event, `depth` collections deep.
    fn next(&mut self, depth: usize) -> Result<Event, Error> {
        let event = self.parse()?;
        let end = event.end_mark.index.max(self.passed);
        let work = EVENT_STEPS + (end - self.passed) / STEP_BYTES + depth as u64 / STEP_LEVELS;
        self.passed = end;
        self.work(work, event.start_mark)?;
        Ok(event)
    }

    fn work(&mut self, steps: u64, at: Mark) -> Result<(), Error> {
        let left = self.left.steps.checked_sub(steps);
        self.left.steps = left.unwrap_or(0);
        match left {
            Some(_) => Ok(()),
            None => Err(fault(at, "the document grows too large: reading it takes too much work".to_owned())),
        }
    }

    fn parse(&mut self) -> Result<Event, Error> {
        self.parser.parse().map_err(|error| {
            let problem = match error.context() {
                Some(context) if !context.is_empty() => format!("{} {context}", error.problem()),
                Some(_) | None => error.problem().to_owned(),
            };
            match error.problem_mark() {
                Some(mark) => fault(mark, problem),
                None => Error { line: 0, column: 0, problem },
            }
        })
    }

    /// The next document, when there is one.
    fn document(&mut self) -> Result<Option<Value>, Error> {
        loop {
            match self.next(0)?.data {
                EventData::StreamEnd => return Ok(None),
                EventData::DocumentStart { .. } => break,
                _ => {}
            }
        }
        self.anchors.clear();
        let mut open: Vec<Open> = Vec::new();
        loop {
            let event = self.next(open.len())?;
            let at = event.start_mark;
            let Some((item, levels)) = self.node(event, &mut open)? else { continue };
            match open.last_mut() {
                Some(around) => around.add(item, levels, at)?,
                None => return item.value(at).map(Some),
            }
        }
    }

    /// Takes one event; gives the node that it completes and the levels of collections in it.
    fn node(&mut self, event: Event, open: &mut Vec<Open>) -> Result<Option<(Item, usize)>, Error> {
        let at = event.start_mark;
        match event.data {
            EventData::Scalar { anchor, tag, mut value, plain_implicit, style, .. } => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if let Some((end, ending)) = self.ending.filter(|_| is_block)
                    && event.end_mark.index >= end
                {
                    ending.trim(&mut value);
                }
                let text = value.len();
                self.make(Size { nodes: 1, text }, open.len(), at)?;
                let item = scalar(tag.as_deref(), plain_implicit, value, at)?;
                if let Some(anchor) = anchor {
                    self.keep(anchor, &item, Size { nodes: 1, text }, 0, at)?;
                }
                Ok(Some((item, 0)))
            }
            EventData::Alias { anchor } => {
                let Some(anchored) = self.anchors.get(&anchor) else {
                    return Err(fault(at, format!("unknown anchor `{}`", excerpt(&anchor))));
                };
                let (size, levels) = (anchored.size, anchored.depth);
                self.make(size, open.len() + levels, at)?;
                Ok(self.anchors.get(&anchor).map(|anchored| (anchored.item.clone(), levels)))
            }
            EventData::SequenceStart { anchor, .. } => {
                self.open(Collection::List(Vec::new()), anchor, open, at)?;
                Ok(None)
            }
            EventData::MappingStart { anchor, .. } => {
                self.open(Collection::Map { entries: Map::new(), key: None }, anchor, open, at)?;
                Ok(None)
            }
            EventData::SequenceEnd | EventData::MappingEnd => open.pop().map(|done| self.close(done, at)).transpose(),
            // The parser gives nothing else inside a document; a document has a node at least.
            _ => Ok(None),
        }
    }

    /// Takes a new value from the limits.
    fn make(&mut self, size: Size, depth: usize, at: Mark) -> Result<(), Error> {
        self.spend(size, at)?;
        if depth > self.left.depth {
            return Err(fault(at, format!("lists and mappings are nested more than {} deep", self.left.depth)));
        }
        self.made = Size { nodes: self.made.nodes + size.nodes, text: self.made.text + size.text };
        Ok(())
    }

    fn spend(&mut self, size: Size, at: Mark) -> Result<(), Error> {
        if size.nodes > 1 {
            // Copied once here, and perhaps again into a value around it.
            self.work(2 * size.nodes as u64, at)?;
        }
        let left = (self.left.nodes.checked_sub(size.nodes), self.left.text_bytes.checked_sub(size.text));
        let (Some(nodes_left), Some(text_left)) = left else {
            return Err(fault(at, "the document grows too large, aliases included".to_owned()));
        };
        (self.left.nodes, self.left.text_bytes) = (nodes_left, text_left);
        Ok(())
    }

    /// Keeps a copy of a value for the aliases that may follow. Anchors in each other keep copies of copies.
    fn keep(&mut self, anchor: String, item: &Item, size: Size, depth: usize, at: Mark) -> Result<(), Error> {
        self.spend(Size { nodes: size.nodes + ANCHOR_NODES, text: size.text + anchor.len() }, at)?;
        self.anchors.insert(anchor, Anchored { item: item.clone(), size, depth });
        Ok(())
    }

    fn open(
        &mut self,
        collection: Collection,
        anchor: Option<String>,
        open: &mut Vec<Open>,
        at: Mark,
    ) -> Result<(), Error> {
        let made_before = self.made;
        self.make(Size { nodes: 1, text: 0 }, open.len() + 1, at)?;
        open.push(Open { collection, anchor, made_before, levels: 0 });
        Ok(())
    }

    fn close(&mut self, done: Open, at: Mark) -> Result<(Item, usize), Error> {
        let levels = done.levels + 1;
        let item = Item::Collection(match done.collection {
            Collection::List(items) => Value::Array(items),
            Collection::Map { entries, .. } => Value::Object(entries),
        });
        if let Some(anchor) = done.anchor {
            let before = done.made_before;
            let size = Size { nodes: self.made.nodes - before.nodes, text: self.made.text - before.text };
            self.keep(anchor, &item, size, levels, at)?;
        }
        Ok((item, levels))
    }
}

impl Open {
    fn add(&mut self, item: Item, levels: usize, at: Mark) -> Result<(), Error> {
        self.levels = self.levels.max(levels);
        match &mut self.collection {
            Collection::List(items) => items.push(item.value(at)?),
            Collection::Map { entries, key } => match key.take() {
                None => *key = Some(item.key(at)?),
                Some(Key::Named(key)) => {
                    entries.insert(key, item.value(at)?);
                }
                Some(Key::Merge) => merge(entries, item.value(at)?, at)?,
            },
        }
        Ok(())
    }
}

impl Item {
    fn value(self, at: Mark) -> Result<Value, Error> {
        match self {
            Self::Text(text) => Ok(Value::String(text)),
            Self::Collection(value) => Ok(value),
            Self::Plain(meaning, text) => Ok(match meaning {
                Meaning::Null => Value::Null,
                Meaning::Bool(value) => Value::Bool(value),
                Meaning::Int(value) => Value::Number(value.into()),
                Meaning::Uint(value) => Value::Number(value.into()),
                Meaning::Float(value) => match number(value) {
                    Some(number) => Value::Number(number),
                    None => return Err(fault(at, format!("expected a finite number, found `{}`", excerpt(&text)))),
                },
                Meaning::Timestamp | Meaning::Text => Value::String(text),
            }),
        }
    }

    fn key(self, at: Mark) -> Result<Key, Error> {
        Ok(Key::Named(match self {
            Self::Plain(Meaning::Text, text) if text == "<<" => return Ok(Key::Merge),
            Self::Text(text) | Self::Plain(Meaning::Text | Meaning::Timestamp, text) => text,
            Self::Plain(Meaning::Bool(value), _) => value.to_string(),
            Self::Plain(Meaning::Int(value), _) => value.to_string(),
            Self::Plain(Meaning::Uint(value), _) => value.to_string(),
            // Keys that are numbers go through single precision on their way to JSON.
            Self::Plain(Meaning::Float(value), _) => key_float_text(value),
            Self::Plain(Meaning::Null, _) | Self::Collection(_) => {
                return Err(fault(at, "expected text, a number or a boolean as key of the mapping".to_owned()));
            }
        }))
    }
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`: the fewest digits that give the same single-precision number.
fn key_float_text(value: f64) -> String {
    let single = value as f32;
    float_text(single.to_string().parse().unwrap_or(value))
}

fn scalar(tag: Option<&str>, is_plain: bool, text: String, at: Mark) -> Result<Item, Error> {
    let Some(tag) = tag else {
        return Ok(if is_plain { Item::Plain(resolve(&text), text) } else { Item::Text(text) });
    };
    let wrong = |text: &str| {
        let short = excerpt(tag.strip_prefix(TAG).unwrap_or(tag));
        Err(fault(at, format!("`{}` is not of its type `!!{short}`", excerpt(text))))
    };
    let meaning = resolve(&text);
    match (tag.strip_prefix(TAG), meaning) {
        (Some("binary"), _) => match base64::engine::general_purpose::STANDARD.decode(text.replace(['\n', ' '], "")) {
            Ok(bytes) => Ok(Item::Text(String::from_utf8_lossy(&bytes).into_owned())),
            Err(_) => wrong(&text),
        },
        (Some("merge"), _) => Ok(Item::Plain(Meaning::Text, text)),
        (Some("int"), Meaning::Int(_) | Meaning::Uint(_))
        | (Some("float"), Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_))
        | (Some("bool"), Meaning::Bool(_))
        | (Some("null"), Meaning::Null)
        | (Some("timestamp"), Meaning::Timestamp) => Ok(Item::Plain(meaning, text)),
        (Some("int" | "float" | "bool" | "null" | "timestamp"), _) => wrong(&text),
        // `!!str`, and types that nobody knows.
        (Some(_) | None, _) => Ok(Item::Text(text)),
    }
}

/// Later keys win, whether they are merged or written: so does go-yaml, against the specification.
fn merge(entries: &mut Map<String, Value>, value: Value, at: Mark) -> Result<(), Error> {
    let maps = match value {
        Value::Object(map) => vec![Value::Object(map)],
        Value::Array(items) => items,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::from([Value::Null]),
    };
    for map in maps.into_iter().rev() {
        let Value::Object(map) = map else {
            return Err(fault(at, "expected a mapping, or a list of mappings, as the value of `<<`".to_owned()));
        };
        entries.extend(map);
    }
    Ok(())
}

/// Whole numbers become integers, as in the JSON that Kubernetes clients send: `3.0` is `3`.
fn number(value: f64) -> Option<Number> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    if value.fract() == 0.0 && value.abs() < EXACT_MAX && !is_negative_zero {
        return Some((value as i64).into());
    }
    Number::from_f64(value)
}

fn fault(at: Mark, problem: String) -> Error {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).saturating_add(1);
    Error { line: number(at.line), column: number(at.column), problem }
}
