//! `images`: new names, tags and digests for the images of containers.

use super::Context;
use crate::kustomize::{
    budget::Budget,
    fault::{Fault, Outcome},
    field_spec::{FieldSpec, Make, apply, set_scalar},
    node::{Node, Shape, Tag},
    select::Pattern,
    set::Set,
    settings::Image,
};

/// Definitions of kinds have fields named `containers` that are no containers.
const PASSED_OVER: &str = "CustomResourceDefinition";

pub(crate) fn change(set: &mut Set, image: &Image, specs: &[FieldSpec], cx: Context<'_>) -> Outcome<()> {
    let updater = Updater::of(image, cx.budget)?;
    for resource in &mut set.list {
        if resource.is_gone() || resource.kind() == PASSED_OVER {
            continue;
        }
        let node = &mut resource.node;
        let mut changed = updater.everywhere(node, cx);
        for spec in specs {
            if changed.is_err() {
                break;
            }
            changed = apply(node, spec, Make::Nothing, cx.budget, &mut |node| updater.set(node, cx));
        }
        changed.map_err(|fault| resource.blame(fault))?;
    }
    Ok(())
}

struct Updater<'a> {
    image: &'a Image,
    pattern: Pattern,
}

impl<'a> Updater<'a> {
    /// The name is a pattern, as in Kustomize, though few know.
    fn of(image: &'a Image, budget: &Budget) -> Outcome<Self> {
        let name = &image.name;
        let pattern = format!(r"^{name}(:[a-zA-Z0-9_.\{{\}}-]*)?(@sha256:[a-zA-Z0-9_.\{{\}}-]*)?$");
        Ok(Self { image, pattern: Pattern::compile(&pattern, budget)? })
    }

    /// Every `image` in a list named `containers` or `initContainers`, wherever it is.
    fn everywhere(&self, node: &mut Node, cx: Context<'_>) -> Outcome<()> {
        cx.budget.spend(40)?;
        match &mut node.shape {
            Shape::Scalar(_) => Ok(()),
            Shape::List(items) => items.iter_mut().try_for_each(|item| self.everywhere(item, cx)),
            Shape::Map(fields) => fields.iter_mut().try_for_each(|field| {
                self.everywhere(&mut field.value, cx)?;
                let is_list = matches!(field.key.text.as_str(), "containers" | "initContainers");
                let items = if is_list { field.value.items_mut() } else { None };
                items.into_iter().flatten().try_for_each(|item| self.container(item, cx))
            }),
        }
    }

    fn container(&self, item: &mut Node, cx: Context<'_>) -> Outcome<()> {
        if !item.is_map() && !item.is_null() {
            let message = format!("expected a container to be a mapping, found {}", item.kind());
            return Err(Fault::step(message).at("", item.line, item.column));
        }
        item.get_mut("image").map_or(Ok(()), |image| self.set(image, cx))
    }

    fn set(&self, node: &mut Node, cx: Context<'_>) -> Outcome<()> {
        if node.is_null() {
            return Ok(());
        }
        let Some(scalar) = node.as_scalar() else {
            let message = format!("expected an image to be text, found {}", node.kind());
            return Err(Fault::step(message).at("", node.line, node.column));
        };
        cx.budget.spend(scalar.text.len() as u64)?;
        if !self.pattern.is_match(&scalar.text, cx.budget)? {
            return Ok(());
        }
        let changed = self.changed(&scalar.text);
        cx.budget.keep(changed.len())?;
        set_scalar(node, &changed, Tag::Open)
    }

    fn changed(&self, image: &str) -> String {
        let wanted = self.image;
        let (name, mut tag, mut digest) = split(image);
        let name = if wanted.new_name.is_empty() { name } else { &wanted.new_name };
        let with_suffix;
        if !wanted.new_tag.is_empty() {
            (tag, digest) = (&wanted.new_tag, &wanted.digest);
        } else if !wanted.digest.is_empty() {
            (tag, digest) = ("", &wanted.digest);
        } else if !wanted.tag_suffix.is_empty() {
            with_suffix = format!("{tag}{}", wanted.tag_suffix);
            (tag, digest) = (&with_suffix, "");
        }
        let mut text = name.to_owned();
        if !tag.is_empty() {
            text = format!("{text}:{tag}");
        }
        if !digest.is_empty() {
            text = format!("{text}@{digest}");
        }
        text
    }
}

/// Name, tag and digest. A colon before the first slash belongs to the registry.
fn split(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').filter(|at| *at > 0).unwrap_or(0);
    let rest = &image[from..];
    let at = |c: char| rest.find(c).map(|at| at + from);
    match (at('@'), at(':')) {
        (None, None) => (image, "", ""),
        (Some(digest), tag) if tag.is_none_or(|tag| digest < tag) => (&image[..digest], "", &image[digest + 1..]),
        (Some(digest), Some(tag)) => (&image[..tag], &image[tag + 1..digest], &image[digest + 1..]),
        (_, Some(tag)) => (&image[..tag], &image[tag + 1..], ""),
        (Some(digest), None) => (&image[..digest], "", &image[digest + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_image() {
        for (image, parts) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1", ("nginx", "1", "")),
            ("nginx@sha256:ab", ("nginx", "", "sha256:ab")),
            ("nginx:1@sha256:ab", ("nginx", "1", "sha256:ab")),
            ("host:5000/a/nginx", ("host:5000/a/nginx", "", "")),
            ("host:5000/a/nginx:1", ("host:5000/a/nginx", "1", "")),
        ] {
            assert_eq!(split(image), parts, "{image}");
        }
    }
}
