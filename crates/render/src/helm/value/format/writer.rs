//! A text that is being made and may not grow past a limit.

use std::fmt;

use crate::helm::fault::{Answer, Fault};
use crate::helm::value::Str;

/// Bytes of one text. A ConfigMap ends at 1 MiB and the largest public definitions at some; with copies in flight a
/// render stays within its memory.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// Collects bytes up to [`TEXT_BYTES_MAX`].
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, with room for an expected size.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes.min(TEXT_BYTES_MAX)) }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// When the text would pass the limit.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Answer<()> {
        if self.bytes.len() + bytes.len() > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends text.
    ///
    /// # Errors
    /// When the text would pass the limit.
    pub fn push(&mut self, text: &str) -> Answer<()> {
        self.push_bytes(text.as_bytes())
    }

    /// Appends what a value shows, without a text of its own for it.
    ///
    /// # Errors
    /// When the text would pass the limit.
    pub fn show(&mut self, shown: impl fmt::Display) -> Answer<()> {
        fmt::write(self, format_args!("{shown}")).map_err(|_| too_long())
    }

    /// Appends the same bytes many times.
    ///
    /// # Errors
    /// When the text would pass the limit.
    pub fn repeat(&mut self, bytes: &[u8], times: usize) -> Answer<()> {
        match bytes.len().checked_mul(times) {
            Some(more) if self.bytes.len().saturating_add(more) <= TEXT_BYTES_MAX => {
                self.bytes.reserve(more);
                for _ in 0..times {
                    self.bytes.extend_from_slice(bytes);
                }
                Ok(())
            }
            _ => Err(too_long()),
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Str {
        Str::from_bytes(self.bytes)
    }

    /// The bytes that were written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text).map_err(|_| fmt::Error)
    }
}

/// The error of a text that is too long.
pub(crate) fn too_long() -> Fault {
    Fault::Limit {
        what: "the length of one text in bytes",
        limit: TEXT_BYTES_MAX as u64,
        help: "look for repeated or endlessly growing text",
    }
}
