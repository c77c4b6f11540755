//! Labels and annotations, put wherever a list of paths says.

use std::collections::BTreeMap;

use super::Context;
use crate::kustomize::{
    fault::Outcome,
    field_spec::{FieldSpec, Make, apply, set_entry},
    node::Tag,
    set::Set,
    twins,
};

/// Sets entries of the mappings that the paths lead to, made where the paths say so.
pub(crate) fn set_all(
    set: &mut Set,
    texts: &BTreeMap<String, String>,
    specs: &[FieldSpec],
    cx: Context<'_>,
) -> Outcome<()> {
    for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
        cx.budget.spend(resource.node.weight())?;
        let mut twin = if resource.has_twins { twins::next(&resource.node) } else { 1 };
        for (key, text) in texts {
            for spec in specs {
                apply(&mut resource.node, spec, Make::Map, cx.budget, &mut |node| {
                    let is_new = node.get(key).is_none();
                    set_entry(node, key, text, Tag::Text, cx.budget)?;
                    if is_new {
                        twins::mark(node, key, twin);
                    }
                    Ok(())
                })
                .map_err(|fault| resource.blame(fault))?;
            }
            twin = twin.saturating_add(1);
        }
        resource.has_twins |= !texts.is_empty();
    }
    Ok(())
}
