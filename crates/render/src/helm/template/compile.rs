//! Turns the tree of a template into steps.
//!
//! Running steps in a loop, rather than walking the tree, is what lets templates include each other thousands of
//! levels deep without using the stack of the process.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::{Code, Constant, Invocation, NO_SLOT, Origin, Source, Step};
use super::literal::Number;
use super::tree::{Clauses, Command, Definition, Node, Operand, OperandKind, Pipeline, Range, Slot, Span};
use crate::helm::functions::{Body, Function, Takes};

/// Compiles a definition.
pub(super) fn compile(definition: Definition, source: &Arc<Source>) -> Code {
    let mut compiler = Compiler {
        code: Code {
            name: definition.name.into_boxed_str(),
            source: Arc::clone(source),
            steps: Vec::new(),
            spans: Vec::new(),
            constants: Vec::new(),
            names: Vec::new(),
            calls: Vec::new(),
            slots: definition.slots,
            is_blank: definition.is_blank,
        },
        templates: HashMap::new(),
        loops: Vec::new(),
        dots: 0,
        dot_is_element: false,
    };
    compiler.nodes(&definition.nodes);
    compiler.step(Step::Return, Span::default());
    compiler.code
}

/// A loop that is being compiled.
struct Loop {
    next: u32,
    /// Dots that lie below the loop's own.
    dots: u32,
    /// Jumps to patch with the end of the loop.
    breaks: Vec<usize>,
}

struct Compiler {
    code: Code,
    templates: HashMap<String, u32>,
    loops: Vec<Loop>,
    /// Dots that this template has pushed.
    dots: u32,
    /// The dot is an element of a range: its nil is a nil element, which has no fields.
    dot_is_element: bool,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Compiler {
    fn step(&mut self, step: Step, span: Span) -> usize {
        self.code.steps.push(step);
        self.code.spans.push(span);
        self.code.steps.len() - 1
    }

    fn here(&self) -> u32 {
        number(self.code.steps.len())
    }

    /// Lets a jump lead to the next step.
    fn land(&mut self, jump: usize) {
        let here = self.here();
        match &mut self.code.steps[jump] {
            Step::Jump(to) | Step::Unless(to) | Step::And(to) | Step::Or(to) | Step::With(to) => *to = here,
            Step::Range { empty, .. } => *empty = here,
            Step::Next { end, .. } => *end = here,
            _ => {}
        }
    }

    fn constant(&mut self, constant: Constant, span: Span) {
        self.code.constants.push(constant);
        let at = number(self.code.constants.len() - 1);
        self.step(Step::Constant(at), span);
    }

    fn fail(&mut self, message: String, span: Span) {
        self.code.names.push(message.into_boxed_str());
        let at = number(self.code.names.len() - 1);
        self.step(Step::Fail(at), span);
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text { start, end } => {
                let span = Span { at: *start, start: *start, end: *start };
                self.step(Step::Text { start: *start, end: *end }, span);
            }
            Node::Action(pipeline) => {
                self.pipeline(pipeline);
                let step = if pipeline.variables.is_empty() { Step::Print } else { Step::Drop };
                self.step(step, pipeline.span);
            }
            Node::If(clauses) => self.branches(clauses, false),
            Node::With(clauses) => self.branches(clauses, true),
            Node::Range(range) => self.range(range),
            Node::Template { span, name, pipeline } => self.template(*span, name, pipeline.as_ref()),
            Node::Break | Node::Continue => self.jump_out(matches!(node, Node::Break)),
        }
    }

    fn branches(&mut self, clauses: &Clauses, is_with: bool) {
        let mut ends = Vec::new();
        for (at, (pipeline, nodes)) in clauses.clauses.iter().enumerate() {
            self.pipeline(pipeline);
            let skip = self.step(if is_with { Step::With(0) } else { Step::Unless(0) }, pipeline.span);
            if is_with {
                let was_element = std::mem::replace(&mut self.dot_is_element, false);
                self.dots += 1;
                self.nodes(nodes);
                self.dots -= 1;
                self.dot_is_element = was_element;
                self.step(Step::Leave(1), pipeline.span);
            } else {
                self.nodes(nodes);
            }
            let is_last = at + 1 == clauses.clauses.len() && clauses.otherwise.is_empty();
            if !is_last {
                ends.push(self.step(Step::Jump(0), pipeline.span));
            }
            self.land(skip);
        }
        self.nodes(&clauses.otherwise);
        for end in ends {
            self.land(end);
        }
    }

