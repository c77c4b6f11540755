//! What people and programs read. Everything here turns a value into text; nothing asks a clock, a terminal or
//! an engine, so that every picture is a test.

pub mod explain;
pub mod field;
pub mod findings;
pub mod line;
pub mod plan;
pub mod sentence;
pub mod status;
pub mod table;
pub mod text;
pub mod time;
pub mod timeline;
pub mod tree;
pub mod view;

#[cfg(test)]
pub mod fixture;
