//! What a function may use besides its arguments: a budget of work, drawn randomness and time, the inventory of the
//! cluster. Nothing here reads a clock or a disk.

use std::collections::HashMap;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::regular::Expression;
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Map, Str, Value, deep_equal, meter};

/// Where random values and the time come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Entropy {
    /// Nowhere: functions that need them are refused, because a plan could not be repeated.
    #[default]
    Refuse,
    /// The time alone: random values are refused.
    Time {
        /// The time that `now` gives, in seconds since 1970.
        unix_seconds: i64,
    },
    /// Drawn once for a release and kept with it: equal draws give equal output.
    Drawn {
        /// Random bytes.
        seed: [u8; 32],
        /// The time that `now` gives, in seconds since 1970.
        unix_seconds: i64,
    },
}

/// Objects of the target cluster, for the function `lookup`.
pub trait Lookup {
    /// The object, or the list of objects if `name` is empty; nil where there is none.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Value;
}

/// Regular expressions that are kept compiled; a hostile chart could make a new one in each step of a loop.
const EXPRESSIONS_MAX: usize = 64;

/// What a call of a function may use.
pub struct Context {
    /// The function that is running, for errors.
    pub(crate) function: &'static str,
    /// The file that is being rendered.
    pub(crate) file: Rc<str>,
    steps_left: u64,
    steps_max: u64,
    held_max: usize,
    held_before: usize,
    entropy: Entropy,
    /// Draws so far in this file.
    draws: u64,
    lookup: Option<Rc<dyn Lookup>>,
    expressions: HashMap<Str, Rc<Expression>>,
    /// Maps that were changed in place and may contain themselves.
    changed: Vec<Map>,
}

impl Context {
    pub(crate) fn new(steps: u64, held_max: usize, entropy: Entropy, lookup: Option<Rc<dyn Lookup>>) -> Self {
        Self {
            function: "",
            file: "".into(),
            steps_left: steps,
            steps_max: steps,
            held_max,
            held_before: meter::held(),
            entropy,
            draws: 0,
            lookup,
            expressions: HashMap::new(),
            changed: Vec::new(),
        }
    }

    pub(crate) fn start_file(&mut self, file: &str) {
        self.file = file.into();
        self.draws = 0;
    }

    /// Notes work that was done before.
    pub(crate) fn use_up(&mut self, steps: u64) {
        self.steps_left = self.steps_left.saturating_sub(steps);
    }

    /// Work done so far, in steps.
    #[must_use]
    pub fn steps_used(&self) -> u64 {
        self.steps_max - self.steps_left
    }

