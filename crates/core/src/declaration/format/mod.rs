//! The one description of the file formats.
//!
//! The checker walks a document along these shapes and reports what does not fit; the JSON Schemas for
//! editors are generated from the same shapes. A key that is not here does not exist.
//!
//! ```text
//!   Kind ──► Object ──► Field ──► Shape ──► Object …
//!                                 ├──────► check.rs   findings
//!                                 └──────► schema.rs  JSON Schema
//! ```

mod check;
mod environment;
mod reference;
mod schema;
mod service;
mod shape;
mod source;

pub(super) use check::check;
pub use reference::reference;
pub use schema::schema;

/// Kind of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A named fleet.
    Environment,
    /// Something deployed as one.
    Service,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Environment, Self::Service];

    /// As it is written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::Service => "Service",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    const fn object(self) -> &'static shape::Object {
        match self {
            Self::Environment => &environment::DOCUMENT,
            Self::Service => &service::DOCUMENT,
        }
    }
}
