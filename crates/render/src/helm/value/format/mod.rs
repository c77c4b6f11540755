//! Go's `fmt` for template values: what `{{ . }}`, `print` and `printf` write.

mod printer;
mod quote;
mod verb;
mod writer;

pub use quote::{is_printable, quote_go};

pub use writer::{TEXT_BYTES_MAX, Writer};

use super::{Str, Value};
use crate::helm::fault::Answer;
use printer::Printer;
pub(crate) use printer::too_deep;
use verb::Spec;
pub(crate) use writer::too_long;

/// Writes one value as `%v` does.
///
/// # Errors
/// When the text grows past its limit or the value is nested too deeply.
pub fn print_value(out: &mut Writer, value: &Value) -> Answer<()> {
    match value {
        Value::Str(text) => out.push_bytes(text.as_bytes()),
        Value::Nil => out.push("<nil>"),
        Value::Bool(truth) => out.push(if *truth { "true" } else { "false" }),
        Value::Int(..) | Value::Float(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_) => {
            Printer::new(out).argument(&Spec::default(), value, 'v')
        }
    }
}

/// Go's `fmt.Sprint`: a space between two values that are both not text.
///
/// # Errors
/// When the text grows past its limit or a value is nested too deeply.
pub fn print_values(out: &mut Writer, values: &[Value]) -> Answer<()> {
    let mut after_text = true;
    for value in values {
        let is_text = matches!(value, Value::Str(_));
        if !is_text && !after_text {
            out.push(" ")?;
        }
        print_value(out, value)?;
        after_text = is_text;
    }
    Ok(())
}

/// Go's `fmt.Sprintf`.
///
/// # Errors
/// When the text grows past its limit or a value is nested too deeply. What Go marks in the text (`%!d(string=x)`) is
/// no error.
pub fn sprintf(format: &Str, arguments: &[Value]) -> Answer<Str> {
    let mut out = Writer::with_capacity(format.len() + 16 * arguments.len());
    verb::format(&mut out, format.as_bytes(), arguments)?;
    Ok(out.finish())
}
