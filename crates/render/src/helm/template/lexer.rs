//! Splits a template into tokens as Go's `text/template/parse` does, with the same trimming of white space.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// `{{`
    Open,
    /// `}}`
    Close,
    Space,
    /// `.`
    Dot,
    /// `.name`
    Field,
    /// `$` or `$name`
    Variable,
    /// A function's name.
    Name,
    Keyword(Keyword),
    Bool,
    Nil,
    /// `'x'`
    Char,
    Number,
    /// `"…"`
    Quoted,
    /// `` `…` ``
    Raw,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    /// Any other printable character.
    Other,
    End,
}

/// Words that start a control structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A part of the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset after the last byte.
    pub end: usize,
}

/// Why a template cannot be split into tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub at: usize,
    pub message: String,
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

pub(super) struct Lexer<'s> {
    source: &'s str,
    at: usize,
    inside_action: bool,
    parens: usize,
    /// Where the action that is being read began, for errors.
    action_start: usize,
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

fn is_word(char: char) -> bool {
    if char.is_ascii() {
        return char == '_' || char.is_ascii_alphanumeric();
    }
    char.is_alphabetic() || char.is_numeric()
}

/// Where the next action opens.
fn find_open(text: &str) -> Option<usize> {
    // Looking for one byte is faster than for two, and single braces are rare.
    text.match_indices('{').map(|(at, _)| at).find(|at| text.as_bytes().get(at + 1) == Some(&b'{'))
}

