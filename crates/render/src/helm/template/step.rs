//! What each step of a template does.

use std::sync::Arc;

use super::code::{Code, Constant, Invocation, NO_SLOT, Origin, Step};
use super::field::{call_method, follow};
use super::machine::{Loop, Machine};
use crate::helm::fault::{Answer, Fault};
use crate::helm::functions::Body;
use crate::helm::value::{IntKind, LIST_ITEMS_MAX, Map, MapKind, Str, Value, Writer, print_value, too_many_items};

/// Whether the machine stays in the same template after a step.
enum Flow {
    Next,
    Jump(u32),
    /// Another template runs now, or none.
    Switch,
}

impl Machine<'_> {
    /// Runs until every frame has ended.
    pub(super) fn run(&mut self) -> Answer<()> {
        while let Some(frame) = self.frames.last() {
            let code = Arc::clone(&frame.code);
            let mut at = frame.next;
            loop {
                let Some(step) = code.steps.get(at).copied() else {
                    return Ok(());
                };
                at += 1;
                self.context.charge(1).map_err(|fault| self.stopped_at(at, fault))?;
                match self.step(&code, step, at) {
                    Ok(Flow::Next) => {}
                    Ok(Flow::Jump(to)) => at = to as usize,
                    Ok(Flow::Switch) => break,
                    Err(fault) => return Err(self.stopped_at(at, fault)),
                }
            }
        }
        Ok(())
    }

    /// Keeps the place of an error in its frame.
    fn stopped_at(&mut self, at: usize, fault: Fault) -> Fault {
        if let Some(frame) = self.frames.last_mut() {
            frame.next = at;
        }
        fault
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().unwrap_or_default()
    }

    fn top_is_true(&self) -> bool {
        self.stack.last().is_some_and(Value::truth)
    }

    fn slot(&self, number: u32) -> Value {
        let base = self.frames.last().map_or(0, |frame| frame.slots);
        self.slots.get(base + number as usize).cloned().unwrap_or_default()
    }

    fn store(&mut self, number: u32, value: Value) {
        let base = self.frames.last().map_or(0, |frame| frame.slots);
        if let Some(slot) = self.slots.get_mut(base + number as usize) {
            *slot = value;
        }
    }

    fn dot(&self) -> Value {
        self.dots.last().cloned().unwrap_or_default()
    }

    fn step(&mut self, code: &Code, step: Step, after: usize) -> Answer<Flow> {
        match step {
            Step::Text { start, end } => {
                let text = code.source.text.as_bytes().get(start as usize..end as usize).unwrap_or_default();
                self.write(text)?;
            }
            Step::Constant(at) => {
                let value = code.constants.get(at as usize).map(constant).unwrap_or_default();
                self.stack.push(value);
            }
            Step::Nil => self.stack.push(Value::Nil),
            Step::Dot => self.stack.push(self.dot()),
            Step::Slot(number) => self.stack.push(self.slot(number)),
            Step::Path { origin, name, count, nil_is_fine } => {
                let start = match origin {
                    Origin::Dot => self.dot(),
                    Origin::Slot(number) => self.slot(number),
                    Origin::Stack => self.pop(),
                };
                let names = &code.names[name as usize..][..usize::from(count)];
                let value = follow(&mut self.context, start, names, nil_is_fine, self.strict)?;
                self.stack.push(value);
            }
            Step::Method { name, arguments, has_final } => {
                self.method(&code.names[name as usize], usize::from(arguments), has_final)?;
            }
            Step::Call(at) => return self.call(&code.calls[at as usize], after),
            Step::Drop => {
                self.stack.pop();
            }
            Step::Print => self.print()?,
            Step::Store(number) => {
                let value = self.stack.last().cloned().unwrap_or_default();
                self.store(number, value);
            }
            Step::Jump(to) => return Ok(Flow::Jump(to)),
            Step::Unless(to) => {
                if !self.pop().truth() {
                    return Ok(Flow::Jump(to));
                }
            }
            Step::And(to) | Step::Or(to) => {
                if self.top_is_true() == matches!(step, Step::Or(_)) {
                    return Ok(Flow::Jump(to));
                }
                self.stack.pop();
            }
            Step::Nip => {
                let top = self.pop();
                if let Some(below) = self.stack.last_mut() {
                    *below = top;
                }
            }
            Step::With(to) => {
                let value = self.pop();
                if !value.truth() {
                    return Ok(Flow::Jump(to));
                }
                self.dots.push(value);
            }
            Step::Leave(count) => {
                let left = self.dots.len().saturating_sub(count as usize);
                self.dots.truncate(left);
            }
            Step::Range { empty, variables } => return self.start_range(empty, variables),
            Step::Next { end, key, value } => return Ok(self.next_item(end, key, value)),
            Step::EndRange => self.end_range(),
            Step::Template { name, has_value } => {
                let value = if has_value { self.pop() } else { Value::Nil };
                self.go_on_at(after);
                self.template(&code.names[name as usize], value)?;
                return Ok(Flow::Switch);
            }
            Step::Fail(message) => return Err(Fault::failed(&*code.names[message as usize])),
            Step::Return => {
                self.leave()?;
                return Ok(Flow::Switch);
            }
        }
        Ok(Flow::Next)
    }

    fn go_on_at(&mut self, after: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.next = after;
        }
    }

    fn print(&mut self) -> Answer<()> {
        match self.pop() {
            Value::Nil => self.write_nil(),
            Value::Str(text) => self.write(text.as_bytes()),
            value => {
                let mut out = Writer::new();
                print_value(&mut out, &value)?;
                self.context.charge(out.len() / 16)?;
                self.write(&out.into_bytes())
            }
        }
    }

    fn method(&mut self, name: &str, arguments: usize, has_final: bool) -> Answer<()> {
        let base = self.stack.len().saturating_sub(arguments);
        if has_final {
            // The stage before pushed its value first, below the receiver.
            let below = base.saturating_sub(1);
            let start = if arguments > 0 { below.min(self.stack.len()) } else { base };
            self.stack[start..].rotate_left(1);
        }
        let receiver = self.stack.get(base.saturating_sub(1)).cloned().unwrap_or_default();
        self.context.charge_arguments(&self.stack[base..], 1)?;
        let value = call_method(&mut self.context, &receiver, name, &self.stack[base..])?;
        self.stack.truncate(base.saturating_sub(1));
        self.stack.push(value);
        self.context.check_held()
    }

    fn call(&mut self, invocation: &Invocation, after: usize) -> Answer<Flow> {
        let base = self.stack.len().saturating_sub(invocation.arguments as usize);
        if invocation.has_final {
            self.stack[base..].rotate_left(1);
        }
        let function = invocation.function;
        let arguments = &self.stack[base..];
        function.check(arguments, invocation.typed_nils)?;
        self.context.charge_arguments(arguments, function.weight())?;
        self.context.function = function.name;
        match function.body {
            Body::Plain(body) => {
                let value = body(&mut self.context, arguments)?;
                // Short arguments can make long text, such as that of `nindent` and `printf`.
                if let Value::Str(text) = &value {
                    self.context.charge(text.len() / 32)?;
                }
                self.stack.truncate(base);
                self.stack.push(value);
                self.context.check_held()?;
                Ok(Flow::Next)
            }
            Body::Include | Body::Tpl => {
                let value = self.pop();
                let Value::Str(text) = self.pop() else {
                    return Err(Fault::failed("invalid value; expected string"));
                };
                self.go_on_at(after);
                if matches!(function.body, Body::Include) {
                    self.include(&text, value)?;
                } else {
                    self.tpl(&text, value)?;
                }
                Ok(Flow::Switch)
            }
            Body::And | Body::Or => Err(Fault::failed("`and` and `or` are steps, not calls")),
        }
    }

    fn start_range(&mut self, empty: u32, variables: u8) -> Answer<Flow> {
        let value = self.pop();
        let started = match &value {
            Value::Nil => None,
            Value::Int(_, _) if variables > 1 => {
                let message = format!("can't use {} to iterate over more than one variable", shown(&value)?);
                return Err(Fault::Failed(message));
            }
            Value::Int(number, kind) => (*number > 0).then_some(Loop::Numbers { at: 0, end: *number, kind: *kind }),
            Value::List(list) => (!list.is_empty()).then(|| Loop::Items { list: list.clone(), at: 0 }),
            Value::Map(map) => {
                self.context.charge(map.len() / 8)?;
                (!map.is_empty()).then(|| Loop::Entries { map: Map::of(map.kind(), map.snapshot()), at: 0 })
            }
            Value::Bytes(bytes) => {
                self.context.charge(bytes.len())?;
                if bytes.len() > LIST_ITEMS_MAX {
                    return Err(too_many_items());
                }
                let byte = |byte: &u8| Value::Int(i64::from(*byte), IntKind::Uint8);
                let list: Vec<_> = bytes.as_bytes().iter().map(byte).collect();
                (!list.is_empty()).then(|| Loop::Items { list: list.into(), at: 0 })
            }
            Value::Object(object) => {
                self.context.charge(object.weight(""))?;
                match (object.entries(), object.items()) {
                    (Some(entries), _) => {
                        (!entries.is_empty()).then(|| Loop::Entries { map: Map::of(MapKind::Any, entries), at: 0 })
                    }
                    (None, Some(items)) => (!items.is_empty()).then(|| Loop::Items { list: items.into(), at: 0 }),
                    (None, None) => return Err(not_a_range(&value)?),
                }
            }
            Value::Bool(_) | Value::Float(_) | Value::Str(_) => return Err(not_a_range(&value)?),
        };
        match started {
            None => Ok(Flow::Jump(empty)),
            Some(started) => {
                self.loops.push(started);
                self.dots.push(Value::Nil);
                self.context.check_held()?;
                Ok(Flow::Next)
            }
        }
    }

    fn next_item(&mut self, end: u32, key_slot: u32, value_slot: u32) -> Flow {
        let item = match self.loops.last_mut() {
            Some(Loop::Numbers { at, end, kind }) => (*at < *end).then(|| {
                *at += 1;
                (Value::Nil, Value::Int(*at - 1, *kind))
            }),
            Some(Loop::Items { list, at }) => list.get(*at).map(|item| {
                *at += 1;
                (Value::size(*at - 1), item.clone())
            }),
            Some(Loop::Entries { map, at }) => {
                *at += 1;
                map.entries().get(*at - 1).map(|(key, value)| (Value::Str(key.clone()), value.clone()))
            }
            None => None,
        };
        let Some((key, value)) = item else {
            self.end_range();
            return Flow::Jump(end);
        };
        if key_slot != NO_SLOT {
            self.store(key_slot, key);
        }
        if value_slot != NO_SLOT {
            self.store(value_slot, value.clone());
        }
        if let Some(dot) = self.dots.last_mut() {
            *dot = value;
        }
        Flow::Next
    }

    fn end_range(&mut self) {
        self.loops.pop();
        self.dots.pop();
    }
}

fn constant(constant: &Constant) -> Value {
    match constant {
        Constant::Bool(truth) => Value::Bool(*truth),
        Constant::Int(number) => Value::int(*number),
        Constant::Int64(number) => Value::int64(*number),
        Constant::Float(number) => Value::Float(*number),
        Constant::Text(text) => Value::text(text.as_ref()),
        Constant::Bytes(bytes) => Value::Str(Str::from_bytes(bytes.to_vec())),
    }
}

fn shown(value: &Value) -> Answer<String> {
    let mut out = Writer::new();
    print_value(&mut out, value)?;
    let text = out.finish();
    Ok(text.text().chars().take(100).collect())
}

fn not_a_range(value: &Value) -> Answer<Fault> {
    Ok(Fault::Failed(format!("range can't iterate over {}", shown(value)?)))
}
