//! Reading patches: from files or from the kustomization itself, and telling which of the two kinds they are.

use std::rc::Rc;

use super::{
    budget::Budget,
    fault::{Fault, Outcome, quoted},
    json::to_json,
    json_patch,
    load::Folder,
    node::Node,
    objects, read,
    resource::blame,
    scalar::Words,
    settings::{Patch, Selector},
    transform::patches::{Form, Ready},
};

/// An entry of `patches`.
pub(crate) fn patch(patch: &Patch, folder: &Folder<'_>, here: &Rc<str>, budget: &Budget) -> Outcome<Ready> {
    let inline = patch.patch.trim();
    let (text, file) = match (inline.is_empty(), patch.path.is_empty()) {
        (true, true) => return Err(Fault::field("a patch needs `path` or `patch`")),
        (false, false) => return Err(Fault::field("a patch has `path` or `patch`, not both")),
        (false, true) => (inline, Rc::clone(here)),
        (true, false) => (folder.text(&patch.path)?, folder.name_of(&patch.path)),
    };
    let strategic = objects::of_text(text, budget);
    let json = json_operations(text, budget);
    let form = match (strategic, json) {
        (Ok(objects), Ok(operations)) if !objects.is_empty() && !operations.is_empty() => {
            let fault = Fault::step("the patch is a strategic merge and a JSON patch at once");
            return Err(blame(fault, &file, &Node::null()));
        }
        (Ok(objects), operations) if objects.is_empty() => Form::Json(operations.unwrap_or_default()),
        (Ok(objects), _) => Form::Strategic(objects),
        (Err(_), Ok(operations)) => Form::Json(operations),
        (Err(strategic), Err(json)) => {
            // The more telling of the two faults.
            let is_list = text.trim_start().starts_with(['-', '[']);
            let fault = if is_list { json } else { strategic };
            return Err(blame(fault.within("the patch is of no kind"), &file, &Node::null()));
        }
    };
    let option = |name: &str| patch.options.get(name).copied().unwrap_or(false);
    Ok(Ready {
        form,
        target: patch.target.clone(),
        allows_name_change: option("allowNameChange"),
        allows_kind_change: option("allowKindChange"),
        file,
    })
}

/// An entry of `patchesStrategicMerge`: the patch itself, or the path of its file.
pub(crate) fn strategic(entry: &str, folder: &Folder<'_>, here: &Rc<str>, budget: &Budget) -> Outcome<Ready> {
    let (objects, file) = match objects::of_text(entry, budget) {
        Ok(objects) => (objects, Rc::clone(here)),
        Err(_) => {
            let file = folder.name_of(entry);
            let objects = objects::of_text(folder.text(entry)?, budget);
            (objects.map_err(|fault| blame(fault, &file, &Node::null()))?, file)
        }
    };
    Ok(plain(Form::Strategic(objects), None, file))
}

/// An entry of `patchesJson6902`.
pub(crate) fn json6902(
    target: Option<&Selector>,
    path: &str,
    text: &str,
    folder: &Folder<'_>,
    here: &Rc<str>,
    budget: &Budget,
) -> Outcome<Ready> {
    let target = target.filter(|target| !target.name.is_empty());
    let Some(target) = target else {
        return Err(Fault::field("an entry of `patchesJson6902` needs a `target` with a `name`"));
    };
    let (text, file) = match (path.is_empty(), text.is_empty()) {
        (true, true) => return Err(Fault::field("a patch needs `path` or `patch`")),
        (false, false) => return Err(Fault::field("a patch has `path` or `patch`, not both")),
        (true, false) => (text, Rc::clone(here)),
        (false, true) => (folder.text(path)?, folder.name_of(path)),
    };
    let operations = json_operations(text, budget).map_err(|fault| blame(fault, &file, &Node::null()))?;
    if operations.is_empty() {
        let message = format!("the patch for {} has no operations", quoted(&target.name));
        return Err(blame(Fault::step(message), &file, &Node::null()));
    }
    Ok(plain(Form::Json(operations), Some(target.clone()), file))
}

fn plain(form: Form, target: Option<Selector>, file: Rc<str>) -> Ready {
    Ready { form, target, allows_name_change: false, allows_kind_change: false, file }
}

/// A text that starts with `[` is JSON; anything else YAML.
fn json_operations(text: &str, budget: &Budget) -> Outcome<Vec<json_patch::Operation>> {
    if text.is_empty() {
        return Err(Fault::step("expected operations, found nothing"));
    }
    budget.spend(text.len() as u64)?;
    if text.starts_with('[') {
        let value = serde_json::from_str(text).map_err(|error| {
            let line = u32::try_from(error.line()).unwrap_or(0);
            let column = u32::try_from(error.column()).unwrap_or(0);
            Fault::step("expected JSON, since the patch starts with `[`").at("", line, column)
        })?;
        return json_patch::decode(&value);
    }
    let node = read::document(text, Words::Legacy, budget)?.unwrap_or_else(Node::null);
    json_patch::decode(&to_json(&legacy(node))?)
}

/// With the rules of YAML 1.1 dates are text and keys are what JSON has for them, and the last of two equal keys
/// counts.
pub(crate) fn legacy(mut node: Node) -> Node {
    use super::node::{Shape, Tag};
    match &mut node.shape {
        Shape::Scalar(scalar) => {
            if scalar.tag == Tag::Timestamp {
                scalar.tag = Tag::Text;
            } else if scalar.tag == Tag::Bool
                && let super::scalar::Meaning::Bool(value) = super::scalar::resolve(&scalar.text, Words::Legacy)
            {
                scalar.text = value.to_string();
            }
        }
        Shape::List(items) => {
            for item in items {
                *item = legacy(std::mem::replace(item, Node::null()));
            }
        }
        Shape::Map(fields) => {
            let mut kept: Vec<super::node::Field> = Vec::with_capacity(fields.len());
            let mut places: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
            for mut field in fields.drain(..) {
                field.key.tag = Tag::Text;
                field.value = legacy(field.value);
                match places.get(&field.key.text).and_then(|index| kept.get_mut(*index)) {
                    Some(slot) => *slot = field,
                    None => {
                        places.insert(field.key.text.clone(), kept.len());
                        kept.push(field);
                    }
                }
            }
            *fields = kept;
        }
    }
    node
}
