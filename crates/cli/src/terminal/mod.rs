//! The terminal: whether there is one, how large it is, colours, and redrawing.

mod paint;
mod screen;

use std::io::IsTerminal;

pub use paint::{ColorChoice, Paint, Role};
pub use screen::Screen;

/// Size that is assumed when a terminal does not say.
pub const SIZE_ASSUMED: Size = Size { columns: 80, rows: 24 };

/// Size of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Characters in a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
}

/// Size of the terminal that standard output is; `None` = it is not one.
pub fn size() -> Option<Size> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = terminal_size::terminal_size_of(&stdout)
        .map(|(columns, rows)| Size { columns: columns.0.into(), rows: rows.0.into() })
        .filter(|size| size.columns > 0 && size.rows > 0);
    Some(size.unwrap_or(SIZE_ASSUMED))
}

/// Whether a person can be asked: input and messages both are a terminal.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether the terminal understands cursor movements.
pub fn can_redraw() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
