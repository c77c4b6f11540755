//! YAML as a tree in which every node knows its place.
//!
//! Both readers of YAML stand on it: declarations and raw manifests. Scalars follow the rules of Kubernetes
//! (YAML 1.1: `yes` is a boolean, `017` is fifteen). A fault in one document is one finding; the other
//! documents of the file are still read. All input is bounded: bytes, documents, depth, nodes after aliases.

mod document;
mod node;
mod read;

pub use document::{Document, documents};
pub use node::{Entry, Key, Node, Span, Yaml};
pub use read::{DEPTH_MAX, DOCUMENTS_MAX, FILE_BYTES_MAX, NODES_MAX, on_deep_stack, read, read_lenient, read_up_to};

#[cfg(test)]
mod tests;
