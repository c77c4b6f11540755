//! Kubernetes' label selectors: `a=b,c!=d,e in (f,g),!h`.

use std::collections::BTreeMap;

use super::fault::{Fault, Outcome, quoted};

/// Requirements that must all hold.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, PartialEq, Debug)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, PartialEq, Debug)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

impl LabelSelector {
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let tokens = tokens(text);
        let mut parser = Parser { text, tokens: &tokens };
        let mut requirements = Vec::new();
        while !parser.tokens.is_empty() {
            requirements.push(parser.requirement()?);
            match parser.tokens.split_first() {
                None => break,
                Some((Token::Sign(","), rest)) if !rest.is_empty() => parser.tokens = rest,
                Some(_) => return Err(parser.wrong()),
            }
        }
        Ok(Self { requirements })
    }

    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|one| one.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Greater(limit) => number().is_some_and(|number| number > *limit),
            Test::Less(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = rest[sign.len()..].trim_start();
            continue;
        }
        let is_end = |c: char| c.is_ascii_whitespace() || "=!,()<>".contains(c);
        let end = rest.find(is_end).unwrap_or(rest.len());
        found.push(Token::Word(rest[..end].to_owned()));
        rest = rest[end..].trim_start();
    }
    found
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl<'a> Parser<'a> {
    fn wrong(&self) -> Box<Fault> {
        let fault = Fault::field(format!("expected a label selector, found {}", quoted(self.text)));
        fault.help("for example `app=web,tier in (front,back),!canary`")
    }

    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn key(&mut self) -> Outcome<String> {
        match self.next() {
            Some(Token::Word(word)) if is_key(word) => Ok(word.clone()),
            _ => Err(self.wrong()),
        }
    }

    fn requirement(&mut self) -> Outcome<Requirement> {
        if let Some((Token::Sign("!"), rest)) = self.tokens.split_first() {
            self.tokens = rest;
            return Ok(Requirement { key: self.key()?, test: Test::Missing });
        }
        let key = self.key()?;
        let test = match self.tokens.first() {
            None | Some(Token::Sign(",")) => Test::Exists,
            Some(Token::Sign("=" | "==")) => Test::In(vec![self.after_sign()?]),
            Some(Token::Sign("!=")) => Test::NotIn(vec![self.after_sign()?]),
            Some(Token::Sign(">")) => Test::Greater(self.number()?),
            Some(Token::Sign("<")) => Test::Less(self.number()?),
            Some(Token::Word(word)) if word == "in" => Test::In(self.values()?),
            Some(Token::Word(word)) if word == "notin" => Test::NotIn(self.values()?),
            Some(_) => return Err(self.wrong()),
        };
        Ok(Requirement { key, test })
    }

    /// The value after a sign; nothing stands for the empty value.
    fn after_sign(&mut self) -> Outcome<String> {
        self.next();
        match self.tokens.first() {
            None | Some(Token::Sign(",")) => Ok(String::new()),
            Some(Token::Word(word)) if is_value(word) => {
                self.next();
                Ok(word.clone())
            }
            Some(_) => Err(self.wrong()),
        }
    }

    fn number(&mut self) -> Outcome<i64> {
        let text = self.after_sign()?;
        text.parse().map_err(|_| self.wrong())
    }

    fn values(&mut self) -> Outcome<Vec<String>> {
        self.next();
        if self.next() != Some(&Token::Sign("(")) {
            return Err(self.wrong());
        }
        let mut values = Vec::new();
        let mut value = None;
        loop {
            match self.next() {
                Some(Token::Word(word)) if value.is_none() && is_value(word) => value = Some(word.clone()),
                Some(Token::Sign(",")) => values.push(value.take().unwrap_or_default()),
                Some(Token::Sign(")")) => {
                    values.push(value.take().unwrap_or_default());
                    return Ok(values);
                }
                _ => return Err(self.wrong()),
            }
        }
    }
}

/// `name` or `prefix/name`.
fn is_key(word: &str) -> bool {
    let (prefix, name) = match word.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, word),
    };
    let is_domain = |prefix: &str| {
        prefix.len() <= 253
            && prefix.split('.').all(|part| {
                let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                !part.is_empty() && part.chars().all(is_part) && !part.starts_with('-') && !part.ends_with('-')
            })
    };
    !name.is_empty() && is_value(name) && prefix.is_none_or(is_domain)
}

fn is_value(word: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    word.len() <= 63
        && word.chars().all(is_inner)
        && word.chars().next().is_none_or(|c| c.is_ascii_alphanumeric())
        && word.chars().last().is_none_or(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors() {
        let labels: BTreeMap<String, String> =
            [("app", "web"), ("n", "5")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for (text, expected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=web", true),
            ("app == web , n=5", true),
            ("app!=web", false),
            ("other!=web", true),
            ("app in (db, web)", true),
            ("app notin (db,web)", false),
            ("n>4", true),
            ("n<4", false),
            ("missing=", false),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&labels), expected, "{text:?}");
        }
        for text in ["app=web,", "=", "app in web", "a b", "-a=b", "app in (a", "a=(b)", "a/b/c=d"] {
            assert!(LabelSelector::parse(text).is_err(), "{text:?}");
        }
    }
}
