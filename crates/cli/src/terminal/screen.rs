//! A block of lines at the end of the terminal that is redrawn in place.
//!
//! Only lines that changed are written, all in one write, so that a slow connection does not flicker. The
//! cursor stays visible and nothing of the terminal's state is changed: a process that is killed leaves nothing
//! to repair.

use crate::output::text;

/// What is on the terminal now.
#[derive(Debug, Default)]
pub struct Screen {
    lines: Vec<String>,
    columns: usize,
}

impl Screen {
    /// The bytes that turn what is shown into `lines`. Lines are expected to fit; longer ones are cut.
    pub fn draw(&mut self, lines: Vec<String>, columns: usize) -> String {
        let mut out = String::new();
        let is_resized = columns != self.columns;
        if is_resized && !self.lines.is_empty() {
            // The terminal has wrapped the old lines anew: go back over all rows that they take now.
            let rows: usize = self.lines.iter().map(|line| text::width(line).div_ceil(columns.max(1)).max(1)).sum();
            out += &up(rows);
            out += "\r\u{1b}[J";
            self.lines.clear();
        }
        out += &up(self.lines.len());
        for (i, line) in lines.iter().enumerate() {
            if self.lines.get(i) == Some(line) {
                out += "\u{1b}[1B\r";
            } else {
                out += &format!("\r{line}\u{1b}[K\n");
            }
        }
        if lines.len() < self.lines.len() {
            out += "\r\u{1b}[J";
        }
        let is_unchanged = !is_resized && lines == self.lines;
        self.lines = lines;
        self.columns = columns;
        if is_unchanged { String::new() } else { out }
    }

    /// Takes nothing that is shown for granted: a terminal echoes keys such as `^C` into the picture.
    pub fn distrust(&mut self) {
        // No line that is drawn is equal to this one, which has the width of what it stands for.
        self.lines.iter_mut().for_each(|line| line.push('\u{0}'));
    }

    /// The bytes that remove the block, so that something can be printed above the next one.
    pub fn clear(&mut self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let out = format!("{}\r\u{1b}[J", up(self.lines.len()));
        self.lines.clear();
        out
    }
}

fn up(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!("\u{1b}[{rows}A") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn writes_only_what_changed() {
        let mut screen = Screen::default();
        assert_eq!(screen.draw(lines(&["a", "b"]), 80), "\ra\u{1b}[K\n\rb\u{1b}[K\n");
        assert_eq!(screen.draw(lines(&["a", "b"]), 80), "");
        assert_eq!(screen.draw(lines(&["a", "c"]), 80), "\u{1b}[2A\u{1b}[1B\r\rc\u{1b}[K\n");
        assert_eq!(screen.draw(lines(&["a"]), 80), "\u{1b}[2A\u{1b}[1B\r\r\u{1b}[J");
    }

    #[test]
    fn a_distrusted_screen_is_drawn_whole() {
        let mut screen = Screen::default();
        screen.draw(lines(&["a", "b"]), 80);
        screen.distrust();
        assert_eq!(screen.draw(lines(&["a", "b"]), 80), "\u{1b}[2A\ra\u{1b}[K\n\rb\u{1b}[K\n");
    }

    #[test]
    fn a_narrower_terminal_is_drawn_anew() {
        let mut screen = Screen::default();
        screen.draw(lines(&["123456", "ab"]), 10);
        // Six characters take two rows of four.
        assert_eq!(screen.draw(lines(&["1234"]), 4), "\u{1b}[3A\r\u{1b}[J\r1234\u{1b}[K\n");
    }
}
