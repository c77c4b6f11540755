//! Text: cutting, trimming, searching, replacing, quoting, indenting.

use std::collections::HashSet;

use super::arguments::{int, list_of, text, text_of, texts_of};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{
    LIST_ITEMS_MAX, List, Map, MapKind, Str, TEXT_BYTES_MAX, Value, Writer, print_value, quote_go, too_many_items,
};

use Takes::{Any, Int, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("trim", &[Text], |_, a| Ok(text(a, 0)?.text().trim().into())),
    Function::new("trimAll", &[Text, Text], trim_all).heavy(4),
    Function::new("trimall", &[Text, Text], trim_all).heavy(4),
    Function::new("trimPrefix", &[Text, Text], trim_prefix),
    Function::new("trimSuffix", &[Text, Text], trim_suffix),
    Function::new("trunc", &[Int, Text], trunc),
    Function::new("substr", &[Int, Int, Text], substr),
    Function::new("repeat", &[Int, Text], repeat),
    Function::new("contains", &[Text, Text], |_, a| Ok(find(text(a, 1)?, text(a, 0)?).is_some().into())),
    Function::new("hasPrefix", &[Text, Text], |_, a| {
        Ok(text(a, 1)?.as_bytes().starts_with(text(a, 0)?.as_bytes()).into())
    }),
    Function::new("hasSuffix", &[Text, Text], |_, a| {
        Ok(text(a, 1)?.as_bytes().ends_with(text(a, 0)?.as_bytes()).into())
    }),
    Function::new("quote", &[], quote).heavy(3).and_more(Any),
    Function::new("squote", &[], squote).and_more(Any),
    Function::new("cat", &[], cat).and_more(Any),
    Function::new("indent", &[Int, Text], |_, a| indent("", int(a, 0)?, text(a, 1)?)),
    Function::new("nindent", &[Int, Text], |_, a| indent("\n", int(a, 0)?, text(a, 1)?)),
    Function::new("replace", &[Text, Text, Text], replace).heavy(8),
    Function::new("plural", &[Text, Text, Int], plural),
    Function::new("join", &[Text, Any], join).heavy(8),
    Function::new("split", &[Text, Text], |_, a| Ok(numbered(split(text(a, 1)?, text(a, 0)?, None)?))).heavy(8),
    Function::new("splitn", &[Text, Int, Text], splitn).heavy(4),
    Function::new("splitList", &[Text, Text], |_, a| Ok(List::of_text(split(text(a, 1)?, text(a, 0)?, None)?).into()))
        .heavy(8),
    Function::new("toString", &[Any], |context, a| Ok(text_of(context, &a[0])?.into())),
    Function::new("toStrings", &[Any], |context, a| Ok(texts_of(context, &a[0])?.into())).heavy(8),
    Function::new("sortAlpha", &[Any], sort_alpha).heavy(8),
    Function::new("hello", &[], |_, _| Ok("Hello!".into())),
];

fn find(text: &Str, part: &Str) -> Option<usize> {
    match (text.as_str(), part.as_str()) {
        (Some(text), Some(part)) => text.find(part),
        _ => find_bytes(text.as_bytes(), part.as_bytes()),
    }
}

/// Looks for bytes as if each were a character, because the search in text takes time linear in both.
fn find_bytes(text: &[u8], part: &[u8]) -> Option<usize> {
    let characters = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    characters(text).find(&characters(part))
}

fn slice(text: &Str, from: usize, to: usize) -> Value {
    match text.as_str().and_then(|text| text.get(from..to)) {
        Some(part) => Value::text(part),
        None => Str::from_bytes(text.as_bytes()[from..to].to_vec()).into(),
    }
}

fn trim_all(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let cut: HashSet<char> = text(a, 0)?.text().chars().collect();
    Ok(text(a, 1)?.text().trim_matches(|char| cut.contains(&char)).into())
}

fn trim_prefix(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (prefix, whole) = (text(a, 0)?, text(a, 1)?);
    Ok(if whole.as_bytes().starts_with(prefix.as_bytes()) {
        slice(whole, prefix.len(), whole.len())
    } else {
        whole.clone().into()
    })
}

fn trim_suffix(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (suffix, whole) = (text(a, 0)?, text(a, 1)?);
    Ok(if whole.as_bytes().ends_with(suffix.as_bytes()) {
        slice(whole, 0, whole.len() - suffix.len())
    } else {
        whole.clone().into()
    })
}

/// Cuts bytes, not characters, as Go does.
fn trunc(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (count, whole) = (int(a, 0)?, text(a, 1)?);
    let size = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if size >= whole.len() {
        return Ok(whole.clone().into());
    }
    Ok(if count < 0 { slice(whole, whole.len() - size, whole.len()) } else { slice(whole, 0, size) })
}

fn substr(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (start, end, whole) = (int(a, 0)?, int(a, 1)?, text(a, 2)?);
    let length = whole.len();
    let out_of_range = |what: String| Fault::Failed(format!("runtime error: slice bounds out of range {what}"));
    let limit = |at: i64| usize::try_from(at).ok().filter(|at| *at <= length);
    let end_at = match limit(end) {
        Some(end) => end,
        None if start < 0 => return Err(out_of_range(format!("[:{end}] with length {length}"))),
        None => length,
    };
    let start_at = match limit(start) {
        _ if start < 0 => 0,
        Some(start) if start <= end_at => start,
        _ => return Err(out_of_range(format!("[{start}:{end_at}]"))),
    };
    Ok(slice(whole, start_at, end_at))
}

