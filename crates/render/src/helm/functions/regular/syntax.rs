//! Go's syntax of regular expressions in terms of the engine's.
//!
//! `\d`, `\w`, `\s` and `\b` are about ASCII in Go; inside brackets Go knows no set operations; `\<` is a plain
//! character; `\Q…\E` quotes. Everything else means the same in both.

use crate::helm::fault::{Answer, Fault};

/// Go refuses larger repetitions.
const REPEAT_MAX: u32 = 1000;

pub(super) fn translate(pattern: &str) -> Answer<String> {
    let mut reader = Reader { rest: pattern, pattern, out: String::with_capacity(pattern.len() + 16) };
    let mut before = Before::Other;
    while let Some(char) = reader.take() {
        let mut now = Before::Other;
        match char {
            '\\' => reader.escape(false)?,
            '[' => reader.class()?,
            '{' if !reader.repetition()? => {}
            '?' if before == Before::Repeat => {
                now = Before::Lazy;
                reader.out.push(char);
            }
            '*' | '+' | '?' | '{' => {
                if before != Before::Other {
                    return reader.fail("invalid nested repetition operator");
                }
                now = Before::Repeat;
                reader.out.push(char);
            }
            _ => reader.out.push(char),
        }
        before = now;
        if char == '{' && now == Before::Repeat {
            reader.bounds();
        }
    }
    Ok(reader.out)
}

/// What came before: Go refuses to repeat a repetition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Other,
    Repeat,
    /// A repetition with `?` after it.
    Lazy,
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
                if matches!(char, 'x' | 'p' | 'P') && self.peek() == Some('{') {
                    self.bounds();
                }
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

    /// Copies the bounds of a repetition and its closing brace.
    fn bounds(&mut self) {
        let length = self.rest.find('}').map_or(0, |brace| brace + 1);
        self.out.push_str(&self.rest[..length]);
        self.rest = &self.rest[length..];
    }

    /// Whether `{n}`, `{n,}` or `{n,m}` follows; any other brace is itself and written so.
    fn repetition(&mut self) -> Answer<bool> {
        let bounds = self.rest.split_once('}').map(|(bounds, _)| bounds);
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (low, high) = match bounds {
            Some(bounds) => bounds.split_once(',').unwrap_or((bounds, "")),
            None => ("", ""),
        };
        if !is_number(low) || !(high.is_empty() || is_number(high)) {
            self.out.push_str(r"\{");
            return Ok(false);
        }
        let too_large = |text: &str| text.parse::<u32>().is_ok_and(|count| count > REPEAT_MAX);
        if too_large(low) || too_large(high) {
            return self.fail("invalid repeat count");
        }
        Ok(true)
    }

    fn class(&mut self) -> Answer<()> {
        self.out.push('[');
        if self.peek() == Some('^') {
            self.take();
            self.out.push('^');
        }
        let mut is_first = true;
        loop {
            match self.peek() {
                None => return self.fail("missing closing ]"),
                Some(']') if !is_first => {
                    self.take();
                    self.out.push(']');
                    return Ok(());
                }
                Some('[') if self.rest.starts_with("[:") && self.rest[2..].contains(":]") => {
                    self.take();
                    self.named_class();
                }
                Some('\\') if self.is_class_escape() => {
                    self.take();
                    self.escape(true)?;
                }
                Some(_) => self.class_range()?,
            }
            is_first = false;
        }
    }

    /// Whether a backslash and the letter of a class come next.
    fn is_class_escape(&self) -> bool {
        self.rest.strip_prefix('\\').is_some_and(|rest| rest.starts_with(['d', 'D', 'w', 'W', 's', 'S', 'p', 'P']))
    }

    /// A character of a class, or a range of characters.
    fn class_range(&mut self) -> Answer<()> {
        self.class_char()?;
        let mut after = self.rest.chars();
        if after.next() != Some('-') || matches!(after.next(), None | Some(']')) {
            return Ok(());
        }
        self.take();
        if self.is_class_escape() {
            return self.fail("invalid character class range");
        }
        self.out.push('-');
        self.class_char()
    }

    fn class_char(&mut self) -> Answer<()> {
        match self.take() {
            None => self.fail("missing closing ]"),
            Some('\\') => self.escape(true),
            Some(char) => {
                if matches!(char, '[' | ']' | '&' | '~' | '^' | '-') {
                    self.out.push('\\');
                }
                self.out.push(char);
                Ok(())
            }
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
