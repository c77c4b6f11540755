//! Paths of replacements and variables: `spec.containers.[name=web].image`, `data.[a.b]`, `items.*.x`, `list.0`.

use super::{
    budget::Budget,
    fault::{Fault, Outcome, quoted},
    field_spec::split_path,
    node::{Field, Key, Node, Shape, Tag},
    select::Pattern,
};

/// Most parts of a path.
const PARTS_MAX: usize = 100;
/// Most fields that one path may lead to.
const MATCHES_MAX: usize = 100_000;

/// Splits at dots that are neither escaped nor in brackets. Brackets without `=` only protect.
pub(crate) fn split(path: &str) -> Outcome<Vec<String>> {
    let parts = split_path(path, '.');
    let mut found = Vec::new();
    let mut rest = parts.into_iter();
    while let Some(part) = rest.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            found.push(part);
            continue;
        }
        let mut whole = part;
        for more in rest.by_ref() {
            whole.push('.');
            whole.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        found.push(if whole.contains('=') { whole } else { whole.trim_matches(['[', ']']).to_owned() });
    }
    if found.len() > PARTS_MAX {
        return Err(Fault::field(format!("the path {} has more than {PARTS_MAX} parts", quoted(path))));
    }
    Ok(found)
}

fn is_list_key(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

fn index(part: &str) -> Option<usize> {
    part.strip_prefix('+').unwrap_or(part).parse().ok()
}

/// `[key=value]`.
fn list_key(part: &str) -> Outcome<(&str, &str)> {
    let inner = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
    inner
        .split_once('=')
        .ok_or_else(|| Fault::field(format!("expected `[field=value]` for an item of a list, found {}", quoted(part))))
}

/// The field that a path leads to.
pub(crate) fn lookup<'a>(node: &'a Node, path: &[String]) -> Outcome<Option<&'a Node>> {
    let mut node = node;
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        if node.is_null() {
            return Ok(None);
        }
        let found = if let Some(index) = index(part) {
            list(node)?.get(index)
        } else if part == "-" {
            list(node)?.last()
        } else if part == "*" {
            return Err(Fault::field("`*` cannot stand in a path that leads to one field"));
        } else if is_list_key(part) {
            let (key, value) = list_key(part)?;
            let is_it = |item: &&Node| match key {
                "" => item.raw() == value,
                key => item.get(key).is_some_and(|own| own.raw() == value),
            };
            list(node)?.iter().find(is_it)
        } else if !node.is_map() {
            return Err(not("a mapping", node, part));
        } else {
            node.get(part)
        };
        match found {
            Some(found) => node = found,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn list(node: &Node) -> Outcome<&[Node]> {
    match &node.shape {
        Shape::List(items) => Ok(items),
        Shape::Scalar(_) | Shape::Map(_) => Err(not("a list", node, "an item")),
    }
}

fn not(wanted: &str, node: &Node, part: &str) -> Box<Fault> {
    let message = format!("expected {wanted} at `{}`, found {}", seaway_core::diagnostic::excerpt(part), node.kind());
    Fault::step(message).at("", node.line, node.column)
}

/// What is made at the end of a path that leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Made {
    Nothing,
    Scalar,
    List,
    Map,
}

impl Made {
    pub(crate) fn like(node: &Node) -> Self {
        match &node.shape {
            Shape::Scalar(_) => Self::Scalar,
            Shape::List(_) => Self::List,
            Shape::Map(_) => Self::Map,
        }
    }

    fn node(self) -> Node {
        match self {
            Self::Nothing | Self::Scalar => Node::scalar("", Tag::Open),
            Self::List => Node::list(),
            Self::Map => Node::map(),
        }
    }

    /// For a part that is followed by another one.
    fn before(self, next: Option<&String>) -> Node {
        match next {
            Some(next) if is_list_key(next) || index(next).is_some() => Node::list(),
            Some(next) if !next.is_empty() => Node::map(),
            _ => self.node(),
        }
    }
}

/// Calls a function on every field that a path leads to, and says how many there were.
pub(crate) fn visit(
    node: &mut Node,
    path: &[String],
    made: Made,
    budget: &Budget,
    set: &mut dyn FnMut(&mut Node) -> Outcome<()>,
) -> Outcome<usize> {
    // First the places, since an error anywhere leaves all fields as they are.
    let mut walk = Walk { made, budget, places: Vec::new(), here: Vec::new() };
    walk.step(node, path)?;
    for place in &walk.places {
        if let Some(found) = at_mut(node, place) {
            set(found)?;
        }
    }
    Ok(walk.places.len())
}

fn at_mut<'a>(node: &'a mut Node, place: &[usize]) -> Option<&'a mut Node> {
    place.iter().try_fold(node, |node, index| match &mut node.shape {
        Shape::List(items) => items.get_mut(*index),
        Shape::Map(fields) => fields.get_mut(*index).map(|field| &mut field.value),
        Shape::Scalar(_) => None,
    })
}

