//! Tables for people: columns as wide as needed, no frame, so that `awk` and eyes read them alike.

use super::text;
use crate::terminal::{Paint, Role};

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    role: Option<Role>,
}

impl Cell {
    /// A cell in a colour.
    pub fn colored(text: impl AsRef<str>, role: Role) -> Self {
        Self { text: text::printable(text.as_ref()), role: Some(role) }
    }
}

impl<S: AsRef<str>> From<S> for Cell {
    fn from(text: S) -> Self {
        Self { text: text::printable(text.as_ref()), role: None }
    }
}

/// Rows under a head, each line ending with a line break. The last column is not padded.
pub fn table(head: &[&str], rows: &[Vec<Cell>], paint: Paint) -> String {
    let head: Vec<Cell> = head.iter().map(|name| Cell::colored(name, Role::Dim)).collect();
    columns(std::iter::once(&head).chain(rows), 3, paint)
}

/// Rows without a head.
pub fn columns<'a>(rows: impl Iterator<Item = &'a Vec<Cell>> + Clone, gap: usize, paint: Paint) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows.clone() {
        for (i, cell) in row.iter().enumerate() {
            let width = text::width(&cell.text);
            match widths.get_mut(i) {
                Some(widest) => *widest = (*widest).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let painted = cell.role.map_or_else(|| cell.text.clone(), |role| paint.apply(role, &cell.text));
            let is_last = row[i + 1..].iter().all(|cell| cell.text.is_empty());
            line += &if is_last { painted } else { text::pad(&painted, widths[i] + gap) };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_and_without_colour() {
        let rows = vec![
            vec![Cell::from("prod"), Cell::colored("Running", Role::Good), Cell::from("x")],
            vec![Cell::from("日本"), Cell::from("Failed"), Cell::from("")],
        ];
        insta::assert_snapshot!(table(&["NAME", "PHASE", "WHY"], &rows, Paint::plain()), @r"
        NAME   PHASE     WHY
        prod   Running   x
        日本   Failed
        ");
        assert!(table(&["NAME"], &rows, Paint::colored()).contains("\u{1b}[32mRunning\u{1b}[0m   x"));
    }
}
