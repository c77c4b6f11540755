//! Scalars as text, as they are written.

use seaway_core::yaml::{Key, Node, Yaml};

use super::file::Parsed;

/// The text of a scalar: a number or boolean as it is written (`1.10` stays `1.10`), nothing as empty text. `None` for
/// a list or mapping.
pub(super) fn text_of(parsed: &Parsed, node: &Node) -> Option<String> {
    match &node.value {
        Yaml::Null => Some(String::new()),
        Yaml::Text(text) => Some(text.clone()),
        Yaml::Bool(_) | Yaml::Number(_) => {
            let written = parsed.text.get(node.span.offset..node.span.offset + node.span.len).unwrap_or_default();
            let is_written = !written.is_empty() && !written.starts_with(['*', '&', '!', '"', '\'']);
            // What an alias stands for is written elsewhere.
            Some(if is_written { written.to_owned() } else { node.to_json().to_string() })
        }
        Yaml::List(_) | Yaml::Map(_) => None,
    }
}

/// The key of a mapping as it is written: `yes` and `010` stay what they are.
pub(super) fn key_of(parsed: &Parsed, key: &Key) -> String {
    let written = parsed.text.get(key.span.offset..key.span.offset + key.span.len).unwrap_or_default();
    let is_written = !key.is_text && !written.is_empty() && !written.starts_with(['*', '&', '!', '"', '\'']);
    if is_written { written.to_owned() } else { key.text.clone() }
}

/// Words that YAML 1.1 takes for something else than text.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A text as YAML: bare when every reader takes it for text, else in double quotes.
pub(crate) fn yaml(text: &str) -> String {
    let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_');
    let is_bare = (text.starts_with(is_letter) || text.starts_with("./") || text.starts_with("../"))
        && text
            .replace("://", "/")
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+' | '@'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_bare {
        return text.to_owned();
    }
    // JSON's escapes are YAML's.
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, written) in [
            ("a", "a"),
            ("./a", "./a"),
            (".5", "\".5\""),
            ("a:b", "\"a:b\""),
            ("a/b-c.d", "a/b-c.d"),
            ("Yes", "\"Yes\""),
            ("1", "\"1\""),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a\nb", "\"a\\nb\""),
            ("https://x", "https://x"),
            ("https://x:80", "\"https://x:80\""),
        ] {
            assert_eq!(yaml(text), written);
        }
    }
}
