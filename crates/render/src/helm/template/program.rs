//! The compiled templates of a chart.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::{Code, Source, line_and_column};
use super::compile::compile;
use super::error::{Place, TemplateError};
use super::parser::{self, PARTS_MAX};
use crate::helm::fault::Fault;

/// Most files with faults that are told.
const ERRORS_MAX: usize = 100;

/// Most bytes of all template files, each alias of a chart counted: a program keeps their text. The largest public
/// charts have a tenth.
const SOURCES_BYTES_MAX: usize = 40 << 20;

/// Templates by name, ready to run. Parsing it is the expensive part; share it between targets and threads.
#[derive(Debug, Default)]
pub struct Program {
    templates: HashMap<Box<str>, Arc<Code>>,
    /// Actions and operands, which memory grows with.
    parts: usize,
}

impl Program {
    /// Reads files in the given order. Of several definitions of a name the last one counts, unless it is blank: give
    /// files in the order in which Helm does, deepest paths first.
    ///
    /// # Errors
    /// The files that cannot be parsed, up to a hundred, each with its place.
    pub fn parse<N, T>(files: impl IntoIterator<Item = (N, T)>) -> Result<Self, Vec<TemplateError>>
    where
        N: AsRef<str>,
        T: AsRef<str>,
    {
        let mut program = Self::default();
        let mut errors = Vec::new();
        let mut parts_left = PARTS_MAX;
        let mut bytes_left = SOURCES_BYTES_MAX;
        for (name, text) in files {
            if errors.len() == ERRORS_MAX {
                break;
            }
            let Some(left) = bytes_left.checked_sub(text.as_ref().len()) else {
                errors.push(too_many_bytes(name.as_ref()));
                break;
            };
            bytes_left = left;
            match parse_file(name.as_ref(), name.as_ref(), text.as_ref(), &mut parts_left) {
                Ok(codes) => codes.into_iter().for_each(|code| program.add(code)),
                Err(error) => errors.push(error),
            }
        }
        program.parts = PARTS_MAX - parts_left;
        if errors.is_empty() { Ok(program) } else { Err(errors) }
    }

    /// Actions and operands of all files.
    pub(crate) fn parts(&self) -> usize {
        self.parts
    }

    fn add(&mut self, code: Code) {
        if code.is_blank && self.templates.contains_key(&code.name) {
            return;
        }
        self.templates.insert(code.name.clone(), Arc::new(code));
    }

    /// Whether there is a template of this name: a file or a definition.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Arc<Code>> {
        self.templates.get(name)
    }

    /// Names that look like the given one, for errors.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        /// Longer names are compared with none: that takes the square of their length.
        const NAME_BYTES_MAX: usize = 200;
        if name.len() > NAME_BYTES_MAX {
            return None;
        }
        self.templates
            .keys()
            .filter(|known| known.len().abs_diff(name.len()) <= 1 + name.len() / 4)
            .map(|known| (strsim::damerau_levenshtein(name, known), known.as_ref()))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
            .min()
            .map(|(_, known)| known)
    }
}

/// The error of the first file that is too much.
fn too_many_bytes(file: &str) -> TemplateError {
    let fault = Fault::Limit {
        what: "the size of all template files in bytes",
        limit: SOURCES_BYTES_MAX as u64,
        help: "move what holds no actions out of `templates/`, or use fewer aliases of one chart",
    };
    let place = Place { file: file.to_owned(), line: 1, column: 1, template: String::new(), context: String::new() };
    TemplateError { fault, places: vec![place] }
}

/// Parses and compiles a file: its own template first.
pub(super) fn parse_file(
    file: &str,
    name: &str,
    text: &str,
    parts_left: &mut usize,
) -> Result<Vec<Code>, TemplateError> {
    let definitions = parser::parse(name, text, parts_left).map_err(|error| {
        let (line, column) = line_and_column(text, error.at);
        let place = Place { file: file.to_owned(), line, column, template: String::new(), context: String::new() };
        TemplateError { fault: Fault::Failed(error.message), places: vec![place] }
    })?;
    let source = Arc::new(Source { file: file.to_owned(), text: text.to_owned() });
    Ok(definitions.into_iter().map(|definition| compile(definition, &source)).collect())
}
