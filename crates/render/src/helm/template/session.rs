//! One render of a chart for one target.

use std::rc::Rc;

use super::error::TemplateError;
use super::machine::Machine;
use super::program::Program;
use crate::helm::functions::{Entropy, Lookup};
use crate::helm::value::Value;

/// What a render may use. Exceeding a limit is an error with the place where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of templates and functions; some ten million take a second.
    pub steps: u64,
    /// Bytes of all files together.
    pub output_bytes: usize,
    /// Bytes that values may hold at the same time.
    pub held_bytes: usize,
    /// Templates that may run inside each other.
    pub depth: usize,
}

impl Default for Limits {
    /// Large public charts stay below a twentieth of each.
    fn default() -> Self {
        Self { steps: 20_000_000, output_bytes: 64 << 20, held_bytes: 64 << 20, depth: 3000 }
    }
}

/// How a chart is rendered for a target.
#[derive(Clone, Default)]
pub struct Settings {
    /// What it may use.
    pub limits: Limits,
    /// Steps that were used before, on the way to the templates.
    pub steps_used: u64,
    /// Where random values and the time come from.
    pub entropy: Entropy,
    /// A missing key is an error, as under `helm lint --strict`.
    pub strict: bool,
    /// Objects of the cluster for `lookup`; without them it finds nothing, as in `helm template`.
    pub lookup: Option<Rc<dyn Lookup>>,
}

/// Runs templates of one program for one target. Limits count for the whole session.
pub struct Session<'p> {
    machine: Machine<'p>,
}

impl<'p> Session<'p> {
    /// Starts a render.
    #[must_use]
    pub fn new(program: &'p Program, settings: Settings) -> Self {
        Self { machine: Machine::new(program, settings) }
    }

    /// Runs a template and gives its text, without `<no value>`, as Helm does.
    ///
    /// # Errors
    /// What went wrong, where, and through which includes; also when the text is not UTF-8, which no manifest may be.
    pub fn execute(&mut self, name: &str, root: Value) -> Result<String, TemplateError> {
        self.machine.execute(name, root)
    }

    /// Work done so far, in the unit of [`Limits::steps`].
    #[must_use]
    pub fn steps_used(&self) -> u64 {
        self.machine.steps_used()
    }
}
