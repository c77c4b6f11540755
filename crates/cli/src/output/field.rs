//! One field that differs: old → new, or a line difference for long texts.

use seaway_core::plan::FieldChange;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::text::{fit, printable, width};
use crate::terminal::{Paint, Role};

/// Most lines of one text's difference, unless everything is asked for.
const DIFFERENCE_LINES_MAX: usize = 12;

/// How much to show.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Columns in all.
    pub columns: usize,
    /// Spaces before each line.
    pub indent: usize,
    /// Whether nothing is cut.
    pub is_whole: bool,
}

/// The lines of one field.
pub fn lines(field: &FieldChange, room: Room, paint: Paint) -> Vec<String> {
    let indent = " ".repeat(room.indent);
    let path = printable(&field.path);
    if field.sensitive {
        return vec![format!("{indent}{path}  {}", paint.apply(Role::Dim, "(sensitive)"))];
    }
    if let (Some(Value::String(before)), Some(Value::String(after))) = (&field.before, &field.after)
        && (before.contains('\n') || after.contains('\n'))
    {
        let mut lines = vec![format!("{indent}{path}")];
        lines.extend(difference(before, after, room, paint));
        return lines;
    }
    let shown =
        |value: &Option<Value>| value.as_ref().map_or_else(|| "(absent)".to_owned(), |value| text_of(value, room));
    let (before, after) = match (&field.before, &field.after) {
        (None, None) => return vec![format!("{indent}{path}  changes")],
        (before, after) => (shown(before), shown(after)),
    };
    let (old, new) = (paint.apply(Role::Bad, &before), paint.apply(Role::Good, &after));
    if width(&indent) + width(&path) + width(&before) + width(&after) + "   → ".len() <= room.columns {
        return vec![format!("{indent}{path}  {old} → {new}")];
    }
    vec![format!("{indent}{path}"), format!("{indent}  - {old}"), format!("{indent}  + {new}")]
}

/// A value on a line of its own.
fn text_of(value: &Value, room: Room) -> String {
    let text = printable(&value.to_string());
    if room.is_whole { text } else { fit(&text, room.columns.saturating_sub(room.indent + 4).max(40)) }
}

fn difference(before: &str, after: &str, room: Room, paint: Paint) -> Vec<String> {
    let indent = " ".repeat(room.indent + 2);
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(1) {
        if !lines.is_empty() {
            lines.push(format!("{indent}{}", paint.apply(Role::Dim, "…")));
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ('-', Some(Role::Bad)),
                ChangeTag::Insert => ('+', Some(Role::Good)),
                ChangeTag::Equal => (' ', None),
            };
            let text = format!("{sign} {}", printable(change.value().trim_end_matches('\n')));
            let text = if room.is_whole { text } else { fit(&text, room.columns.saturating_sub(indent.len()).max(20)) };
            lines.push(format!("{indent}{}", role.map_or(text.clone(), |role| paint.apply(role, &text))));
        }
    }
    let more = lines.len().saturating_sub(DIFFERENCE_LINES_MAX);
    if !room.is_whole && more > 0 {
        lines.truncate(DIFFERENCE_LINES_MAX);
        lines.push(format!("{indent}{}", paint.apply(Role::Dim, &format!("… {more} more lines; -v shows them"))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn show(before: Option<Value>, after: Option<Value>) -> String {
        let field = FieldChange { path: "data.x".to_owned(), before, after, sensitive: false };
        lines(&field, Room { columns: 60, indent: 2, is_whole: false }, Paint::plain()).join("\n")
    }

    #[test]
    fn values_of_all_shapes() {
        assert_eq!(show(Some(json!(1)), Some(json!("1"))), "  data.x  1 → \"1\"");
        assert_eq!(show(None, Some(json!({"a": [true]}))), "  data.x  (absent) → {\"a\":[true]}");
        assert_eq!(show(Some(json!(null)), None), "  data.x  null → (absent)");
        assert_eq!(show(Some(json!("\u{1b}[2J")), None), "  data.x  \"\\u001b[2J\" → (absent)");
        let long = "x".repeat(500);
        let shown = show(None, Some(json!(long)));
        assert!(shown.lines().count() == 3 && shown.lines().all(|line| width(line) <= 60), "{shown}");
    }

    #[test]
    fn long_texts_by_line() {
        let before: String = (0..40).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 3\n", "line three\n").replace("line 30\n", "");
        insta::assert_snapshot!(show(Some(json!(before)), Some(json!(after))));
    }
}
