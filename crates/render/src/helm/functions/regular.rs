//! Regular expressions with Go's meaning, on an engine that needs time linear in the text.

mod syntax;

use std::rc::Rc;

use regex::Regex;

use super::arguments::{int, text};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{LIST_ITEMS_MAX, List, ListKind, Str, Value, Writer, too_many_items};

use Takes::{Int, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("regexMatch", &[Text, Text], matches_or_not),
    Function::new("mustRegexMatch", &[Text, Text], matches),
    Function::new("regexFind", &[Text, Text], find),
    Function::new("mustRegexFind", &[Text, Text], find),
    Function::new("regexFindAll", &[Text, Text, Int], find_all),
    Function::new("mustRegexFindAll", &[Text, Text, Int], find_all),
    Function::new("regexReplaceAll", &[Text, Text, Text], |context, a| replace(context, a, true)),
    Function::new("mustRegexReplaceAll", &[Text, Text, Text], |context, a| replace(context, a, true)),
    Function::new("regexReplaceAllLiteral", &[Text, Text, Text], |context, a| replace(context, a, false)),
    Function::new("mustRegexReplaceAllLiteral", &[Text, Text, Text], |context, a| replace(context, a, false)),
    Function::new("regexSplit", &[Text, Text, Int], split),
    Function::new("mustRegexSplit", &[Text, Text, Int], split),
    Function::new("regexQuoteMeta", &[Text], quote_meta).heavy(4),
];

/// Sizes of compiled expressions in bytes, each with the steps that a byte of text costs at worst: the larger an
/// expression is, the more places in it may fit at the same time. `(a{1000}){1000}` is beyond all.
const SIZES: [(usize, usize); 4] = [(16 << 10, 1), (64 << 10, 4), (256 << 10, 16), (1 << 20, 64)];

/// Steps of a match with its groups, beside what is put in its place.
const MATCH_STEPS: usize = 8;

/// Steps of starting to look.
const START_STEPS: usize = 4;

/// Bytes of an expression as written. Nobody writes longer ones.
const PATTERN_BYTES_MAX: usize = 16 << 10;

/// A compiled expression.
pub(super) struct Expression {
    regex: Regex,
    /// Steps for a byte of text.
    cost: usize,
}

fn compile(pattern: &str) -> Answer<Expression> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Fault::Limit {
            what: "the length of a regular expression in bytes",
            limit: PATTERN_BYTES_MAX as u64,
            help: "use a shorter one",
        });
    }
    let translated = syntax::translate(pattern)?;
    for (size, cost) in SIZES {
        let built = regex::RegexBuilder::new(&translated)
            .size_limit(size)
            .dfa_size_limit(SIZES[SIZES.len() - 1].0)
            .nest_limit(200)
            .build();
        match built {
            Ok(regex) => return Ok(Expression { regex, cost }),
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(other) => {
                return Err(Fault::Failed(format!("error parsing regexp: {}: `{pattern}`", problem(&other))));
            }
        }
    }
    Err(Fault::Limit {
        what: "the size of a compiled regular expression in bytes",
        limit: SIZES[SIZES.len() - 1].0 as u64,
        help: "use smaller repetitions",
    })
}

/// The last line of the engine's report, which says what is wrong.
fn problem(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The expression, shared: a copy of it would make room for its matches anew.
fn prepared(context: &mut Context, a: &[Value]) -> Answer<Rc<Expression>> {
    let expression = context.expression(text(a, 0)?, compile)?;
    context.charge(START_STEPS + text(a, 1)?.len().saturating_mul(expression.cost))?;
    Ok(expression)
}

fn matches(context: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(prepared(context, a)?.regex.is_match(&text(a, 1)?.text()).into())
}

fn matches_or_not(context: &mut Context, a: &[Value]) -> Answer<Value> {
    match matches(context, a) {
        Err(Fault::Failed(_)) => Ok(false.into()),
        other => other,
    }
}

fn find(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let expression = prepared(context, a)?;
    Ok(expression.regex.find(&text(a, 1)?.text()).map_or("", |found| found.as_str()).into())
}

/// At most so many; nothing below zero is a limit.
fn count_max(a: &[Value]) -> Answer<usize> {
    Ok(usize::try_from(int(a, 2)?).unwrap_or(usize::MAX))
}

fn texts_or_absent(texts: Vec<Str>) -> Answer<Value> {
    match texts.len() {
        0 => Ok(List::absent(ListKind::Str).into()),
        count if count > LIST_ITEMS_MAX => Err(too_many_items()),
        _ => Ok(List::of_text(texts).into()),
    }
}

fn find_all(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let expression = prepared(context, a)?;
    let source = text(a, 1)?.text();
    let count = count_max(a)?.min(LIST_ITEMS_MAX + 1);
    texts_or_absent(expression.regex.find_iter(&source).take(count).map(|found| Str::from(found.as_str())).collect())
}

fn replace(context: &mut Context, a: &[Value], expands: bool) -> Answer<Value> {
    let expression = prepared(context, a)?;
    let (whole, replacement) = (text(a, 1)?, text(a, 2)?.text());
    let source = whole.text();
    let mut out = Writer::with_capacity(source.len());
    let mut written = 0;
    let mut expanded = String::new();
    for captures in expression.regex.captures_iter(&source) {
        let Some(found) = captures.get(0) else { continue };
        context.charge(MATCH_STEPS + replacement.len() / 2)?;
        out.push(&source[written..found.start()])?;
        if expands {
            expanded.clear();
            captures.expand(&replacement, &mut expanded);
            out.push(&expanded)?;
        } else {
            out.push(&replacement)?;
        }
        written = found.end();
    }
    out.push(&source[written..])?;
    Ok(out.finish().into())
}

fn split(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let expression = prepared(context, a)?;
    let source = text(a, 1)?.text();
    let count = count_max(a)?;
    if count == 0 {
        return Ok(List::absent(ListKind::Str).into());
    }
    if source.is_empty() && !text(a, 0)?.is_empty() {
        return Ok(List::of_text([""]).into());
    }
    let mut parts: Vec<Str> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in expression.regex.find_iter(&source).take(count.min(LIST_ITEMS_MAX + 1)) {
        if count != usize::MAX && parts.len() + 1 == count {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(source[start..end].into());
        }
        start = found.end();
    }
    if end != source.len() {
        parts.push(source[start..].into());
    }
    texts_or_absent(parts)
}

fn quote_meta(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let source = text(a, 0)?.text();
    let mut out = Writer::with_capacity(source.len() + 8);
    for char in source.chars() {
        if r"\.+*?()|[]{}^$".contains(char) {
            out.push("\\")?;
        }
        out.push(char.encode_utf8(&mut [0; 4]))?;
    }
    Ok(out.finish().into())
}
