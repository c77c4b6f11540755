//! Compiled templates: a list of steps for [`super::machine`], with the place of each in the source.

use std::sync::Arc;

use super::error::Place;
use super::tree::Span;
use crate::helm::functions::Function;

/// The source of a template, for places in errors.
#[derive(Debug)]
pub(super) struct Source {
    pub file: String,
    pub text: String,
}

/// One template, ready to run. Shared by all renders of a program.
#[derive(Debug)]
pub(super) struct Code {
    pub name: Box<str>,
    pub source: Arc<Source>,
    pub steps: Vec<Step>,
    /// The place of each step.
    pub spans: Vec<Span>,
    pub constants: Vec<Constant>,
    /// Names of fields, methods and templates.
    pub names: Vec<Box<str>>,
    pub calls: Vec<Invocation>,
    /// Variables that are alive at the same time at most.
    pub slots: u32,
    pub is_blank: bool,
}

#[derive(Debug)]
pub(super) enum Constant {
    Bool(bool),
    Int(i64),
    Int64(i64),
    Float(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

/// A call of a function in the source.
#[derive(Debug)]
pub(super) struct Invocation {
    pub function: &'static Function,
    /// Values on the stack.
    pub arguments: u32,
    /// The value of the stage before lies below the written arguments and is the last one.
    pub has_final: bool,
    /// Arguments whose nil has an interface type in Go and does not pass as a nil map or list.
    pub typed_nils: u64,
}

/// Where a chain of fields starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Dot,
    Slot(u32),
    Stack,
}

/// One step of a template.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Writes a part of the source.
    Text {
        start: u32,
        end: u32,
    },
    /// Pushes.
    Constant(u32),
    Nil,
    Dot,
    Slot(u32),
    /// Pushes what a chain of fields leads to.
    Path {
        origin: Origin,
        name: u32,
        count: u16,
        nil_is_fine: bool,
    },
    /// Calls a method of the popped receiver, which lies below its arguments.
    Method {
        name: u32,
        arguments: u16,
        has_final: bool,
    },
    Call(u32),
    /// Pops.
    Drop,
    Print,
    /// Copies the top into a variable.
    Store(u32),
    Jump(u32),
    /// Pops and jumps if false.
    Unless(u32),
    /// Jumps if the top is false and leaves it, else pops it.
    And(u32),
    /// Jumps if the top is true and leaves it, else pops it.
    Or(u32),
    /// Takes the value below the top out.
    Nip,
    /// Pops; a true value becomes the dot, else jumps.
    With(u32),
    /// Drops so many dots.
    Leave(u32),
    /// Pops a value to iterate over, or jumps if there is nothing.
    Range {
        empty: u32,
        variables: u8,
    },
    /// Sets dot and variables to the next item, or ends the loop and jumps.
    Next {
        end: u32,
        key: u32,
        value: u32,
    },
    /// Ends the innermost loop.
    EndRange,
    /// Runs a template with the popped value, or with nil.
    Template {
        name: u32,
        has_value: bool,
    },
    /// An error that was found while compiling and counts only when it is reached.
    Fail(u32),
    Return,
}

/// No variable.
pub(super) const NO_SLOT: u32 = u32::MAX;

impl Code {
    /// The place of a step in its file.
    pub fn place(&self, step: usize) -> Place {
        let span = self.spans.get(step).copied().unwrap_or_default();
        let text = &self.source.text;
        let context = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let (line, column) = line_and_column(text, span.at as usize);
        Place {
            file: self.source.file.clone(),
            line,
            column,
            template: self.name.to_string(),
            context: shortened(context),
        }
    }
}

/// Line and column of a byte offset; both count from 1.
pub(super) fn line_and_column(text: &str, at: usize) -> (u32, u32) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    (number(line), number(before.len() - start + 1))
}

/// A part of an action on one line, not too long.
fn shortened(context: &str) -> String {
    const CHARS_MAX: usize = 120;
    let words = context.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", &words[..end]),
        None => words,
    }
}
