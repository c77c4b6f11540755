//! Vocabulary of the descriptions.

/// A mapping with fixed keys.
pub(in crate::declaration) struct Object {
    /// What it is, for the schema.
    pub doc: &'static str,
    /// Its keys.
    pub fields: &'static [Field],
    /// Whether exactly one of the keys must be given.
    pub is_choice: bool,
}

/// One key of a mapping.
pub(in crate::declaration) struct Field {
    /// The key.
    pub key: &'static str,
    /// What it means, for the schema.
    pub doc: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// Whether it must be given.
    pub is_required: bool,
    /// The value that holds when it is not given, as JSON.
    pub default: Option<&'static str>,
}

/// What may stand at a place.
pub(in crate::declaration) enum Shape {
    /// Exactly this text.
    Const(&'static str),
    /// Text that is not empty.
    Text,
    /// Text that may be empty.
    AnyText,
    /// A DNS label.
    Name,
    /// A path inside the workspace.
    Path,
    /// A path inside the workspace, or an absolute one.
    OutsidePath,
    /// ISO 8601.
    Duration,
    /// A point in time, RFC 3339.
    Instant,
    /// A count of at least this many, or a share such as `25%`.
    Amount(u64),
    /// A whole number, and the code of the finding when it is out of bounds.
    Integer(Bounds, &'static str),
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list.
    List(&'static Shape, Bounds),
    /// A mapping with free keys.
    Map(&'static Shape),
    /// A mapping with free keys that are names.
    NameMap(&'static Shape),
    /// A mapping with fixed keys.
    Object(&'static Object),
    /// Any value: its type is declared elsewhere.
    Any,
}

/// Smallest and largest number or length.
#[derive(Clone, Copy)]
pub(in crate::declaration) struct Bounds {
    /// Smallest.
    pub min: u64,
    /// Largest.
    pub max: u64,
}

impl Bounds {
    /// Any length or number from zero.
    pub const ANY: Self = Self { min: 0, max: u32::MAX as u64 };
    /// At least one.
    pub const SOME: Self = Self { min: 1, max: u32::MAX as u64 };
    /// Exactly two.
    pub const TWO: Self = Self { min: 2, max: 2 };
}

impl Field {
    /// A key that may be left out.
    pub const fn optional(key: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { key, doc, shape, is_required: false, default: None }
    }

    /// A key that must be given.
    pub const fn required(key: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { key, doc, shape, is_required: true, default: None }
    }

    /// A key that may be left out, and the value that then holds.
    pub const fn with_default(key: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Self {
        Self { key, doc, shape, is_required: false, default: Some(default) }
    }
}

impl Object {
    /// A mapping with these keys.
    pub const fn of(doc: &'static str, fields: &'static [Field]) -> Self {
        Self { doc, fields, is_choice: false }
    }

    /// A mapping with exactly one of these keys.
    pub const fn choice(doc: &'static str, fields: &'static [Field]) -> Self {
        Self { doc, fields, is_choice: true }
    }

    /// The keys, separated by commas, for messages.
    pub fn keys(&self) -> String {
        let keys: Vec<String> = self.fields.iter().map(|field| format!("`{}`", field.key)).collect();
        keys.join(", ")
    }
}
