//! Paths with slashes, taken as text: nothing looks at a disk.

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::Value;

use Takes::Text;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("base", &[Text], |_, a| on_text(a, base)),
    Function::new("dir", &[Text], |_, a| on_text(a, dir)),
    Function::new("clean", &[Text], |_, a| on_text(a, clean)),
    Function::new("ext", &[Text], |_, a| on_text(a, ext)),
    Function::new("isAbs", &[Text], is_abs),
    Function::new("osBase", &[Text], |_, a| on_text(a, base)),
    Function::new("osDir", &[Text], |_, a| on_text(a, dir)),
    Function::new("osClean", &[Text], |_, a| on_text(a, clean)),
    Function::new("osExt", &[Text], |_, a| on_text(a, ext)),
    Function::new("osIsAbs", &[Text], is_abs),
];

fn on_text(a: &[Value], change: fn(&str) -> String) -> Answer<Value> {
    Ok(change(&text(a, 0)?.text()).into())
}

fn is_abs(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(text(a, 0)?.as_bytes().starts_with(b"/").into())
}

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/".to_owned();
    }
    trimmed.rsplit('/').next().unwrap_or_default().to_owned()
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |slash| &path[..=slash]))
}

fn ext(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.').map_or("", |dot| &name[dot..]).to_owned()
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&"..") => parts.push(".."),
                Some(_) => {
                    parts.pop();
                }
                None if rooted => {}
                None => parts.push(".."),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
