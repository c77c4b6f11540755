//! What is set for a release: files and single values, later ones over earlier ones.

use serde_json::Value;
use thiserror::Error;

use super::{Values, set, weight, with_floats};
use crate::yaml::{self, Limits};

/// One layer of values. The order of layers is the caller's; Helm's is files, JSON, values, texts, file contents.
#[derive(Clone, PartialEq, Debug)]
pub enum Layer {
    /// Values that are already read, such as those of an environment.
    Values(Values),
    /// Text of a values file.
    File {
        /// Its path, for errors.
        name: String,
        /// Its text.
        text: String,
    },
    /// `--set a.b=1,c={x,y}`
    Set(String),
    /// `--set-string a.b=1`
    SetString(String),
    /// `--set-json a.b={"x":1}`, or a whole object.
    SetJson(String),
    /// `--set-file a.b=path`: the caller has read the file.
    SetFile {
        /// Where the text goes.
        path: String,
        /// The text.
        text: String,
    },
    /// `--set-literal a.b=text`: the rest is text, whatever it holds.
    SetLiteral(String),
}

/// Why a layer cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LayerError {
    /// A file is not YAML.
    #[error("{file}{}: {problem}", at(*line, *column))]
    File {
        /// The file.
        file: String,
        /// Line, from 1; 0 = the whole file.
        line: u32,
        /// Column, from 1.
        column: u32,
        /// What is wrong.
        problem: String,
    },
    /// The layers together hold too much.
    #[error("the values that are given have more than {NODES_MAX} parts")]
    TooLarge,
    /// A text for `set` cannot be read.
    #[error("`{text}` cannot be set: {problem}")]
    Set {
        /// The text.
        text: String,
        /// What is wrong.
        problem: String,
    },
}

fn at(line: u32, column: u32) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

/// Most nodes and bytes of text of all files of values: as many as all charts in one may have by themselves.
const NODES_MAX: usize = 200_000;
const TEXT_BYTES_MAX: usize = 16 << 20;

/// All layers together.
///
/// # Errors
/// The first layer that cannot be read.
pub(crate) fn layered(layers: &[Layer]) -> Result<Values, LayerError> {
    let mut values = Values::new();
    let mut limits = Limits { nodes: NODES_MAX, text_bytes: TEXT_BYTES_MAX, ..Limits::default() };
    for layer in layers {
        let wrong = |text: &str| {
            let text = seaway_core::diagnostic::excerpt(text);
            move |problem: String| LayerError::Set { text, problem }
        };
        match layer {
            Layer::Values(layer) => {
                limits.nodes = limits.nodes.checked_sub(weight(layer)).ok_or(LayerError::TooLarge)?;
                merge_documents(&mut values, layer.clone());
            }
            Layer::File { name, text } => merge_documents(&mut values, read_file(name, text, &mut limits)?),
            Layer::Set(text) => set::parse(&mut values, text, set::Kind::Typed, &mut limits).map_err(wrong(text))?,
            Layer::SetString(text) => {
                set::parse(&mut values, text, set::Kind::Text, &mut limits).map_err(wrong(text))?
            }
            Layer::SetLiteral(text) => set::parse_literal(&mut values, text).map_err(wrong(text))?,
            Layer::SetFile { path, text } => {
                set::parse_literal(&mut values, &format!("{path}={text}")).map_err(wrong(path))?;
            }
            Layer::SetJson(text) => set_json(&mut values, text, &mut limits).map_err(wrong(text))?,
        }
    }
    Ok(values)
}

fn read_file(name: &str, text: &str, limits: &mut Limits) -> Result<Values, LayerError> {
    let fault = |line, column, problem| LayerError::File { file: name.to_owned(), line, column, problem };
    let value = yaml::read_within(text, limits).map_err(|error| fault(error.line, error.column, error.problem))?;
    match with_floats(value) {
        Value::Object(values) => Ok(values),
        Value::Null => Ok(Values::new()),
        _ => Err(fault(0, 0, "expected a mapping".to_owned())),
    }
}

fn set_json(values: &mut Values, text: &str, limits: &mut Limits) -> Result<(), String> {
    if text.trim_start().starts_with('{') {
        let Value::Object(given) = set::json(text, limits)? else { return Err("expected a JSON object".to_owned()) };
        merge_documents(values, given);
        return Ok(());
    }
    set::parse(values, text, set::Kind::Json, limits)
}

/// Later values over earlier ones; mappings are merged, everything else is replaced, nulls are kept.
pub(crate) fn merge_documents(values: &mut Values, later: Values) {
    for (key, value) in later {
        match (values.get_mut(&key), value) {
            (Some(Value::Object(own)), Value::Object(value)) => merge_documents(own, value),
            (_, value) => {
                values.insert(key, value);
            }
        }
    }
}