fn repeat(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let times = usize::try_from(int(a, 0)?).map_err(|_| Fault::failed("strings: negative Repeat count"))?;
    let mut out = Writer::new();
    let text = text(a, 1)?;
    if !text.is_empty() {
        context.charge(times.saturating_mul(text.len()).min(TEXT_BYTES_MAX) / 16)?;
        out.repeat(text.as_bytes(), times)?;
    }
    Ok(out.finish().into())
}

fn quote(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut out = Writer::new();
    for value in a.iter().filter(|value| !value.is_nil()) {
        if !out.is_empty() {
            out.push(" ")?;
        }
        let text = text_of(context, value)?;
        context.charge(text.len() / 8)?;
        out.push(&quote_go(text.as_bytes(), false))?;
    }
    Ok(out.finish().into())
}

fn squote(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut out = Writer::new();
    for value in a.iter().filter(|value| !value.is_nil()) {
        out.push(if out.is_empty() { "'" } else { " '" })?;
        print_value(&mut out, value)?;
        out.push("'")?;
    }
    context.charge(out.len() / 4)?;
    Ok(out.finish().into())
}

fn cat(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut out = Writer::new();
    for (at, value) in a.iter().filter(|value| !value.is_nil()).enumerate() {
        if at > 0 {
            out.push(" ")?;
        }
        print_value(&mut out, value)?;
    }
    // Numbers in lists take longer to print than text does to copy.
    context.charge(out.len() / 4)?;
    Ok(out.finish().into())
}

fn indent(before: &str, spaces: i64, text: &Str) -> Answer<Value> {
    let spaces = usize::try_from(spaces).map_err(|_| Fault::failed("strings: negative Repeat count"))?;
    let bytes = text.as_bytes();
    let mut out = Writer::with_capacity(bytes.len() + bytes.len() / 8 + spaces.min(1 << 16) + 1);
    out.push(before)?;
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if at > 0 {
            out.push("\n")?;
        }
        out.repeat(b" ", spaces)?;
        out.push_bytes(line)?;
    }
    Ok(out.finish().into())
}

fn replace(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let (old, new, whole) = (text(a, 0)?.text(), text(a, 1)?.text(), text(a, 2)?);
    let source = whole.text();
    let mut out = Writer::with_capacity(source.len());
    let mut written = 0;
    let mut is_changed = false;
    for (at, _) in source.match_indices(old.as_ref()) {
        out.push(&source[written..at])?;
        out.push(&new)?;
        written = at + old.len();
        is_changed = true;
    }
    if !is_changed {
        return Ok(whole.clone().into());
    }
    out.push(&source[written..])?;
    Ok(out.finish().into())
}

fn plural(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(a[if int(a, 2)? == 1 { 0 } else { 1 }].clone())
}

fn join(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let separator = text(a, 0)?;
    let mut out = Writer::new();
    for (at, item) in texts_of(context, &a[1])?.iter().enumerate() {
        if at > 0 {
            out.push_bytes(separator.as_bytes())?;
        }
        if let Value::Str(text) = item {
            out.push_bytes(text.as_bytes())?;
        }
    }
    Ok(out.finish().into())
}

/// Go's `strings.SplitN`: without separator, each character is a part.
fn split(whole: &Str, separator: &Str, count_max: Option<usize>) -> Answer<Vec<Str>> {
    let (source, separator) = (whole.text(), separator.text());
    let parts = source.matches(separator.as_ref()).take(LIST_ITEMS_MAX).count();
    if parts.min(count_max.unwrap_or(usize::MAX)) >= LIST_ITEMS_MAX {
        return Err(too_many_items());
    }
    if separator.is_empty() {
        let count = count_max.unwrap_or(usize::MAX);
        let mut parts: Vec<Str> = Vec::new();
        for (at, char) in source.char_indices() {
            if parts.len() + 1 >= count {
                parts.push(source[at..].into());
                return Ok(parts);
            }
            parts.push(source[at..at + char.len_utf8()].into());
        }
        return Ok(parts);
    }
    Ok(match count_max {
        None => source.split(separator.as_ref()).map(Str::from).collect(),
        Some(count) => source.splitn(count, separator.as_ref()).map(Str::from).collect(),
    })
}

fn splitn(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let parts = match int(a, 1)? {
        0 => Vec::new(),
        count => split(text(a, 2)?, text(a, 0)?, usize::try_from(count).ok())?,
    };
    Ok(numbered(parts))
}

/// `_0`, `_1`, … as sprig names parts.
fn numbered(parts: Vec<Str>) -> Value {
    let entries = parts.into_iter().enumerate().map(|(at, part)| (Str::from(format!("_{at}")), Value::Str(part)));
    Map::of(MapKind::Str, entries.collect()).into()
}

fn sort_alpha(context: &mut Context, a: &[Value]) -> Answer<Value> {
    if list_of(&a[0]).is_none() {
        return Ok(List::of_text([text_of(context, &a[0])?]).into());
    }
    let mut texts: Vec<Str> = texts_of(context, &a[0])?.iter().filter_map(|item| item.as_text().cloned()).collect();
    // Sorting compares each text with some twenty others, perhaps to its end.
    context.charge(texts.iter().map(|text| 1 + text.len() / 64).sum())?;
    texts.sort();
    Ok(List::of_text(texts).into())
}
