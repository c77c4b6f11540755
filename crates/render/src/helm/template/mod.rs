//! Go's `text/template` as Helm uses it: parsed once, run for many targets.
//!
//! A [`Program`] holds the compiled templates of a chart and is shared between threads. A [`Session`] runs them for
//! one target: values live in it, functions count their work in it, and maps that templates changed are seen by the
//! files that run after, as in Helm.

mod code;
mod compile;
mod error;
mod field;
mod lexer;
mod literal;
mod machine;
mod parser;
mod pipeline;
mod program;
mod session;
mod step;
mod tree;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;

pub use error::{Place, TemplateError};
pub use parser::SOURCE_BYTES_MAX;
pub use program::Program;
pub use session::{Limits, Session, Settings};
