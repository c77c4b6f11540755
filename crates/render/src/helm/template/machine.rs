//! Runs compiled templates: frames, output and errors. The steps themselves are in [`super::step`].

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::code::Code;
use super::error::{Place, TemplateError};
use super::parser::PARTS_MAX;
use super::program::{Program, parse_file};
use super::session::{Limits, Settings};
use crate::helm::fault::{Answer, Fault};
use crate::helm::functions::Context;
use crate::helm::value::{List, Map, Str, TEXT_BYTES_MAX, Value};

/// Includes of one template inside each other; Helm's limit.
const SAME_NAME_MAX: usize = 1000;

/// Texts of `tpl` that are kept parsed. Charts render the same few texts in many places.
const TEXTS_MAX: usize = 4096;

/// Bytes of one text with actions for `tpl`; charts give it values and configuration files.
const TPL_BYTES_MAX: usize = 1 << 20;

/// What Go prints for nil; Helm takes it out of every file at its end.
const NO_VALUE: &str = "<no value>";

/// Templates that `tpl` texts define, seen by what runs inside them.
pub(super) struct Overlay {
    templates: HashMap<Box<str>, Arc<Code>>,
    outer: Option<Rc<Overlay>>,
}

/// How a template was called, which says where its text goes.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// Writes to the output of its caller.
    Template,
    /// Its text is a value for its caller.
    Include,
    /// The same, and nil is taken out.
    Tpl,
}

/// A running template.
pub(super) struct Frame {
    pub code: Arc<Code>,
    /// The step that is next when the template goes on.
    pub next: usize,
    pub call: Call,
    pub overlay: Option<Rc<Overlay>>,
    pub slots: usize,
    pub dots: usize,
    pub loops: usize,
}

/// A loop that is running.
pub(super) enum Loop {
    Numbers {
        at: i64,
        end: i64,
        kind: crate::helm::value::IntKind,
    },
    Items {
        list: List,
        at: usize,
    },
    /// A copy of the map, because the loop may change it.
    Entries {
        map: Map,
        at: usize,
    },
}

pub(super) struct Machine<'p> {
    pub program: &'p Program,
    pub context: Context,
    pub limits: Limits,
    pub strict: bool,
    pub stack: Vec<Value>,
    pub slots: Vec<Value>,
    pub dots: Vec<Value>,
    pub loops: Vec<Loop>,
    pub frames: Vec<Frame>,
    /// Texts that are being written, the innermost last.
    outputs: Vec<Vec<u8>>,
    /// Bytes of all texts that are being written and of all finished files.
    written: usize,
    texts: HashMap<Str, Rc<[Arc<Code>]>>,
    /// The place of a syntax error inside a text given to `tpl`.
    pub text_place: Option<Place>,
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        self.context.untie();
    }
}

impl<'p> Machine<'p> {
    pub(super) fn new(program: &'p Program, settings: Settings) -> Self {
        let Settings { limits, steps_used, entropy, strict, lookup } = settings;
        let mut context = Context::new(limits.steps, limits.held_bytes, entropy, lookup);
        context.use_up(steps_used);
        Self {
            program,
            context,
            limits,
            strict,
            stack: Vec::new(),
            slots: Vec::new(),
            dots: Vec::new(),
            loops: Vec::new(),
            frames: Vec::new(),
            outputs: Vec::new(),
            written: 0,
            texts: HashMap::new(),
            text_place: None,
        }
    }

    pub(super) fn steps_used(&self) -> u64 {
        self.context.steps_used()
    }

    pub(super) fn execute(&mut self, name: &str, root: Value) -> Result<String, TemplateError> {
        let Some(code) = self.program.find(name) else {
            let fault = Fault::Failed(format!("template {name:?} not defined"));
            return Err(TemplateError { fault, places: Vec::new() });
        };
        self.context.start_file(name);
        self.outputs.push(Vec::new());
        let answer = self.enter(Arc::clone(code), Call::Template, None, root).and_then(|()| self.run());
        let result = match answer {
            Ok(()) => self.finish_file().map_err(|fault| self.explain(fault)),
            Err(fault) => Err(self.explain(fault)),
        };
        self.reset();
        result
    }

