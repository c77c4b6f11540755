//! The built-in transformer that writes one value into fields of selected objects.

use super::{Context, namespace::Move};
use crate::kustomize::{
    fault::{Fault, Outcome},
    field_spec::{set_scalar, split_path},
    node::{Node, Tag},
    select::Matcher,
    set::Set,
    settings::Selector,
};

/// One field of some objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// Place of the value among the parts of a path, from 1; 0 = the value is all.
    pub(crate) position: usize,
}

pub(crate) fn add(set: &mut Set, value: &str, targets: &[Target], cx: Context<'_>) -> Outcome<()> {
    for target in targets {
        let matcher = target.selector.as_ref().map(|selector| Matcher::of(selector, cx.budget)).transpose()?;
        for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
            if let Some(matcher) = &matcher
                && !matcher.matches(resource, cx.scopes, cx.budget)?
            {
                continue;
            }
            let written = if target.field_path == "metadata/namespace" {
                Move { namespace: value.to_owned(), ..Move::default() }.object(resource, cx)
            } else {
                write(&mut resource.node, value, target, cx)
            };
            written.map_err(|fault| resource.blame(fault))?;
        }
    }
    Ok(())
}

fn write(node: &mut Node, value: &str, target: &Target, cx: Context<'_>) -> Outcome<()> {
    let path = split_path(&target.field_path, '/');
    let mut field = node;
    for (index, part) in path.iter().enumerate() {
        cx.budget.spend(8)?;
        let is_last = index + 1 == path.len();
        let make = || if is_last { Node::scalar("", Tag::Open) } else { Node::map() };
        field = field
            .entry(part, make)
            .ok_or_else(|| Fault::step(format!("expected a mapping on the way to `{}`", target.field_path)))?;
    }
    let text = match target.position {
        0 => value.to_owned(),
        position => insert(field.raw(), position - 1, value),
    };
    cx.budget.keep(text.len())?;
    set_scalar(field, &text, Tag::Open)
}

/// Puts a part into a path; an absolute path stays absolute.
fn insert(path: &str, position: usize, part: &str) -> String {
    let (root, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{root}{}", parts.join("/"))
}