    fn range(&mut self, range: &Range) {
        let span = range.pipeline.span;
        let variables = &range.pipeline.variables;
        self.pipeline(&range.pipeline);
        let start = self.step(Step::Range { empty: 0, variables: u8::try_from(variables.len()).unwrap_or(2) }, span);
        let slot = |slot: Option<&Slot>| slot.and_then(|slot| slot.number).unwrap_or(NO_SLOT);
        let (key, value) = match variables.as_slice() {
            [key, value] => (slot(Some(key)), slot(Some(value))),
            other => (NO_SLOT, slot(other.first())),
        };
        let next = self.step(Step::Next { end: 0, key, value }, span);
        self.loops.push(Loop { next: number(next), dots: self.dots, breaks: Vec::new() });
        let was_element = std::mem::replace(&mut self.dot_is_element, true);
        self.dots += 1;
        self.nodes(&range.nodes);
        self.dots -= 1;
        self.dot_is_element = was_element;
        self.step(Step::Jump(number(next)), span);
        if range.otherwise.is_empty() {
            self.land(start);
            self.land(next);
        } else {
            // Only a range without items runs its `else`.
            self.land(start);
            self.nodes(&range.otherwise);
            self.land(next);
        }
        if let Some(ended) = self.loops.pop() {
            for jump in ended.breaks {
                self.land(jump);
            }
        }
    }

    fn jump_out(&mut self, is_break: bool) {
        let dots = self.dots;
        let Some((next, below)) = self.loops.last().map(|innermost| (innermost.next, innermost.dots)) else {
            return;
        };
        let span = self.code.spans.get(next as usize).copied().unwrap_or_default();
        self.step(Step::Leave(dots - below - 1), span);
        if is_break {
            self.step(Step::EndRange, span);
            let jump = self.step(Step::Jump(0), span);
            if let Some(innermost) = self.loops.last_mut() {
                innermost.breaks.push(jump);
            }
        } else {
            self.step(Step::Jump(next), span);
        }
    }

    fn template(&mut self, span: Span, name: &str, pipeline: Option<&Pipeline>) {
        if let Some(pipeline) = pipeline {
            self.pipeline(pipeline);
        }
        let at = match self.templates.get(name) {
            Some(at) => *at,
            None => {
                self.code.names.push(name.into());
                let at = number(self.code.names.len() - 1);
                self.templates.insert(name.to_owned(), at);
                at
            }
        };
        self.step(Step::Template { name: at, has_value: pipeline.is_some() }, span);
    }

    /// Leaves the value of the pipeline on the stack.
    fn pipeline(&mut self, pipeline: &Pipeline) {
        for (stage, command) in pipeline.commands.iter().enumerate() {
            self.command(command, stage > 0);
        }
        for slot in &pipeline.variables {
            match slot.number {
                Some(number) => {
                    self.step(Step::Store(number), pipeline.span);
                }
                None => self.fail(format!("undefined variable: {}", slot.name), pipeline.span),
            }
        }
    }

    fn command(&mut self, command: &Command, has_final: bool) {
        let Some((first, arguments)) = command.operands.split_first() else {
            return;
        };
        let has_arguments = has_final || !arguments.is_empty();
        match &first.kind {
            OperandKind::Function(function) => self.call(function, command.span, arguments, has_final),
            OperandKind::Field(names) if has_arguments => {
                self.method(Origin::Dot, true, names, first.span, arguments, has_final);
            }
            OperandKind::Variable(slot, names) if has_arguments && !names.is_empty() => {
                self.slot(slot, first.span);
                self.method(Origin::Stack, !slot.is_element, names, first.span, arguments, has_final);
            }
            OperandKind::Chain(base, names) if has_arguments => {
                self.operand(base, Takes::Any);
                self.method(Origin::Stack, true, names, first.span, arguments, has_final);
            }
            OperandKind::Nil => self.fail("nil is not a command".to_owned(), first.span),
            _ if has_arguments => {
                let written = self.written(first.span);
                self.fail(format!("can't give argument to non-function {written}"), first.span);
            }
            _ => {
                self.operand(first, Takes::Any);
            }
        }
    }

    fn written(&self, span: Span) -> String {
        self.code.source.text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned()
    }

    /// The last name is called with arguments; the names before it are fields.
    fn method(
        &mut self,
        origin: Origin,
        nil_is_fine: bool,
        names: &[String],
        span: Span,
        arguments: &[Operand],
        has_final: bool,
    ) {
        let Some((method, fields)) = names.split_last() else {
            return;
        };
        let nil_is_fine = nil_is_fine && !(origin == Origin::Dot && self.dot_is_element);
        match (origin, fields) {
            (Origin::Dot, []) => {
                self.step(Step::Dot, span);
            }
            (Origin::Slot(_) | Origin::Stack, []) => {}
            (_, fields) => self.path(origin, nil_is_fine, fields, span),
        }
        for argument in arguments {
            self.operand(argument, Takes::Any);
        }
        let name = self.names(std::slice::from_ref(method));
        let count = u16::try_from(arguments.len() + usize::from(has_final)).unwrap_or(u16::MAX);
        self.step(Step::Method { name, arguments: count, has_final }, span);
    }