    fn finish_file(&mut self) -> Answer<String> {
        let bytes = self.outputs.pop().unwrap_or_default();
        let text = String::from_utf8(bytes).map_err(|_| Fault::failed("the rendered text is not UTF-8"))?;
        Ok(if text.contains(NO_VALUE) { text.replace(NO_VALUE, "") } else { text })
    }

    fn reset(&mut self) {
        let unfinished: usize = self.outputs.iter().map(Vec::len).sum();
        self.written = self.written.saturating_sub(unfinished);
        self.outputs.clear();
        self.stack.clear();
        self.slots.clear();
        self.dots.clear();
        self.loops.clear();
        self.frames.clear();
        self.text_place = None;
    }

    /// Adds the places to a fault: the innermost template first.
    fn explain(&mut self, fault: Fault) -> TemplateError {
        let mut places: Vec<Place> = self.text_place.take().into_iter().collect();
        places.extend(self.frames.iter().rev().map(|frame| frame.code.place(frame.next.saturating_sub(1))));
        TemplateError { fault, places }
    }

    /// Starts a template. The caller's frame keeps where it goes on.
    pub(super) fn enter(
        &mut self,
        code: Arc<Code>,
        call: Call,
        overlay: Option<Rc<Overlay>>,
        root: Value,
    ) -> Answer<()> {
        if self.frames.len() >= self.limits.depth {
            return Err(Fault::Limit {
                what: "the number of templates that run inside each other",
                limit: self.limits.depth as u64,
                help: "look for a template that includes itself",
            });
        }
        if matches!(call, Call::Include | Call::Tpl) {
            self.outputs.push(Vec::new());
        }
        let frame = Frame {
            next: 0,
            call,
            overlay,
            slots: self.slots.len(),
            dots: self.dots.len(),
            loops: self.loops.len(),
            code,
        };
        self.slots.push(root.clone());
        self.slots.resize(frame.slots + frame.code.slots as usize, Value::Nil);
        self.dots.push(root);
        self.frames.push(frame);
        Ok(())
    }

