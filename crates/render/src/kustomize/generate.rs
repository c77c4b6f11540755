//! `configMapGenerator` and `secretGenerator`: objects made of files, environment files and literals.

use std::collections::BTreeMap;

use base64::Engine as _;

use super::{
    budget::Budget,
    fault::{Fault, Outcome, quoted},
    node::{Field, Key, Node, Tag},
    resource::{Behavior, Resource},
    settings::Generator,
};

/// Characters of a line of base64 that is longer than one.
const BASE64_LINE: usize = 70;

/// Reads a file of the kustomization's folder.
pub(crate) type ReadFile<'a> = dyn Fn(&str) -> Outcome<Vec<u8>> + 'a;

/// What is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    ConfigMap,
    Secret,
}

pub(crate) fn generate(
    kind: Kind,
    args: &Generator,
    read: &ReadFile<'_>,
    file: &std::rc::Rc<str>,
    budget: &Budget,
) -> Outcome<Resource> {
    let name = if kind == Kind::ConfigMap { "ConfigMap" } else { "Secret" };
    if args.name.is_empty() {
        return Err(Fault::field(format!("a generator of a {name} needs a `name`")));
    }
    let mut node = Node::map();
    node.set("apiVersion", Node::text("v1"));
    node.set("kind", Node::text(name));
    let mut metadata = Node::map();
    metadata.set("name", Node::text(args.name.clone()));
    if !args.namespace.is_empty() {
        metadata.set("namespace", Node::text(args.namespace.clone()));
    }
    node.set("metadata", metadata);
    if kind == Kind::Secret {
        let secret_type = if args.secret_type.is_empty() { "Opaque" } else { &args.secret_type };
        node.set("type", Node::text(secret_type));
    }
    let pairs =
        pairs(args, read, budget).map_err(|fault| fault.within(&format!("generating {}", quoted(&args.name))))?;
    put_data(&mut node, kind, pairs, budget)?;
    if args.options.immutable {
        node.set("immutable", Node::scalar("true", Tag::Bool));
    }
    let mut resource = Resource::new(node, file);
    resource.set_texts("labels", &args.options.labels);
    resource.set_texts("annotations", &args.options.annotations);
    resource.is_generated = true;
    resource.memory.behavior = Behavior::named(&args.behavior);
    resource.memory.needs_hash = !args.options.disable_name_suffix_hash;
    Ok(resource)
}

fn put_data(node: &mut Node, kind: Kind, pairs: BTreeMap<String, Vec<u8>>, budget: &Budget) -> Outcome<()> {
    let (mut data, mut binary) = (Vec::new(), Vec::new());
    for (key, value) in pairs {
        budget.spend(value.len() as u64 * 2)?;
        let key = Key::open(&key);
        match (kind, String::from_utf8(value)) {
            (Kind::ConfigMap, Ok(text)) => data.push(Field { key, value: Node::text(text) }),
            (Kind::ConfigMap, Err(bytes)) => {
                binary.push(Field { key, value: Node::text(base64(bytes.as_bytes())) });
            }
            (Kind::Secret, Ok(text)) => data.push(Field { key, value: Node::text(base64(text.as_bytes())) }),
            (Kind::Secret, Err(bytes)) => data.push(Field { key, value: Node::text(base64(bytes.as_bytes())) }),
        }
    }
    // A Secret has `data` even when there is none.
    if !data.is_empty() || kind == Kind::Secret {
        node.set("data", super::node::Shape::Map(data).into());
    }
    if !binary.is_empty() {
        node.set("binaryData", super::node::Shape::Map(binary).into());
    }
    Ok(())
}

/// Base64, broken into lines when it is longer than one.
fn base64(bytes: &[u8]) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if encoded.len() < BASE64_LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(BASE64_LINE.min(rest.len()));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

fn pairs(args: &Generator, read: &ReadFile<'_>, budget: &Budget) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for path in &args.envs {
        let content = read(path)?;
        budget.spend(content.len() as u64)?;
        env_file(path, &content, &mut all)?;
    }
    for literal in &args.literals {
        let (key, value) = literal_pair(literal)?;
        all.push((key, value.into_bytes()));
    }
    for source in &args.files {
        let (key, path) = file_source(source)?;
        let content = read(path)?;
        budget.spend(content.len() as u64)?;
        all.push((key.to_owned(), content));
    }
    let mut pairs = BTreeMap::new();
    for (key, value) in all {
        if pairs.insert(key.clone(), value).is_some() {
            return Err(Fault::field(format!("the key {} is given twice", quoted(&key))));
        }
    }
    Ok(pairs)
}

/// `KEY=value` lines; empty ones and comments are passed over.
fn env_file(path: &str, content: &[u8], all: &mut Vec<(String, Vec<u8>)>) -> Outcome<()> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    if content.is_empty() {
        return Ok(());
    }
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(line) = std::str::from_utf8(line) else {
            let fault = Fault::field(format!("expected UTF-8 text in {}", quoted(path)));
            return Err(fault.at(path, u32::try_from(number + 1).unwrap_or(0), 1));
        };
        let line = if number == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            all.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(())
}

fn literal_pair(literal: &str) -> Outcome<(String, String)> {
    let pair = literal.split_once('=').filter(|(key, _)| !key.is_empty());
    let Some((key, value)) = pair else {
        // The text may be a secret.
        return Err(Fault::field("expected `key=value` as literal of a generator"));
    };
    let inner = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    Ok((key.to_owned(), inner.unwrap_or(value).to_owned()))
}

/// `path` or `key=path`.
fn file_source(source: &str) -> Outcome<(&str, &str)> {
    match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => Ok((base_name(path), path)),
        [key, path] if !key.is_empty() && !path.is_empty() => Ok((key, path)),
        _ => Err(Fault::field(format!("expected `path` or `key=path`, found {}", quoted(source)))),
    }
}

fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    trimmed.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read() {
        assert_eq!(literal_pair("a=\"x y\"").unwrap(), ("a".into(), "x y".into()));
        assert_eq!(literal_pair("a='").unwrap(), ("a".into(), "'".into()));
        assert_eq!(literal_pair("a=b=c").unwrap(), ("a".into(), "b=c".into()));
        assert!(literal_pair("=b").is_err() && literal_pair("ab").is_err());
        assert_eq!(file_source("a/b.txt").unwrap(), ("b.txt", "a/b.txt"));
        assert_eq!(file_source("k=a/b.txt").unwrap(), ("k", "a/b.txt"));
        assert!(["=a", "a=", "a=b=c"].iter().all(|source| file_source(source).is_err()));
        let mut all = Vec::new();
        env_file("x", "\u{feff}A=1\r\n\n  # no\n  B\nC=x=y \n".as_bytes(), &mut all).unwrap();
        let shown: Vec<(&str, &str)> =
            all.iter().map(|(key, value)| (key.as_str(), std::str::from_utf8(value).unwrap())).collect();
        assert_eq!(shown, [("A", "1"), ("B", ""), ("C", "x=y ")]);
        assert_eq!(base64(&[0; 60]).len(), 80 + 2);
        assert_eq!(base64(b"ab"), "YWI=");
    }
}
