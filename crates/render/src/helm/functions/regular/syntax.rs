//! Go's syntax of regular expressions in terms of the engine's.
//!
//! `\d`, `\w`, `\s` and `\b` are about ASCII in Go; inside brackets Go knows no set operations; `\<` is a plain
//! character; `\Q…\E` quotes. Everything else means the same in both.

use crate::helm::fault::{Answer, Fault};

/// Go refuses larger repetitions.
const REPEAT_MAX: u32 = 1000;

pub(super) fn translate(pattern: &str) -> Answer<String> {
    let mut reader = Reader { rest: pattern, pattern, out: String::with_capacity(pattern.len() + 16) };
    while let Some(char) = reader.take() {
        match char {
            '\\' => reader.escape(false)?,
            '[' => reader.class()?,
            '{' => reader.repetition()?,
            _ => reader.out.push(char),
        }
    }
    Ok(reader.out)
}

struct Reader<'p> {
    rest: &'p str,
    pattern: &'p str,
    out: String,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let char = self.rest.chars().next()?;
        self.rest = &self.rest[char.len_utf8()..];
        Some(char)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn fail<T>(&self, problem: &str) -> Answer<T> {
        Err(Fault::Failed(format!("error parsing regexp: {problem}: `{}`", self.pattern)))
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) -> Answer<()> {
        let Some(char) = self.take() else {
            return self.fail("trailing backslash at end of expression");
        };
        let class = match char {
            'd' => "0-9",
            'w' => "0-9A-Za-z_",
            's' => r"\t\n\x0C\r ",
            'D' => "^0-9",
            'W' => "^0-9A-Za-z_",
            'S' => r"^\t\n\x0C\r ",
            'b' if !in_class => return self.put(r"(?-u:\b)"),
            'B' if !in_class => return self.put(r"(?-u:\B)"),
            'Q' if !in_class => return self.quoted(),
            'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(char);
                return Ok(());
            }
            'C' if !in_class => return self.put("(?s:.)"),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' => {
                self.out.push('\\');
                self.out.push(char);
                return Ok(());
            }
            '0'..='7' => return self.octal(char),
            _ if char.is_ascii_alphanumeric() => return self.fail(&format!("invalid escape sequence: `\\{char}`")),
            _ => {
                self.literal(char);
                return Ok(());
            }
        };
        // A nested class keeps its own negation.
        if in_class && !class.starts_with('^') {
            self.out.push_str(class);
        } else {
            self.out.push('[');
            self.out.push_str(class);
            self.out.push(']');
        }
        Ok(())
    }

    fn put(&mut self, text: &str) -> Answer<()> {
        self.out.push_str(text);
        Ok(())
    }

    fn literal(&mut self, char: char) {
        if char.is_ascii_punctuation()
            && !matches!(char, '<' | '>' | '_' | '"' | '\'' | '`' | '/' | ',' | ';' | ':' | '=' | '!' | '@' | '%')
        {
            self.out.push('\\');
        }
        self.out.push(char);
    }

    fn octal(&mut self, first: char) -> Answer<()> {
        // A single digit that is not zero would be a back reference.
        if first != '0' && !matches!(self.peek(), Some('0'..='7')) {
            return self.fail(&format!("invalid escape sequence: `\\{first}`"));
        }
        let mut code = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|char| char.to_digit(8)) else { break };
            code = code * 8 + digit;
            self.take();
        }
        self.out.push_str(&format!("\\x{{{code:x}}}"));
        Ok(())
    }

    fn quoted(&mut self) -> Answer<()> {
        let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        for char in text.chars() {
            self.literal(char);
        }
        Ok(())
    }

    /// `{n}`, `{n,}` and `{n,m}` repeat; any other brace is itself.
    fn repetition(&mut self) -> Answer<()> {
        let bounds = self.rest.split_once('}').map(|(bounds, _)| bounds);
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (low, high) = match bounds {
            Some(bounds) => bounds.split_once(',').unwrap_or((bounds, "")),
            None => ("", ""),
        };
        if !is_number(low) || !(high.is_empty() || is_number(high)) {
            return self.put(r"\{");
        }
        let too_large = |text: &str| text.parse::<u32>().is_ok_and(|count| count > REPEAT_MAX);
        if too_large(low) || too_large(high) {
            return self.fail("invalid repeat count");
        }
        self.out.push('{');
        Ok(())
    }

    fn class(&mut self) -> Answer<()> {
        self.out.push('[');
        if self.peek() == Some('^') {
            self.take();
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            let Some(char) = self.take() else {
                return self.fail("missing closing ]");
            };
            match char {
                ']' if !is_first => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' if self.rest.starts_with(':') && self.rest.contains(":]") => self.named_class(),
                '[' | '&' | '~' | ']' | '^' => {
                    self.out.push('\\');
                    self.out.push(char);
                }
                '-' if self.peek() == Some('-') || is_first || self.peek() == Some(']') => self.out.push_str("\\-"),
                _ => self.out.push(char),
            }
            is_first = false;
        }
    }

    fn named_class(&mut self) {
        let (name, rest) = self.rest.split_once(":]").unwrap_or((self.rest, ""));
        self.out.push('[');
        self.out.push_str(name);
        self.out.push_str(":]");
        self.rest = rest;
    }
}
