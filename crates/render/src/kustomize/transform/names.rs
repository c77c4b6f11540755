//! `namePrefix` and `nameSuffix`.

use super::Context;
use crate::kustomize::{
    fault::Outcome,
    field_spec::{FieldSpec, Make, apply, set_scalar},
    ident::Gvk,
    node::Tag,
    resource::check_name,
    set::Set,
};

/// Which end of the name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Kinds whose names are given by others and stay.
fn keeps_its_name(gvk: &Gvk) -> bool {
    let is_service = gvk.group == "apiregistration.k8s.io" && gvk.kind == "APIService";
    is_service || gvk.kind == "CustomResourceDefinition" || gvk.kind == "Namespace"
}

pub(crate) fn extend(set: &mut Set, text: &str, end: End, specs: &[FieldSpec], cx: Context<'_>) -> Outcome<()> {
    for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
        let original = resource.original_id(cx.scopes).gvk;
        if keeps_its_name(&original) {
            continue;
        }
        for spec in specs.iter().filter(|spec| original.is_selected(&spec.gvk)) {
            if spec.path == "metadata/name" && !text.is_empty() {
                match end {
                    End::Prefix => resource.memory.prefixes.push(text.to_owned()),
                    End::Suffix => resource.memory.suffixes.push(text.to_owned()),
                }
                resource.remember_id(cx.scopes);
            }
            apply(&mut resource.node, spec, Make::Scalar(Tag::Text), cx.budget, &mut |node| {
                let name = match end {
                    End::Prefix => format!("{text}{}", node.raw()),
                    End::Suffix => format!("{}{text}", node.raw()),
                };
                cx.budget.spend(name.len() as u64)?;
                check_name("name", &name)?;
                set_scalar(node, &name, Tag::Open)
            })
            .map_err(|fault| resource.blame(fault))?;
        }
    }
    Ok(())
}
