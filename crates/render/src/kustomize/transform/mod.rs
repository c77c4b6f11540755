//! What a kustomization does to its objects, one file for each kind of change.

pub(crate) mod hash;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod patches;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod value_add;

use super::{
    budget::Budget,
    schema::{Schema, Scopes},
};

/// What every change needs.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) scopes: &'a Scopes,
    pub(crate) budget: &'a Budget,
}
