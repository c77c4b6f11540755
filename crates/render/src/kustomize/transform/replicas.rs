//! `replicas`: the count of an object found by its name.

use super::Context;
use crate::kustomize::{
    fault::{Fault, Outcome, quoted},
    field_spec::{FieldSpec, Make, apply, set_scalar},
    node::Tag,
    set::Set,
    settings::Replica,
};

pub(crate) fn set_count(set: &mut Set, replica: &Replica, specs: &[FieldSpec], cx: Context<'_>) -> Outcome<()> {
    let mut is_found = false;
    for spec in specs {
        for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
            let is_meant =
                resource.any_ids(cx.scopes).any(|id| id.name == replica.name && id.gvk.is_selected(&spec.gvk));
            if !is_meant {
                continue;
            }
            is_found = true;
            let count = replica.count.to_string();
            apply(&mut resource.node, spec, Make::Scalar(Tag::Int), cx.budget, &mut |node| {
                set_scalar(node, &count, Tag::Int)
            })
            .map_err(|fault| resource.blame(fault))?;
        }
    }
    if is_found {
        return Ok(());
    }
    let fault = Fault::step(format!("`replicas` names {}, which no object with replicas has", quoted(&replica.name)));
    Err(fault.help("use the name that the object has in its own file"))
}
