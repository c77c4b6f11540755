//! From the text of a file to the objects in it.

use super::{
    budget::{Budget, RESOURCES_MAX, too_large},
    fault::{Fault, Outcome},
    json::{from_json_exact, to_json},
    node::Node,
    read,
    resource::check,
};

/// The objects of a text; lists stand for their items.
pub(crate) fn of_text(text: &str, budget: &Budget) -> Outcome<Vec<Node>> {
    let mut documents = read::documents(text, budget)?;
    let is_list = |node: &Node| matches!(node.get("kind").map_or("", Node::raw), "List" | "ResourceList");
    if let [only] = documents.as_mut_slice() {
        // A list that is alone in its file is opened first, whatever else is in it.
        let has_items = only.get("items").is_some() || only.get("functionConfig").is_some();
        if is_list(only) && has_items {
            let items = only.remove("items");
            documents = items.and_then(|mut items| items.items_mut().map(std::mem::take)).unwrap_or_default();
        }
    }
    check_all(&mut documents)?;
    open_lists(documents, budget)
}

fn check_all(nodes: &mut Vec<Node>) -> Outcome<()> {
    nodes.retain(|node| !node.is_empty());
    nodes.iter().try_for_each(check)
}

/// Kinds that end in `List` and have items are lists; the items come after everything else.
fn open_lists(nodes: Vec<Node>, budget: &Budget) -> Outcome<Vec<Node>> {
    let mut waiting = std::collections::VecDeque::from(nodes);
    let mut found = Vec::new();
    while let Some(node) = waiting.pop_front() {
        let is_list = node.get("kind").is_some_and(|kind| kind.raw().ends_with("List"));
        let items = if is_list { node.get("items") } else { None };
        let Some(items) = items else {
            found.push(node);
            if found.len() > RESOURCES_MAX {
                return Err(too_large(format!("the file has more than {RESOURCES_MAX} objects")));
            }
            continue;
        };
        if items.is_null() {
            continue;
        }
        if items.as_scalar().is_some() || items.is_map() {
            let message = format!("expected `items` to be a list, found {}", items.kind());
            return Err(Fault::step(message).at("", items.line, items.column));
        }
        budget.spend(items.weight())?;
        let mut inner = Vec::new();
        for item in items.items() {
            let (line, column) = (item.line, item.column);
            let mut node = from_json_exact(&to_json(item)?);
            (node.line, node.column) = (line, column);
            inner.push(node);
        }
        check_all(&mut inner)?;
        waiting.extend(inner);
    }
    Ok(found)
}
