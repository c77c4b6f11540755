//! Addresses: `urlParse` and `urlJoin`.

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Map, MapKind, Str, Value};

use Takes::{Map as MapArgument, Text};

pub(super) static FUNCTIONS: &[Function] =
    &[Function::new("urlParse", &[Text], parse).heavy(4), Function::new("urlJoin", &[MapArgument], join)];

fn parse(context: &mut Context, a: &[Value]) -> Answer<Value> {
    // The map of parts takes longer than reading a short address.
    context.charge(8)?;
    let whole = text(a, 0)?.text().into_owned();
    if whole.chars().any(|c| c.is_ascii_control()) {
        return Err(Fault::failed(format!("unable to parse url: parse {whole:?}: invalid control character in URL")));
    }
    let (rest, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = scheme(rest, &whole)?;
    let (authority, path, opaque) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (authority, path, "")
        }
        None if !scheme.is_empty() && !rest.starts_with('/') => ("", "", rest),
        None => ("", rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let entries = [
        ("scheme", scheme.to_ascii_lowercase()),
        ("host", host.to_owned()),
        ("hostname", name.to_owned()),
        ("path", unescape(path, &whole)?),
        ("query", query.to_owned()),
        ("opaque", opaque.to_owned()),
        ("fragment", unescape(fragment, &whole)?),
        ("userinfo", user.to_owned()),
    ];
    let entries = entries.into_iter().map(|(key, value)| (Str::from(key), Value::from(value))).collect();
    Ok(Map::of(MapKind::Any, entries).into())
}

fn scheme<'a>(rest: &'a str, whole: &str) -> Answer<(&'a str, &'a str)> {
    for (at, c) in rest.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => {
                return Err(Fault::failed(format!("unable to parse url: parse {whole:?}: missing protocol scheme")));
            }
            ':' => return Ok((&rest[..at], &rest[at + 1..])),
            _ => break,
        }
    }
    Ok(("", rest))
}

fn unescape(text: &str, whole: &str) -> Answer<String> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = behind;
            continue;
        }
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            return Err(Fault::failed(format!("unable to parse url: parse {whole:?}: invalid URL escape")));
        };
        bytes.push(byte);
        rest = behind.get(2..).unwrap_or_default();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn join(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let part = |key: &str| match a.first().and_then(Value::as_map).and_then(|map| map.get(key)) {
        None | Some(Value::Nil) => Ok(String::new()),
        Some(Value::Str(text)) => Ok(text.text().into_owned()),
        Some(other) => Err(Fault::failed(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.type_name()
        ))),
    };
    let (scheme, host, user) = (part("scheme")?, part("host")?, part("userinfo")?);
    let (path, query, opaque, fragment) = (part("path")?, part("query")?, part("opaque")?, part("fragment")?);
    let mut url = String::new();
    if !scheme.is_empty() {
        url.push_str(&format!("{scheme}:"));
    }
    if !opaque.is_empty() {
        url.push_str(&opaque);
    } else {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                url.push_str("//");
            }
            if !user.is_empty() {
                url.push_str(&format!("{user}@"));
            }
            url.push_str(&host);
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        url.push_str(&path.replace(' ', "%20"));
    }
    if !query.is_empty() {
        url.push_str(&format!("?{query}"));
    }
    if !fragment.is_empty() {
        url.push_str(&format!("#{fragment}"));
    }
    Ok(url.into())
}
