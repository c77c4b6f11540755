//! The writer's page: where the pen stands, and how a scalar is laid down.
//!
//! The rules are libyaml's, whose bytes Go inherits: a break is written late, when it is known what follows.

use super::scalar::{Analysis, is_break, is_printable};

/// Spaces per level.
const INDENT: usize = 2;
/// Columns after which a text is folded at the next space, unless folding is off.
const WIDTH: usize = 80;

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ScalarStyle {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// Output under construction.
pub(crate) struct Page {
    pub(crate) text: String,
    /// Column in characters, from 0.
    column: usize,
    /// Columns before which the current collection stands; `None` before the first one.
    pub(crate) indent: Option<usize>,
    /// Whether the last thing written was white space.
    is_white: bool,
    /// Whether the line so far holds only indentation and indicators that count as such.
    pub(crate) is_indention: bool,
    folds: bool,
}

impl Page {
    pub(crate) fn new(folds: bool) -> Self {
        Self { text: String::new(), column: 0, indent: None, is_white: true, is_indention: true, folds }
    }

    /// One level further in, and what to set back afterwards. Lists in a mapping stand at its own level.
    pub(crate) fn deeper(&mut self, is_flow: bool, is_indentless: bool) -> Option<usize> {
        let before = self.indent;
        self.indent = match before {
            None => Some(if is_flow { INDENT } else { 0 }),
            Some(indent) if is_indentless => Some(indent),
            Some(indent) => Some(indent + INDENT),
        };
        before
    }

    pub(crate) fn indicator(&mut self, text: &str, needs_white: bool, is_white: bool, is_indention: bool) {
        if needs_white && !self.is_white {
            self.put(' ');
        }
        self.text.push_str(text);
        self.column += text.len();
        self.is_white = is_white;
        self.is_indention &= is_indention;
    }

    /// Goes to the start of the current level, on a new line unless the pen stands there already.
    pub(crate) fn line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.is_indention || self.column > indent || (self.column == indent && !self.is_white) {
            self.new_line();
        }
        for _ in self.column..indent {
            self.text.push(' ');
        }
        self.column = self.column.max(indent);
        self.is_white = true;
        self.is_indention = true;
    }

    /// A scalar; one that is a key is never folded.
    pub(crate) fn scalar(&mut self, text: &str, style: ScalarStyle, is_key: bool) {
        let before = self.deeper(true, false);
        match style {
            ScalarStyle::Plain => self.plain(text, !is_key),
            ScalarStyle::SingleQuoted => self.single_quoted(text, !is_key),
            ScalarStyle::DoubleQuoted => self.double_quoted(text, !is_key),
            ScalarStyle::Literal => self.literal(text),
        }
        self.indent = before;
    }

    fn put(&mut self, c: char) {
        self.text.push(c);
        self.column += 1;
    }

    fn new_line(&mut self) {
        self.text.push('\n');
        self.column = 0;
    }

    fn put_break(&mut self, c: char) {
        self.text.push(c);
        self.column = 0;
    }

    fn may_fold(&self, allowed: bool, after_space: bool) -> bool {
        allowed && self.folds && !after_space && self.column > WIDTH
    }

    fn plain(&mut self, text: &str, folds: bool) {
        if !text.is_empty() && !self.is_white {
            self.put(' ');
        }
        self.foldable(text, folds, false);
        self.is_white = false;
        self.is_indention = false;
    }

    fn single_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("'", true, false, false);
        self.foldable(text, folds, true);
        self.indicator("'", false, false, false);
        self.is_white = false;
        self.is_indention = false;
    }

    fn foldable(&mut self, text: &str, folds: bool, is_quoted: bool) {
        if text.is_ascii() && !text.contains([' ', '\'', '\n', '\r']) {
            self.text.push_str(text);
            self.column += text.len();
            return;
        }
        let mut chars = text.char_indices().peekable();
        let (mut after_space, mut after_break) = (false, false);
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if c == ' ' {
                let at_an_end = is_quoted && (at == 0 || next.is_none());
                if self.may_fold(folds, after_space) && !at_an_end && next != Some(' ') {
                    self.line();
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if is_break(c) {
                if !after_break && c == '\n' {
                    self.new_line();
                }
                self.put_break(c);
                self.is_indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.line();
                }
                if is_quoted && c == '\'' {
                    self.put(c);
                }
                self.put(c);
                self.is_indention = false;
                (after_space, after_break) = (false, false);
            }
        }
    }

    fn double_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("\"", true, false, false);
        let mut chars = text.char_indices().peekable();
        let mut after_space = false;
        // Go looks for a byte order mark at the start of the text, whatever character it is at.
        let escapes_all = text.starts_with('\u{feff}');
        while let Some((at, c)) = chars.next() {
            if escapes_all || !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                after_space = false;
            } else if c == ' ' {
                let next = chars.peek().map(|(_, next)| *next);
                if self.may_fold(folds, after_space) && at > 0 && next.is_some() {
                    self.line();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.is_white = false;
        self.is_indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => return self.escape_code(u32::from(c)),
        };
        self.put('\\');
        self.put(short);
    }

    fn escape_code(&mut self, code: u32) {
        let text = match code {
            0..=0xff => format!("\\x{code:02X}"),
            0x100..=0xffff => format!("\\u{code:04X}"),
            _ => format!("\\U{code:08X}"),
        };
        self.column += text.len();
        self.text.push_str(&text);
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        self.hints(text);
        self.new_line();
        self.is_indention = true;
        self.is_white = true;
        let mut after_break = true;
        for c in text.chars() {
            if is_break(c) {
                self.put_break(c);
                self.is_indention = true;
                after_break = true;
            } else {
                if after_break {
                    self.line();
                }
                self.put(c);
                self.is_indention = false;
                after_break = false;
            }
        }
    }

    /// What a reader of the literal block cannot see: indentation when it starts with white space, and how
    /// many breaks it ends with.
    fn hints(&mut self, text: &str) {
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut from_end = text.chars().rev();
        match (from_end.next(), from_end.next()) {
            (Some(last), _) if !is_break(last) => self.indicator("-", false, false, false),
            (Some(_), Some(before)) if !is_break(before) => {}
            (Some(_), _) => self.indicator("+", false, false, false),
            (None, _) => self.indicator("-", false, false, false),
        }
    }
}

/// The style that a text gets when `wanted` is asked for.
pub(crate) fn style_of(text: &str, analysis: Analysis, wanted: ScalarStyle, is_key: bool) -> ScalarStyle {
    let mut style = wanted;
    if is_key && analysis.is_multiline {
        style = ScalarStyle::DoubleQuoted;
    }
    if style == ScalarStyle::Plain && (!analysis.plain || (text.is_empty() && is_key)) {
        style = ScalarStyle::SingleQuoted;
    }
    if style == ScalarStyle::SingleQuoted && !analysis.single_quoted {
        style = ScalarStyle::DoubleQuoted;
    }
    if style == ScalarStyle::Literal && (!analysis.block || is_key) {
        style = ScalarStyle::DoubleQuoted;
    }
    style
}
