//! What one document may cost.

/// Deepest nesting of lists and mappings. The deepest definitions of operators stay below 64; a reader that
/// goes down further serves only attacks.
pub(crate) const DEPTH_MAX: usize = 512;
/// Most nodes of one document after its aliases are resolved. The largest public bundles have a tenth.
pub(crate) const NODES_MAX: usize = 1_000_000;
/// Most bytes of text in one document after its aliases are resolved.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most work of one document, in steps: two seconds' worth. Megabytes of ordinary text need a tenth.
pub(crate) const STEPS_MAX: u64 = 20_000_000;

/// What a document takes beside its values: its text, where it is from, its place among the others.
const DOCUMENT_NODES: usize = 32;

/// Bounds on one document, or on all that share them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    /// Deepest nesting.
    pub(crate) depth: usize,
    /// Most nodes, aliases resolved.
    pub(crate) nodes: usize,
    /// Most bytes of text, aliases resolved.
    pub(crate) text_bytes: usize,
    /// Most work, in steps of a tenth of a microsecond.
    pub(crate) steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: DEPTH_MAX, nodes: NODES_MAX, text_bytes: TEXT_BYTES_MAX, steps: STEPS_MAX }
    }
}

impl Limits {
    /// Takes a document of many; `None` when there are too many.
    pub(crate) fn take_document(&mut self) -> Option<()> {
        self.nodes = self.nodes.checked_sub(DOCUMENT_NODES)?;
        Some(())
    }
}
