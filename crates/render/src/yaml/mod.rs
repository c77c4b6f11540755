//! YAML as Helm reads and writes it, without places.
//!
//! Charts compute with values and hash rendered text, so both directions follow go-yaml to the byte: which
//! plain scalar is a number, how a long text is folded, in which order keys stand. Declarations and raw
//! manifests are read by `seaway_core::yaml` instead, which knows the place of every node and refuses what a
//! person did not mean; here the last of two equal keys wins, as in every chart tool.
//!
//! Reading is bounded in depth, nodes and work, aliases included. Nothing here knows charts.

mod comma;
mod emit;
mod input;
mod key_order;
mod limits;
mod number;
mod read;
mod resolve;
mod scalar;
mod write;

pub(crate) use comma::tag_before_comma;
pub(crate) use input::{Ending, Input};
pub(crate) use limits::{Limits, NODES_MAX};
pub(crate) use number::{float_text, json_float_text};
pub(crate) use read::{Error, read, read_all, read_line, read_within};
pub(crate) use write::{Style, write};

#[cfg(test)]
mod tests;
