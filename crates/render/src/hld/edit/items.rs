//! The list of subcomponents in a YAML text, item by item.

use seaway_core::yaml::{Node, Yaml};

use super::splice::{end_of, line_end};

/// The text of a file around its list, and the items with the comments above them.
pub(super) struct Items {
    pub(super) before: String,
    /// Name and lines.
    pub(super) items: Vec<(String, String)>,
    pub(super) after: String,
    /// Spaces before each `-`.
    pub(super) indent: usize,
}

impl Items {
    /// Cuts a text. `None` when the list is not one item per `-` at the start of a line.
    pub(super) fn cut(text: &str, root: &Node) -> Option<Self> {
        let entry = root.entry("subcomponents")?;
        let items = match &entry.value.value {
            Yaml::List(items) if !items.is_empty() => items,
            _ => return None,
        };
        let mut starts = Vec::new();
        let mut indent = None;
        for item in items {
            let line = text[..item.span.offset].rfind('\n').map_or(0, |end| end + 1);
            let lead = &text[line..item.span.offset];
            let spaces = lead.len() - lead.trim_start_matches(' ').len();
            if lead.trim() != "-" || *indent.get_or_insert(spaces) != spaces {
                return None;
            }
            starts.push(with_comments(text, line));
        }
        let end = (line_end(text, end_of(text, &entry.value)) + 1).min(text.len());
        let ends = starts.iter().skip(1).copied().chain([end]);
        let mut cut = Vec::new();
        for ((start, end), item) in starts.iter().zip(ends).zip(items) {
            let name = item.get("name").and_then(Node::text).unwrap_or_default();
            let mut lines = text.get(*start..end)?.to_owned();
            if !lines.ends_with('\n') {
                lines.push('\n');
            }
            cut.push((name.to_owned(), lines));
        }
        let before = text[..*starts.first()?].to_owned();
        Some(Self { before, items: cut, after: text[end..].to_owned(), indent: indent? })
    }

    /// By name, as the original orders entries.
    pub(super) fn sort(&mut self) {
        self.items.sort_by(|a, b| a.0.cmp(&b.0));
    }

    pub(super) fn to_text(&self) -> String {
        let items: String = self.items.iter().map(|(_, lines)| lines.as_str()).collect();
        format!("{}{items}{}", self.before, self.after)
    }
}

/// The start of the comment lines directly above a line.
fn with_comments(text: &str, line: usize) -> usize {
    let mut start = line;
    while start > 0 {
        let above = text[..start - 1].rfind('\n').map_or(0, |end| end + 1);
        if !text[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}