struct Walk<'a> {
    made: Made,
    budget: &'a Budget,
    places: Vec<Vec<usize>>,
    here: Vec<usize>,
}

impl Walk<'_> {
    fn step(&mut self, node: &mut Node, path: &[String]) -> Outcome<()> {
        self.budget.spend(48)?;
        let Some((part, rest)) = path.split_first() else {
            if self.places.len() >= MATCHES_MAX {
                return Err(super::budget::too_large("the path leads to too many fields"));
            }
            self.budget.spend(self.here.len() as u64)?;
            self.places.push(self.here.clone());
            return Ok(());
        };
        if let Some(index) = index(part) {
            self.by_index(node, index, rest)
        } else if is_list_key(part) {
            self.by_key(node, part, rest)
        } else if part == "*" {
            self.every(node, rest)
        } else {
            self.field(node, part, rest)
        }
    }

    fn down(&mut self, index: usize, node: &mut Node, rest: &[String]) -> Outcome<()> {
        self.here.push(index);
        let done = self.step(node, rest);
        self.here.pop();
        done
    }

    fn field(&mut self, node: &mut Node, name: &str, rest: &[String]) -> Outcome<()> {
        if node.is_null() {
            return Ok(());
        }
        if !node.is_map() {
            return Err(not("a mapping", node, name));
        }
        let made = self.made;
        let Some(fields) = node.fields_mut() else { return Ok(()) };
        let index = match fields.iter().position(|field| field.key.text == name) {
            Some(index) => index,
            None if made == Made::Nothing => return Ok(()),
            None => {
                fields.push(Field { key: Key::open(name), value: made.before(rest.first()) });
                fields.len() - 1
            }
        };
        match fields.get_mut(index) {
            Some(field) => self.down(index, &mut field.value, rest),
            None => Ok(()),
        }
    }

    fn by_index(&mut self, node: &mut Node, index: usize, rest: &[String]) -> Outcome<()> {
        let made = self.made;
        let items = items_mut(node)?;
        if items.len() == index && made != Made::Nothing {
            items.push(made.before(rest.first()));
        }
        let len = items.len();
        match items.get_mut(index) {
            Some(item) => self.down(index, item, rest),
            None => Err(Fault::step(format!("there is no item {index} in a list of {len}"))),
        }
    }

    fn every(&mut self, node: &mut Node, rest: &[String]) -> Outcome<()> {
        if node.is_null() {
            return Ok(());
        }
        let items = items_mut(node)?;
        for (index, item) in items.iter_mut().enumerate() {
            self.down(index, item, rest)?;
        }
        Ok(())
    }

    /// The value in brackets is a pattern that may match anywhere in the text.
    fn by_key(&mut self, node: &mut Node, part: &str, rest: &[String]) -> Outcome<()> {
        let (key, pattern) = list_key(part)?;
        let matcher = Pattern::compile(pattern, self.budget)?;
        let before = self.places.len();
        let is_missing = node.is_null();
        if !is_missing {
            for (index, item) in items_mut(node)?.iter_mut().enumerate() {
                let text = if key.is_empty() { Some(written(item)) } else { item.get(key).map(written) };
                let Some(text) = text else { continue };
                if matcher.is_match(&text, self.budget)? {
                    // A plain item ends the path, whatever follows.
                    self.down(index, item, if key.is_empty() { &[] } else { rest })?;
                }
            }
        }
        if self.places.len() > before || self.made == Made::Nothing || is_missing {
            return Ok(());
        }
        let mut item = Node::scalar(pattern, Tag::Open);
        if !key.is_empty() {
            item = Shape::Map(vec![Field { key: Key::open(key), value: item }]).into();
        }
        if !matcher.is_match(pattern, self.budget)? {
            return Err(Fault::step(format!("no item can be made for the pattern {}", quoted(part))));
        }
        let items = items_mut(node)?;
        items.push(item);
        let index = items.len() - 1;
        match items.get_mut(index) {
            Some(item) => self.down(index, item, if key.is_empty() { &[] } else { rest }),
            None => Ok(()),
        }
    }
}

/// A scalar as it stands in YAML.
fn written(node: &Node) -> String {
    match node.as_scalar() {
        Some(scalar) if scalar.is_quoted && scalar.tag != Tag::Open => format!("\"{}\"", scalar.text),
        Some(scalar) => scalar.text.trim().to_owned(),
        None => String::new(),
    }
}

fn items_mut(node: &mut Node) -> Outcome<&mut Vec<Node>> {
    let fault = not("a list", node, "an item");
    node.items_mut().ok_or(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_outside_of_brackets() {
        for (path, expected) in [
            ("a.b.c", vec!["a", "b", "c"]),
            ("a.[b.c].d", vec!["a", "b.c", "d"]),
            ("a.[name=b.c].d", vec!["a", "[name=b.c]", "d"]),
            (r"a.b\.c", vec!["a", "b.c"]),
            ("a.0.*", vec!["a", "0", "*"]),
        ] {
            assert_eq!(split(path).unwrap(), expected, "{path}");
        }
    }
}
