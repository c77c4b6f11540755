//! `add`: an entry of the component file.

use seaway_core::{
    diagnostic::{Diagnostic, codes, excerpt},
    yaml::{Node, Yaml},
};
use serde_json::{Map, Value};

use super::{Draft, Edited, items::Items, splice};
use crate::{
    Tree,
    hld::{Profile, plain},
};

/// Branch of an entry that names neither branch nor version, as in the original.
const BRANCH: &str = "master";

/// What is to be added.
#[derive(Clone, Debug, Default)]
pub struct NewEntry<'a> {
    /// Name; an entry of this name is replaced.
    pub name: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// Type; empty = `component`.
    pub kind: &'a str,
    /// How it is fetched; empty = `git`.
    pub method: &'a str,
    /// Folder or chart in the source.
    pub path: &'a str,
    /// Branch.
    pub branch: &'a str,
    /// Commit, tag or chart version.
    pub version: &'a str,
}

impl NewEntry<'_> {
    /// Keys and values in the order in which they are written.
    fn fields(&self) -> Vec<(&'static str, &str)> {
        let or = |text, default| if str::is_empty(text) { default } else { text };
        let method = or(self.method, "git");
        let branch = match (method, self.version) {
            ("git", "") => or(self.branch, BRANCH),
            // A version says it all; a branch that the repository may not have would only make the fetch fail.
            ("git", _) => self.branch,
            _ => "",
        };
        let fields = [
            ("name", self.name),
            ("type", or(self.kind, "component")),
            ("source", self.source),
            ("method", method),
            ("path", self.path),
            ("version", self.version),
            ("branch", branch),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// Adds or replaces an entry of the component in a folder and sorts the entries. Without a component file one is made
/// that is named `folder_name`.
///
/// # Errors
/// When the component file cannot be read or the entry is not complete.
pub fn add(
    tree: &Tree,
    folder: &str,
    folder_name: &str,
    profile: Profile,
    entry: &NewEntry<'_>,
) -> Result<Edited, Vec<Diagnostic>> {
    let is_bad = |name: &str| name.is_empty() || matches!(name, "." | "..") || name.contains(['/', '\\']);
    if is_bad(entry.name) {
        let message = format!("`{}` cannot be the name of a component", excerpt(entry.name));
        return Err(vec![Diagnostic::error(codes::HLD_BAD_NAME, message)]);
    }
    if entry.source.is_empty() {
        let message = "a component needs a source";
        return Err(vec![Diagnostic::error(codes::HLD_EDIT, message).help("say `--source URL`, or a folder")]);
    }
    let mut draft = Draft::open(tree, folder, "component", profile)?;
    if !entry.branch.is_empty() && !matches!(entry.method, "" | "git") {
        let message = format!("`branch` is left out: `method: {}` has none", excerpt(entry.method));
        draft.remarks.push(Diagnostic::warning(codes::HLD_EDIT, message));
    }
    if draft.is_new {
        draft.text = format!("name: {}\ntype: component\n", plain::yaml(folder_name));
    }
    let node = draft.read()?;
    let mut meant = node.to_json();
    let Value::Object(map) = &mut meant else {
        return Err(draft.refuse(format!("expected a component, found {}", node.kind()), ""));
    };
    map.entry("type").or_insert_with(|| Value::String("component".to_owned()));
    put(map, entry).map_err(|kind| draft.refuse(format!("expected `subcomponents` to be a list, found {kind}"), ""))?;
    let changed = if draft.is_json { None } else { change(&draft.text, &node, entry) };
    draft.take(changed, &meant)?;
    Ok(draft.done())
}

fn put(map: &mut Map<String, Value>, entry: &NewEntry<'_>) -> Result<(), &'static str> {
    let fields = entry.fields().into_iter().map(|(key, value)| (key.to_owned(), Value::String(value.to_owned())));
    let list = map.entry("subcomponents").or_insert(Value::Null);
    if list.is_null() {
        *list = Value::Array(Vec::new());
    }
    let Value::Array(list) = list else { return Err("something else") };
    list.retain(|other| name_of(other) != entry.name);
    list.push(Value::Object(fields.collect()));
    list.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    Ok(())
}

pub(super) fn name_of(entry: &Value) -> &str {
    entry.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn lines(indent: usize, entry: &NewEntry<'_>) -> String {
    let field = |(index, (key, value)): (usize, (&str, &str))| {
        let lead = if index == 0 { "- " } else { "  " };
        format!("{:indent$}{lead}{key}: {}\n", "", plain::yaml(value))
    };
    entry.fields().into_iter().enumerate().map(field).collect()
}

fn change(text: &str, root: &Node, entry: &NewEntry<'_>) -> Option<String> {
    let text = match (root.get("type"), root.entry("name")) {
        (Some(_), _) => text.to_owned(),
        (None, Some(name)) if text[..name.key.span.offset].lines().all(|line| !line.starts_with('{')) => {
            let end = splice::line_end(text, splice::end_of(text, &name.value).max(name.key.span.offset));
            format!("{}\ntype: component{}", &text[..end], &text[end..])
        }
        (None, _) => splice::set(text, root, &["type".to_owned()], &Value::String("component".to_owned()))?,
    };
    let root = super::parse("component", &text).ok()?;
    let list = root.entry("subcomponents");
    let is_empty = list.is_none_or(|list| match &list.value.value {
        Yaml::Null => true,
        Yaml::List(items) => items.is_empty(),
        _ => false,
    });
    if !is_empty {
        let mut items = Items::cut(&text, &root)?;
        let indent = items.indent;
        items.items.retain(|(name, _)| name != entry.name);
        items.items.push((entry.name.to_owned(), lines(indent, entry)));
        items.sort();
        return Some(items.to_text());
    }
    match list {
        Some(list) => {
            let start = text[..list.key.span.offset].rfind('\n').map_or(0, |end| end + 1);
            let end = (splice::line_end(&text, splice::end_of(&text, &list.value).max(start)) + 1).min(text.len());
            Some(format!("{}subcomponents:\n{}{}", &text[..start], lines(0, entry), &text[end..]))
        }
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            Some(format!("{text}{gap}subcomponents:\n{}", lines(0, entry)))
        }
    }
}