    /// Work that may still be done, in steps.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps_left
    }

    /// Takes work from the budget. A step is about what one simple action costs; walking a value takes one for each
    /// part, text one for some dozen bytes.
    ///
    /// # Errors
    /// When the budget is used up.
    pub fn charge(&mut self, steps: usize) -> Answer<()> {
        match self.steps_left.checked_sub(steps as u64) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                Err(Fault::Limit {
                    what: "the work of the chart's templates in steps",
                    limit: self.steps_max,
                    help: "look for loops over very large ranges and templates that include themselves",
                })
            }
        }
    }

    /// Whether Go finds two values deeply equal.
    pub(crate) fn deep_equal(&mut self, left: &Value, right: &Value) -> Answer<bool> {
        deep_equal(left, right, &mut |steps| self.charge(steps))
    }

    /// Takes the work of reading arguments from the budget.
    pub(crate) fn charge_arguments(&mut self, arguments: &[Value], weight: usize) -> Answer<()> {
        let cost: usize = arguments
            .iter()
            .map(|argument| match argument {
                Value::Str(text) => text.len() / 16,
                Value::Bytes(bytes) => bytes.len() / 16,
                Value::List(list) => list.len() / 4,
                Value::Map(map) => map.len() / 4,
                Value::Nil | Value::Bool(_) | Value::Int(..) | Value::Float(_) | Value::Object(_) => 0,
            })
            .sum();
        if cost > 0 { self.charge(cost.saturating_mul(weight)) } else { Ok(()) }
    }

    /// Refuses to go on when values hold too much memory.
    pub(crate) fn check_held(&self) -> Answer<()> {
        if meter::held().saturating_sub(self.held_before) <= self.held_max {
            return Ok(());
        }
        Err(Fault::Limit {
            what: "the memory of template values in bytes",
            limit: self.held_max as u64,
            help: "look for text or lists that grow in a loop",
        })
    }

    /// Notes that a map was changed in place to hold other maps or lists.
    pub(crate) fn note_change(&mut self, map: &Map) {
        let is_known = self.changed.last().is_some_and(|last| last.is_same(map));
        if !is_known {
            self.changed.push(map.clone());
        }
    }

    /// Takes maps apart that contain themselves, which counting references would keep forever.
    pub(crate) fn untie(&mut self) {
        for map in self.changed.drain(..) {
            map.clear();
        }
    }

    /// The time of this render, in seconds since 1970.
    ///
    /// # Errors
    /// When none was drawn.
    pub fn now(&self) -> Answer<i64> {
        match &self.entropy {
            Entropy::Refuse => Err(self.not_reproducible("a time")),
            Entropy::Time { unix_seconds } | Entropy::Drawn { unix_seconds, .. } => Ok(*unix_seconds),
        }
    }

    /// Fills a buffer with random bytes. They depend on the seed, the file and what was drawn in the file before, so
    /// that a change to one file leaves what others drew.
    ///
    /// # Errors
    /// When nothing was drawn for this render.
    pub fn random(&mut self, buffer: &mut [u8]) -> Answer<()> {
        let Entropy::Drawn { seed, .. } = self.entropy else {
            return Err(self.not_reproducible("a random value"));
        };
        self.charge(8 + buffer.len() / 8)?;
        let mut start = Sha256::new();
        start.update(b"seaway.dev/draw/v1\0");
        start.update(seed);
        start.update((self.file.len() as u64).to_be_bytes());
        start.update(self.file.as_bytes());
        start.update(self.draws.to_be_bytes());
        self.draws += 1;
        for (block, chunk) in buffer.chunks_mut(32).enumerate() {
            let mut hash = start.clone();
            hash.update((block as u64).to_be_bytes());
            chunk.copy_from_slice(&hash.finalize()[..chunk.len()]);
        }
        Ok(())
    }

    /// A random number below `bound`, which must not be zero.
    ///
    /// # Errors
    /// When nothing was drawn for this render.
    pub fn random_below(&mut self, bound: u64) -> Answer<u64> {
        let bound = bound.max(1);
        // The highest multiple of the bound: numbers above it would make small answers more likely.
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let mut bytes = [0; 8];
            self.random(&mut bytes)?;
            let number = u64::from_be_bytes(bytes);
            if number < fair {
                return Ok(number % bound);
            }
        }
    }

    fn not_reproducible(&self, gives: &'static str) -> Fault {
        Fault::NotReproducible {
            function: self.function.to_owned(),
            gives,
            help: match &self.entropy {
                Entropy::Time { .. } => "give `drawn` a `key` to draw from, or set the value in the configuration",
                _ => "let the service draw it once with `drawn`, or set the value in its configuration",
            },
        }
    }

    /// Objects of the target cluster, if they were given.
    #[must_use]
    pub fn inventory(&self) -> Option<Rc<dyn Lookup>> {
        self.lookup.clone()
    }

    /// A compiled regular expression, from those of this render if it was used before.
    pub(super) fn expression(
        &mut self,
        pattern: &Str,
        compile: fn(&str) -> Answer<Expression>,
    ) -> Answer<Rc<Expression>> {
        if let Some(expression) = self.expressions.get(pattern) {
            return Ok(Rc::clone(expression));
        }
        // Compiling is the expensive part, and its cost grows with the pattern.
        self.charge(500 + pattern.len() * 10)?;
        let expression = Rc::new(compile(&pattern.text())?);
        if self.expressions.len() >= EXPRESSIONS_MAX {
            self.expressions.clear();
        }
        self.expressions.insert(pattern.clone(), Rc::clone(&expression));
        Ok(expression)
    }
}
