//! Paths to fields of kinds, as transformers use them, and the walk along them.
//!
//! `spec/template/spec/containers/image` goes through lists by itself; `containers[]` says that there must be one.

use super::{
    budget::Budget,
    decode::{Fields, Strictness},
    fault::{Fault, Outcome},
    ident::Gvk,
    node::{Node, Scalar, Shape, Tag},
};

/// Most parts of a path.
const PARTS_MAX: usize = 100;

/// A field of some kinds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct FieldSpec {
    pub(crate) gvk: Gvk,
    pub(crate) path: String,
    pub(crate) create: bool,
}

impl FieldSpec {
    pub(crate) fn read(node: &Node, strictness: Strictness) -> Outcome<Self> {
        let mut fields = Fields::of("a field path", node, strictness)?;
        let gvk = super::settings::gvk(&mut fields)?;
        let read = Self { gvk, path: fields.text("path")?, create: fields.flag("create")? };
        fields.finish().map(|()| read)
    }

    /// Any kind.
    pub(crate) fn any(path: &str, create: bool) -> Self {
        Self { gvk: Gvk::default(), path: path.to_owned(), create }
    }
}

/// Adds field paths to others. One that is there already stays; it must agree on whether the field is made.
pub(crate) fn merge_all(specs: &mut Vec<FieldSpec>, incoming: &[FieldSpec]) -> Outcome<()> {
    for one in incoming {
        match specs.iter().find(|own| own.gvk.is_selected(&one.gvk) && own.path == one.path) {
            Some(own) if own.create != one.create => {
                let message = format!("two settings for the path `{}` disagree on `create`", excerpt(&one.path));
                return Err(Fault::field(message));
            }
            Some(_) => {}
            None => specs.push(one.clone()),
        }
    }
    Ok(())
}

fn excerpt(text: &str) -> String {
    seaway_core::diagnostic::excerpt(text)
}

/// What is made where a field is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Make {
    /// Nothing, whatever the path says.
    Nothing,
    Map,
    /// Text, which becomes the given type where there was null.
    Scalar(Tag),
}

/// Splits a path at a delimiter that has no `\` before it.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts = path.split(delimiter).peekable();
    let mut found: Vec<String> = Vec::new();
    if path.contains(delimiter) && parts.peek() == Some(&"") {
        parts.next();
    }
    for part in parts {
        match found.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => found.push(part.to_owned()),
        }
    }
    found
}

/// Calls a function on each field that a path leads to, when the path is meant for this kind.
pub(crate) fn apply(
    root: &mut Node,
    spec: &FieldSpec,
    make: Make,
    budget: &Budget,
    set: &mut dyn FnMut(&mut Node) -> Outcome<()>,
) -> Outcome<()> {
    if !spec.gvk.selects(root) {
        return Ok(());
    }
    let path = split_path(&spec.path, '/');
    if path.len() > PARTS_MAX {
        return Err(Fault::field(format!("the path `{}` is too long", excerpt(&spec.path))));
    }
    let make = if spec.create { make } else { Make::Nothing };
    let mut walk = Walk { make, budget, set };
    walk.step(root, &path).map_err(|fault| fault.within(&format!("at `{}`", excerpt(&spec.path))))
}

struct Walk<'a> {
    make: Make,
    budget: &'a Budget,
    set: &'a mut dyn FnMut(&mut Node) -> Outcome<()>,
}

impl Walk<'_> {
    fn step(&mut self, node: &mut Node, path: &[String]) -> Outcome<()> {
        self.budget.spend(24)?;
        let Some((first, rest)) = path.split_first() else { return (self.set)(node) };
        if node.is_null() {
            return Ok(());
        }
        match &mut node.shape {
            Shape::List(items) => items.iter_mut().try_for_each(|item| self.step(item, path)),
            Shape::Map(_) => self.field(node, first, rest),
            Shape::Scalar(_) => {
                let message = format!("expected a mapping or list before `{}`, found {}", excerpt(first), node.kind());
                Err(Fault::step(message).at("", node.line, node.column))
            }
        }
    }

    fn field(&mut self, node: &mut Node, part: &str, rest: &[String]) -> Outcome<()> {
        let (name, is_list) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        if name.is_empty() {
            return Err(Fault::step("expected the name of a field, found nothing"));
        }
        self.budget.spend(lookup_work(node))?;
        // What a missing or null field becomes.
        let made = match self.make {
            _ if is_list => None,
            Make::Nothing => None,
            Make::Map | Make::Scalar(_) if !rest.is_empty() => Some(Node::map()),
            Make::Map => Some(Node::map()),
            Make::Scalar(tag) => Some(Node::scalar("", tag)),
        };
        let found = match (node.get_mut(name), &made) {
            (None, None) => return Ok(()),
            (None, Some(made)) => {
                let mut fresh = made.clone();
                if let Some(scalar) = fresh.as_scalar_mut() {
                    scalar.tag = Tag::Open;
                }
                node.set_raw(name, fresh)
            }
            (Some(found), made) => {
                if found.is_null() {
                    if let Some(made) = made {
                        retype(found, made);
                    } else if is_list {
                        found.shape = Shape::List(Vec::new());
                    }
                }
                node.get_mut(name)
            }
        };
        match found {
            Some(found) => self.step(found, rest),
            None => Ok(()),
        }
    }
}