    /// Ends the innermost template; its text becomes a value if it was included.
    pub(super) fn leave(&mut self) -> Answer<()> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        self.slots.truncate(frame.slots);
        self.dots.truncate(frame.dots);
        self.loops.truncate(frame.loops);
        if matches!(frame.call, Call::Template) {
            return Ok(());
        }
        let bytes = self.outputs.pop().unwrap_or_default();
        self.written = self.written.saturating_sub(bytes.len());
        if bytes.len() > TEXT_BYTES_MAX {
            return Err(crate::helm::value::too_long());
        }
        let mut text = Str::from_bytes(bytes);
        if matches!(frame.call, Call::Tpl) {
            text = without_no_value(text);
        }
        self.stack.push(Value::Str(text));
        self.context.check_held()
    }

    /// Appends to the text that is being written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Answer<()> {
        self.written += bytes.len();
        if self.written > self.limits.output_bytes {
            return Err(Fault::Limit {
                what: "the output of the chart in bytes",
                limit: self.limits.output_bytes as u64,
                help: "look for loops over very large ranges",
            });
        }
        if bytes.len() > 512 {
            self.context.charge(bytes.len() / 256)?;
        }
        if let Some(output) = self.outputs.last_mut() {
            output.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Writes nil as Go does.
    pub(super) fn write_nil(&mut self) -> Answer<()> {
        self.write(NO_VALUE.as_bytes())
    }

    fn overlay(&self) -> Option<&Rc<Overlay>> {
        self.frames.last().and_then(|frame| frame.overlay.as_ref())
    }

    fn find(&self, name: &str) -> Option<&Arc<Code>> {
        let mut overlay = self.overlay();
        while let Some(inner) = overlay {
            if let Some(code) = inner.templates.get(name) {
                return Some(code);
            }
            overlay = inner.outer.as_ref();
        }
        self.program.find(name)
    }

    fn not_defined(&self, name: &str) -> Fault {
        let hint = match self.program.nearest(name) {
            Some(nearest) => format!("; did you mean {nearest:?}?"),
            None => String::new(),
        };
        Fault::Failed(format!("template {name:?} not defined{hint}"))
    }

    /// `{{ template "name" value }}`
    pub(super) fn template(&mut self, name: &str, value: Value) -> Answer<()> {
        let Some(code) = self.find(name).cloned() else {
            return Err(self.not_defined(name));
        };
        let overlay = self.overlay().cloned();
        self.enter(code, Call::Template, overlay, value)
    }

    /// `include "name" value`
    pub(super) fn include(&mut self, name: &Str, value: Value) -> Answer<()> {
        let name = name.text();
        let Some(code) = self.find(&name).cloned() else {
            return Err(self.not_defined(&name));
        };
        if self.frames.len() > SAME_NAME_MAX {
            self.context.charge(self.frames.len() / 32)?;
            let is_same = |frame: &&Frame| matches!(frame.call, Call::Include) && frame.code.name == code.name;
            if self.frames.iter().filter(is_same).count() > SAME_NAME_MAX {
                return Err(Fault::Failed(format!(
                    "rendering template has a nested reference name: {name}: it includes itself more than \
                     {SAME_NAME_MAX} times"
                )));
            }
        }
        let overlay = self.overlay().cloned();
        self.enter(code, Call::Include, overlay, value)
    }

    /// `tpl text value`
    pub(super) fn tpl(&mut self, text: &Str, value: Value) -> Answer<()> {
        if !text.as_bytes().windows(2).any(|pair| pair == b"{{") {
            self.stack.push(Value::Str(without_no_value(text.clone())));
            return Ok(());
        }
        let codes = self.parsed(text)?;
        let Some((main, defined)) = codes.split_first() else {
            return Ok(());
        };
        let outer = self.overlay().cloned();
        let overlay = if defined.is_empty() {
            outer
        } else {
            let templates = defined
                .iter()
                .filter(|code| !code.is_blank || self.find(&code.name).is_none())
                .map(|code| (code.name.clone(), Arc::clone(code)))
                .collect();
            Some(Rc::new(Overlay { templates, outer }))
        };
        self.enter(Arc::clone(main), Call::Tpl, overlay, value)
    }

    fn parsed(&mut self, text: &Str) -> Answer<Rc<[Arc<Code>]>> {
        if let Some(codes) = self.texts.get(text) {
            return Ok(Rc::clone(codes));
        }
        if text.len() > TPL_BYTES_MAX {
            return Err(Fault::Limit {
                what: "the length of a text given to `tpl` in bytes",
                limit: TPL_BYTES_MAX as u64,
                help: "give `tpl` only what holds actions",
            });
        }
        // What is compiled takes ten times the memory of its text, and stays as long as the render.
        self.context.charge(20 + text.len() * 4)?;
        match parse_file("text of tpl", "text of tpl", &text.text(), &mut { PARTS_MAX }) {
            Ok(codes) => {
                let codes: Rc<[_]> = codes.into_iter().map(Arc::new).collect();
                if self.texts.len() >= TEXTS_MAX {
                    self.texts.clear();
                }
                self.texts.insert(text.clone(), Rc::clone(&codes));
                Ok(codes)
            }
            Err(mut error) => {
                if !error.places.is_empty() {
                    self.text_place = Some(error.places.swap_remove(0));
                }
                Err(error.fault)
            }
        }
    }
}

fn without_no_value(text: Str) -> Str {
    match text.as_str() {
        Some(content) if content.contains(NO_VALUE) => Str::from(content.replace(NO_VALUE, "")),
        _ => text,
    }
}