fn is_space_byte(byte: u8) -> bool {
    is_space(char::from(byte))
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, at: 0, inside_action: false, parens: 0, action_start: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Token, Broken> {
        if self.inside_action { self.action() } else { self.text() }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&self, kind: Kind, start: usize) -> Token {
        Token { kind, start, end: self.at }
    }

    fn broken<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Broken> {
        Err(Broken { at, message: message.into() })
    }

    /// Text up to the next action, without the white space that the action trims.
    fn text(&mut self) -> Result<Token, Broken> {
        loop {
            let start = self.at;
            let Some(length) = find_open(self.rest()) else {
                self.at = self.source.len();
                let kind = if start == self.at { Kind::End } else { Kind::Text };
                return Ok(self.token(kind, start));
            };
            let open = start + length;
            let text = &self.source[start..open];
            let trims = has_left_trim(&self.source[open + OPEN.len()..]);
            let text = if trims { text.trim_end_matches(is_space) } else { text };
            if !text.is_empty() {
                self.at = open;
                return Ok(Token { kind: Kind::Text, start, end: start + text.len() });
            }
            self.at = open;
            if let Some(token) = self.open(open, trims)? {
                return Ok(token);
            }
        }
    }

    /// The opening of an action, or nothing after a whole comment.
    fn open(&mut self, open: usize, trims: bool) -> Result<Option<Token>, Broken> {
        self.at += OPEN.len();
        self.action_start = open;
        let inner = self.at + if trims { 2 } else { 0 };
        if self.source[inner..].starts_with("/*") {
            self.at = inner;
            self.comment()?;
            return Ok(None);
        }
        let token = self.token(Kind::Open, open);
        self.at = inner;
        self.inside_action = true;
        self.parens = 0;
        Ok(Some(token))
    }

    fn comment(&mut self) -> Result<(), Broken> {
        let start = self.at;
        let Some(length) = self.source[start + 2..].find("*/") else {
            return self.broken(start, "unclosed comment");
        };
        self.at = start + 2 + length + 2;
        let Some(trims) = self.close() else {
            return self.broken(start, "comment ends before closing delimiter");
        };
        self.skip_close(trims);
        Ok(())
    }

    /// Whether a closing delimiter is here, and whether it trims.
    fn close(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim(rest) && rest[2..].starts_with(CLOSE) {
            Some(true)
        } else {
            rest.starts_with(CLOSE).then_some(false)
        }
    }

    fn skip_close(&mut self, trims: bool) {
        self.at += CLOSE.len() + if trims { 2 } else { 0 };
        if trims {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
        }
    }

    fn action(&mut self) -> Result<Token, Broken> {
        let start = self.at;
        if let Some(trims) = self.close() {
            if self.parens > 0 {
                return self.broken(start, "unclosed left paren");
            }
            let end = start + CLOSE.len() + if trims { 2 } else { 0 };
            self.skip_close(trims);
            self.inside_action = false;
            return Ok(Token { kind: Kind::Close, start: end - CLOSE.len(), end });
        }
        let Some(char) = self.peek() else {
            return self.broken(self.action_start, "unclosed action");
        };
        if is_space(char) {
            return self.space();
        }
        if is_word(char) && !char.is_ascii_digit() {
            return self.word();
        }
        self.at += char.len_utf8();
        match char {
            '=' => Ok(self.token(Kind::Assign, start)),
            ':' if self.peek() == Some('=') => {
                self.at += 1;
                Ok(self.token(Kind::Declare, start))
            }
            ':' => self.broken(start, "expected :="),
            '|' => Ok(self.token(Kind::Pipe, start)),
            '"' => self.quoted(start),
            '`' => self.raw(start),
            '\'' => self.char_constant(start),
            '$' => self.name(Kind::Variable, start),
            '.' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => self.name(Kind::Field, start),
            '+' | '-' | '0'..='9' | '.' => {
                self.at = start;
                self.number(start)
            }
            '(' => {
                self.parens += 1;
                Ok(self.token(Kind::LeftParen, start))
            }
            ')' if self.parens == 0 => self.broken(start, "unexpected right paren"),
            ')' => {
                self.parens -= 1;
                Ok(self.token(Kind::RightParen, start))
            }
            '!'..='~' => Ok(self.token(Kind::Other, start)),
            other => self.broken(start, format!("unrecognized character in action: U+{:04X}", u32::from(other))),
        }
    }

    fn space(&mut self) -> Result<Token, Broken> {
        let start = self.at;
        let length = self.rest().len() - self.rest().trim_start_matches(is_space).len();
        self.at += length;
        // The last space may belong to a closing ` -}}`.
        self.at -= 1;
        if self.close() == Some(true) {
            if length == 1 {
                return self.action();
            }
        } else {
            self.at += 1;
        }
        Ok(self.token(Kind::Space, start))
    }

    fn skip_word(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_word).len();
    }

    fn word(&mut self) -> Result<Token, Broken> {
        let start = self.at;
        self.skip_word();
        self.check_end_of_name()?;
        let kind = match &self.source[start..self.at] {
            "true" | "false" => Kind::Bool,
            "nil" => Kind::Nil,
            "block" => Kind::Keyword(Keyword::Block),
            "break" => Kind::Keyword(Keyword::Break),
            "continue" => Kind::Keyword(Keyword::Continue),
            "define" => Kind::Keyword(Keyword::Define),
            "else" => Kind::Keyword(Keyword::Else),
            "end" => Kind::Keyword(Keyword::End),
            "if" => Kind::Keyword(Keyword::If),
            "range" => Kind::Keyword(Keyword::Range),
            "template" => Kind::Keyword(Keyword::Template),
            "with" => Kind::Keyword(Keyword::With),
            _ => Kind::Name,
        };
        Ok(self.token(kind, start))
    }

    fn name(&mut self, kind: Kind, start: usize) -> Result<Token, Broken> {
        if self.is_at_terminator() {
            let kind = if kind == Kind::Field { Kind::Dot } else { kind };
            return Ok(self.token(kind, start));
        }
        self.skip_word();
        self.check_end_of_name()?;
        Ok(self.token(kind, start))
    }

    fn is_at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(char) => is_space(char) || self.rest().starts_with(CLOSE),
        }
    }

    fn check_end_of_name(&self) -> Result<(), Broken> {
        if self.is_at_terminator() {
            return Ok(());
        }
        let char = self.peek().unwrap_or(' ');
        self.broken(self.at, format!("bad character U+{:04X} {char:?}", u32::from(char)))
    }

    fn quoted(&mut self, start: usize) -> Result<Token, Broken> {
        self.delimited(start, '"', Kind::Quoted, "unterminated quoted string")
    }

    fn char_constant(&mut self, start: usize) -> Result<Token, Broken> {
        self.delimited(start, '\'', Kind::Char, "unterminated character constant")
    }

    fn delimited(&mut self, start: usize, quote: char, kind: Kind, message: &str) -> Result<Token, Broken> {
        loop {
            let Some(char) = self.peek() else {
                return self.broken(start, message);
            };
            self.at += char.len_utf8();
            match char {
                '\n' => return self.broken(start, message),
                '\\' => match self.peek() {
                    None | Some('\n') => return self.broken(start, message),
                    Some(escaped) => self.at += escaped.len_utf8(),
                },
                _ if char == quote => return Ok(self.token(kind, start)),
                _ => {}
            }
        }
    }

    fn raw(&mut self, start: usize) -> Result<Token, Broken> {
        let Some(length) = self.rest().find('`') else {
            return self.broken(start, "unterminated raw quoted string");
        };
        self.at += length + 1;
        Ok(self.token(Kind::Raw, start))
    }

    /// Anything that looks like a number; the parser says whether it is one.
    fn number(&mut self, start: usize) -> Result<Token, Broken> {
        self.accept(|char| matches!(char, '+' | '-'));
        let mut digits: fn(char) -> bool = |char| matches!(char, '0'..='9' | '_');
        let mut exponent: fn(char) -> bool = |char| matches!(char, 'e' | 'E');
        if self.accept(|char| char == '0') {
            if self.accept(|char| matches!(char, 'x' | 'X')) {
                digits = |char| char.is_ascii_hexdigit() || char == '_';
                exponent = |char| matches!(char, 'p' | 'P');
            } else if self.accept(|char| matches!(char, 'o' | 'O')) {
                digits = |char| matches!(char, '0'..='7' | '_');
                exponent = |_| false;
            } else if self.accept(|char| matches!(char, 'b' | 'B')) {
                digits = |char| matches!(char, '0' | '1' | '_');
                exponent = |_| false;
            }
        }
        while self.accept(digits) {}
        if self.accept(|char| char == '.') {
            while self.accept(digits) {}
        }
        if self.accept(exponent) {
            self.accept(|char| matches!(char, '+' | '-'));
            while self.accept(|char| matches!(char, '0'..='9' | '_')) {}
        }
        self.accept(|char| char == 'i');
        if let Some(char) = self.peek().filter(|char| is_word(*char) || matches!(char, '+' | '-')) {
            let end = self.at + char.len_utf8();
            return self.broken(start, format!("bad number syntax: {:?}", &self.source[start..end]));
        }
        Ok(self.token(Kind::Number, start))
    }

    fn accept(&mut self, wanted: impl Fn(char) -> bool) -> bool {
        match self.peek() {
            Some(char) if wanted(char) => {
                self.at += char.len_utf8();
                true
            }
            _ => false,
        }
    }
}

fn has_left_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_trim(text: &str) -> bool {
    matches!(text.as_bytes(), [space, b'-', ..] if is_space_byte(*space))
}
