//! A text as the parser reads it: a little at a time, because the parser turns everything that it is offered into
//! characters of four bytes at once.

use std::io::{BufRead, Read, Result};

/// Bytes that the parser is offered at once; more than the longest character has.
const OFFERED_BYTES: usize = 4096;

/// What ends a line in YAML 1.1.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// How a text ends that has no usual line break at its end, and so is read with one behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    /// Within a line that holds something: the line break is none of the text's.
    WithinLine,
    /// Behind a line break of another kind, or with blanks: the line break makes one empty line more.
    BehindBreak,
    /// With half a line break, which the other half makes whole.
    HalfBreak,
}

impl Ending {
    /// How a text ends; `None` when it ends with the usual line break.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if text.ends_with('\n') {
            return None;
        }
        if text.ends_with('\r') {
            return Some(Self::HalfBreak);
        }
        let last = text.rsplit(BREAKS).next().unwrap_or_default();
        Some(if last.trim_matches([' ', '\t']).is_empty() { Self::BehindBreak } else { Self::WithinLine })
    }

    /// Takes the line break that is none of the text's from a block that ends with the text.
    pub(crate) fn trim(self, block: &mut String) {
        let Some(rest) = block.strip_suffix('\n') else { return };
        let is_more = match self {
            Self::WithinLine => true,
            Self::BehindBreak => rest.ends_with(BREAKS),
            Self::HalfBreak => false,
        };
        if is_more {
            block.truncate(rest.len());
        }
    }
}

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
