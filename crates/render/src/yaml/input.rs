//! A text as the parser reads it: a little at a time, because the parser turns everything that it is offered into
//! characters of four bytes at once.

use std::io::{BufRead, Read, Result};

/// Bytes that the parser is offered at once; more than the longest character has.
const OFFERED_BYTES: usize = 4096;

/// The text, and a line break behind it that it may lack.
pub(crate) struct Input<'t> {
    rest: &'t [u8],
    more: &'static [u8],
}

impl<'t> Input<'t> {
    /// A text; `adds_break` puts a line break behind it.
    pub(crate) fn new(text: &'t str, adds_break: bool) -> Self {
        Self { rest: text.as_bytes(), more: if adds_break { b"\n" } else { b"" } }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let mut offered = self.fill_buf()?;
        let count = offered.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.rest.is_empty() {
            return Ok(self.more);
        }
        Ok(self.rest.get(..OFFERED_BYTES).unwrap_or(self.rest))
    }

    fn consume(&mut self, count: usize) {
        if self.rest.is_empty() {
            self.more = self.more.get(count..).unwrap_or_default();
        } else {
            self.rest = self.rest.get(count..).unwrap_or_default();
        }
    }
}
