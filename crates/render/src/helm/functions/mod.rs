//! The functions of templates: those of Go, of sprig and of Helm.
//!
//! A family of functions is a file with a table; [`FAMILIES`] lists the tables. A table entry says what the function
//! takes, in Go's types: the machine checks arguments before it calls, with the errors of Go. Functions see values and
//! a [`Call`], which counts their work and is the only way to drawn randomness and time.

mod context;
mod flow;
mod table;

pub use context::{Context, Entropy, Lookup};
pub use table::{Body, Function, Takes, find, names, unknown};

/// Every family of functions.
pub(crate) static FAMILIES: &[&[Function]] = &[flow::FUNCTIONS];