/// Null keeps its text when it becomes a scalar.
fn retype(node: &mut Node, made: &Node) {
    match (&made.shape, &mut node.shape) {
        (Shape::Scalar(Scalar { tag, .. }), Shape::Scalar(own)) => own.tag = *tag,
        (shape, own) => *own = shape.clone(),
    }
}

impl Node {
    /// Appends a field as it is.
    fn set_raw(&mut self, key: &str, value: Node) -> Option<&mut Node> {
        self.entry(key, || value)
    }
}

/// Work of looking for a field or two of a mapping.
fn lookup_work(node: &Node) -> u64 {
    node.fields().len() as u64 * 12
}

/// Sets the text of a scalar, or a field of a mapping when there is a name, as Kustomize's setters do.
pub(crate) fn set_entry(node: &mut Node, name: &str, text: &str, tag: Tag, budget: &Budget) -> Outcome<()> {
    budget.keep(text.len())?;
    budget.spend(lookup_work(node))?;
    if name.is_empty() {
        return set_scalar(node, text, tag);
    }
    if !node.is_map() && !node.is_null() {
        let message = format!("expected a mapping to set `{}` in, found {}", excerpt(name), node.kind());
        return Err(Fault::step(message).at("", node.line, node.column));
    }
    node.set(name, Node::scalar(text, tag));
    Ok(())
}

/// Sets the text of a scalar, which keeps its quotes.
pub(crate) fn set_scalar(node: &mut Node, text: &str, tag: Tag) -> Outcome<()> {
    let kind = node.kind();
    match node.as_scalar_mut() {
        Some(scalar) => {
            text.clone_into(&mut scalar.text);
            scalar.tag = tag;
            Ok(())
        }
        None => {
            let message = format!("expected a plain value, found {kind}");
            Err(Fault::step(message).at("", node.line, node.column))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::{json::to_json, read::documents};

    fn run(text: &str, spec: &FieldSpec, make: Make) -> Outcome<serde_json::Value> {
        let budget = Budget::new(1_000_000);
        let mut node = documents(text, &budget).unwrap().remove(0);
        apply(&mut node, spec, make, &budget, &mut |found| match make {
            Make::Map => set_entry(found, "k", "v", Tag::Text, &budget),
            Make::Nothing | Make::Scalar(_) => set_scalar(found, "7", Tag::Int),
        })?;
        to_json(&node)
    }

    #[test]
    fn paths_go_through_lists_and_make_what_is_missing() {
        let spec = |path: &str, create| FieldSpec::any(path, create);
        let found = run("a: [{b: 1}, {b: 2}, {c: 3}]", &spec("a/b", false), Make::Scalar(Tag::Int)).unwrap();
        assert_eq!(found, serde_json::json!({"a": [{"b": 7}, {"b": 7}, {"c": 3}]}));
        let found = run("a: 1", &spec("b/c", true), Make::Map).unwrap();
        assert_eq!(found, serde_json::json!({"a": 1, "b": {"c": {"k": "v"}}}));
        let found = run("a: 1", &spec("b[]/c", true), Make::Map).unwrap();
        assert_eq!(found, serde_json::json!({"a": 1}));
        let found = run("a:\n", &spec("a/c", true), Make::Map).unwrap();
        assert_eq!(found, serde_json::json!({"a": {"c": {"k": "v"}}}));
        assert!(run("a: 1", &spec("a/b", false), Make::Map).is_err());
        assert_eq!(split_path(r"metadata/annotations/a.b\/c", '/'), ["metadata", "annotations", "a.b/c"]);
    }
}
