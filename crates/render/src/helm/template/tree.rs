//! What the parser finds in a template file: templates, their nodes, and where each stands in the source.

use super::literal::Number;
use crate::helm::functions::Function;

/// A place in the source of a file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Where an error in this part is said to be. Go puts it at the second name of a chain.
    pub at: u32,
    pub start: u32,
    pub end: u32,
}

/// A named template.
#[derive(Debug)]
pub(super) struct Definition {
    pub name: String,
    pub nodes: Vec<Node>,
    /// Variables that are alive at the same time at most, `$` included.
    pub slots: u32,
    /// Nothing but white space: does not replace another template of the name.
    pub is_blank: bool,
}

#[derive(Debug)]
pub(super) enum Node {
    Text { start: u32, end: u32 },
    Action(Pipeline),
    If(Clauses),
    With(Clauses),
    Range(Box<Range>),
    Template { span: Span, name: String, pipeline: Option<Pipeline> },
    Break,
    Continue,
}

/// `if … else if … else …`, or the same with `with`.
#[derive(Debug)]
pub(super) struct Clauses {
    pub clauses: Vec<(Pipeline, Vec<Node>)>,
    pub otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Range {
    pub pipeline: Pipeline,
    pub nodes: Vec<Node>,
    pub otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub span: Span,
    pub variables: Vec<Slot>,
    pub commands: Vec<Command>,
}

/// Where a variable lives; nothing for a name that passes the parser but is never set, as Go finds at run time.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub name: String,
    pub number: Option<u32>,
    /// Set by `range`: a nil in it is a nil element, which has no fields.
    pub is_element: bool,
}

#[derive(Debug)]
pub(super) struct Command {
    pub span: Span,
    pub operands: Vec<Operand>,
}

#[derive(Debug)]
pub(super) struct Operand {
    pub span: Span,
    pub kind: OperandKind,
}

#[derive(Debug)]
pub(super) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Vec<u8>),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(Slot, Vec<String>),
    Function(&'static Function),
    Pipeline(Box<Pipeline>),
    /// `(…).a.b`
    Chain(Box<Operand>, Vec<String>),
}
