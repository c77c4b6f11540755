//! Text as Go has it: bytes that are usually, but need not be, UTF-8.
//!
//! `trunc` cuts through characters and `b64dec` gives anything. Such text must survive until it is encoded again, so
//! it is kept; what is UTF-8 is kept as `str`. Short text is stored in place: most keys and values of a chart are.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use super::meter;

/// Bytes that are stored without an allocation; chosen so that a [`super::Value`] has three words.
const IN_PLACE_BYTES_MAX: usize = 22;

/// Immutable text that is cheap to copy.
#[derive(Clone)]
pub struct Str(Form);

#[derive(Clone)]
enum Form {
    InPlace { len: u8, bytes: [u8; IN_PLACE_BYTES_MAX] },
    Shared(Rc<Shared>),
}

enum Shared {
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl Shared {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        meter::shrink(self.bytes().len());
    }
}

impl Str {
    /// Text from bytes of any kind.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::from(text),
            Err(error) => {
                let bytes = error.into_bytes().into_boxed_slice();
                meter::grow(bytes.len());
                Self(Form::Shared(Rc::new(Shared::Bytes(bytes))))
            }
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::InPlace { len, bytes } => &bytes[..usize::from(*len)],
            Form::Shared(shared) => shared.bytes(),
        }
    }

    /// The text, or nothing if it is not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::InPlace { .. } => std::str::from_utf8(self.as_bytes()).ok(),
            Form::Shared(shared) => match shared.as_ref() {
                Shared::Text(text) => Some(text),
                Shared::Bytes(_) => None,
            },
        }
    }

    /// The text; bytes that are not UTF-8 become U+FFFD, one each, as where Go reads text rune by rune.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(runes_of_bytes(self.as_bytes())),
        }
    }

    /// Whether both are one text in memory, which saves looking at long ones.
    fn is_same(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Form::Shared(left), Form::Shared(right)) if Rc::ptr_eq(left, right))
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Decodes as Go does: every byte that starts no valid sequence is one U+FFFD.
fn runes_of_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

fn in_place(text: &[u8]) -> Option<Form> {
    let len = u8::try_from(text.len()).ok()?;
    let mut bytes = [0; IN_PLACE_BYTES_MAX];
    bytes.get_mut(..text.len())?.copy_from_slice(text);
    Some(Form::InPlace { len, bytes })
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        match in_place(text.as_bytes()) {
            Some(form) => Self(form),
            None => {
                meter::grow(text.len());
                Self(Form::Shared(Rc::new(Shared::Text(text.into()))))
            }
        }
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        match in_place(text.as_bytes()) {
            Some(form) => Self(form),
            None => {
                meter::grow(text.len());
                Self(Form::Shared(Rc::new(Shared::Text(text.into_boxed_str()))))
            }
        }
    }
}

impl From<Cow<'_, str>> for Str {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::from(text),
            Cow::Owned(text) => Self::from(text),
        }
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::from("")
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_same(other) { Ordering::Equal } else { self.as_bytes().cmp(other.as_bytes()) }
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.text())
    }
}

impl fmt::Display for Str {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text())
    }
}