    fn names(&mut self, names: &[String]) -> u32 {
        let first = number(self.code.names.len());
        self.code.names.extend(names.iter().map(|name| name.as_str().into()));
        first
    }

    fn path(&mut self, origin: Origin, nil_is_fine: bool, fields: &[String], span: Span) {
        let name = self.names(fields);
        let count = u16::try_from(fields.len()).unwrap_or(u16::MAX);
        self.step(Step::Path { origin, name, count, nil_is_fine }, span);
    }

    fn slot(&mut self, slot: &Slot, span: Span) {
        match slot.number {
            Some(number) => {
                self.step(Step::Slot(number), span);
            }
            None => self.fail(format!("undefined variable: {}", slot.name), span),
        }
    }

    /// Pushes an operand as a parameter of the given type takes it. Tells whether its nil has an interface type.
    fn operand(&mut self, operand: &Operand, takes: Takes) -> bool {
        let span = operand.span;
        match &operand.kind {
            OperandKind::Dot => {
                self.step(Step::Dot, span);
                self.dot_is_element
            }
            OperandKind::Nil => {
                self.step(Step::Nil, span);
                false
            }
            OperandKind::Bool(truth) => {
                self.constant(Constant::Bool(*truth), span);
                false
            }
            OperandKind::Number(number) => {
                self.literal(*number, takes, span);
                false
            }
            OperandKind::Text(bytes) => {
                match std::str::from_utf8(bytes) {
                    Ok(text) => self.constant(Constant::Text(text.into()), span),
                    Err(_) => self.constant(Constant::Bytes(bytes.as_slice().into()), span),
                }
                false
            }
            OperandKind::Field(names) => {
                self.path(Origin::Dot, !self.dot_is_element, names, span);
                true
            }
            OperandKind::Variable(slot, names) if names.is_empty() => {
                self.slot(slot, span);
                slot.is_element
            }
            OperandKind::Variable(slot, names) => {
                match slot.number {
                    Some(number) => self.path(Origin::Slot(number), !slot.is_element, names, span),
                    None => self.slot(slot, span),
                }
                true
            }
            OperandKind::Function(function) => {
                self.call(function, span, &[], false);
                true
            }
            OperandKind::Pipeline(pipeline) => {
                self.pipeline(pipeline);
                false
            }
            OperandKind::Chain(base, names) => {
                if matches!(base.kind, OperandKind::Nil) {
                    self.fail("indirection through explicit nil".to_owned(), span);
                    return false;
                }
                self.operand(base, Takes::Any);
                self.path(Origin::Stack, true, names, span);
                true
            }
        }
    }

    fn literal(&mut self, literal: Number, takes: Takes, span: Span) {
        let constant = match (takes, literal.int) {
            (Takes::Float, _) => Constant::Float(literal.float),
            (Takes::Int, Some(int)) => Constant::Int(int),
            (Takes::Int64, Some(int)) => Constant::Int64(int),
            (_, Some(int)) if !literal.is_written_as_float => Constant::Int(int),
            _ => Constant::Float(literal.float),
        };
        self.constant(constant, span);
    }

    fn call(&mut self, function: &'static Function, span: Span, arguments: &[Operand], has_final: bool) {
        let count = arguments.len() + usize::from(has_final);
        if let Some(message) = function.refuses_count(count) {
            return self.fail(message, span);
        }
        if matches!(function.body, Body::And | Body::Or) {
            return self.short_circuit(function, span, arguments, has_final);
        }
        let mut typed_nils = 0;
        for (at, argument) in arguments.iter().enumerate() {
            if self.operand(argument, function.takes(at)) && at < 64 {
                typed_nils |= 1_u64 << at;
            }
        }
        self.code.calls.push(Invocation { function, arguments: number(count), has_final, typed_nils });
        let at = number(self.code.calls.len() - 1);
        self.step(Step::Call(at), span);
    }

    fn short_circuit(&mut self, function: &'static Function, span: Span, arguments: &[Operand], has_final: bool) {
        let mut jumps = Vec::new();
        for (at, argument) in arguments.iter().enumerate() {
            self.operand(argument, Takes::Any);
            let is_last = at + 1 == arguments.len() && !has_final;
            if !is_last {
                let step = if matches!(function.body, Body::And) { Step::And(0) } else { Step::Or(0) };
                jumps.push(self.step(step, span));
            }
        }
        if !has_final {
            for jump in jumps {
                self.land(jump);
            }
            return;
        }
        // With nothing decided, the value of the stage before is left; else it lies below the answer.
        let done = self.step(Step::Jump(0), span);
        for jump in jumps {
            self.land(jump);
        }
        self.step(Step::Nip, span);
        self.land(done);
    }
}
