//! The functions of templates: those of Go, of sprig and of Helm.
//!
//! A family of functions is a file with a table; [`FAMILIES`] lists the tables. A table entry says what the function
//! takes, in Go's types: the machine checks arguments before it calls, with the errors of Go. Functions see values and
//! a [`Call`], which counts their work and is the only way to drawn randomness and time.

mod arguments;
mod cases;
mod cluster;
mod context;
mod convert;
mod data;
mod date;
mod defaults;
mod dicts;
mod encode;
mod flow;
mod golang;
mod hash;
mod lists;
mod math;
mod merge;
mod paths;
mod random;
mod read_back;
mod regular;
mod secrets;
mod semver;
mod strings;
mod table;
mod toml;
mod url;
mod words;

#[cfg(test)]
mod tests;

pub use context::{Context, Entropy, Lookup};
pub(crate) use data::document;
pub use table::{Body, Function, Takes, find, names, unknown};

/// Every family of functions.
pub(crate) static FAMILIES: &[&[Function]] = &[
    cases::FUNCTIONS,
    cluster::FUNCTIONS,
    convert::FUNCTIONS,
    data::FUNCTIONS,
    date::FUNCTIONS,
    defaults::FUNCTIONS,
    dicts::FUNCTIONS,
    encode::FUNCTIONS,
    flow::FUNCTIONS,
    golang::FUNCTIONS,
    hash::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    regular::FUNCTIONS,
    secrets::FUNCTIONS,
    semver::FUNCTIONS,
    strings::FUNCTIONS,
    toml::FUNCTIONS,
    url::FUNCTIONS,
];
