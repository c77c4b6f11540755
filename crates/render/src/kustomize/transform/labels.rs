//! Labels and annotations, put wherever a list of paths says.

use std::collections::BTreeMap;

use super::Context;
use crate::kustomize::{
    fault::Outcome,
    field_spec::{FieldSpec, Make, apply, set_entry},
    node::Tag,
    set::Set,
};

/// Sets entries of the mappings that the paths lead to, made where the paths say so.
pub(crate) fn set_all(
    set: &mut Set,
    texts: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    cx: Context<'_>,
) -> Outcome<()> {
    for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
        for (key, text) in texts {
            for spec in specs {
                apply(&mut resource.node, spec, Make::Map, cx.budget, &mut |node| {
                    set_entry(node, key, text, Tag::Text, cx.budget)
                })
                .map_err(|fault| resource.blame(fault))?;
            }
        }
    }
    Ok(())
}
