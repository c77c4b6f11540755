//! `.Files`: the files of a chart that are neither templates nor metadata.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::capabilities::wrong_count;
use super::{List, Object, Str, Value};
use crate::helm::fault::{Answer, Fault};
use crate::yaml;

/// Files by path. The contents are shared by all renders of a chart and by everything that [`Files`] gives.
#[derive(Clone, Debug, Default)]
pub struct Files(Arc<BTreeMap<String, Arc<[u8]>>>);

impl FromIterator<(String, Arc<[u8]>)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, Arc<[u8]>)>>(files: I) -> Self {
        Self(Arc::new(files.into_iter().collect()))
    }
}

fn content(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => Str::from_bytes(bytes.to_vec()).into(),
    }
}

impl Files {
    /// The files whose path matches.
    fn glob(&self, pattern: &str) -> Answer<Self> {
        let matcher = Matcher::new(pattern)?;
        let found = self.0.iter().filter(|(path, _)| matcher.matches(path));
        Ok(found.map(|(path, bytes)| (path.clone(), Arc::clone(bytes))).collect())
    }

    /// The files as the data of a ConfigMap or Secret: names without folders.
    fn as_yaml(&self, encode: fn(&[u8]) -> String) -> Value {
        let entries: serde_json::Map<String, serde_json::Value> = self
            .0
            .iter()
            .map(|(path, bytes)| (path.rsplit('/').next().unwrap_or_default().to_owned(), encode(bytes).into()))
            .collect();
        let text = yaml::write(&serde_json::Value::Object(entries), yaml::Style::Kubernetes);
        text.strip_suffix('\n').unwrap_or(&text).into()
    }

    fn lines(&self, path: &str) -> Value {
        let Some(bytes) = self.0.get(path) else {
            return List::of_text(Vec::<Str>::new()).into();
        };
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        List::of_text(bytes.split(|byte| *byte == b'\n').map(|line| Str::from_bytes(line.to_vec()))).into()
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }

    fn kind_name(&self) -> &'static str {
        "map"
    }

    fn field(&self, name: &str) -> Option<Value> {
        // A missing key of this map gives no bytes rather than nil.
        Some(Value::bytes(self.0.get(name).map(|bytes| bytes.to_vec()).unwrap_or_default()))
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Answer<Value>> {
        match (name, arguments) {
            ("Get", [Value::Str(path)]) => {
                Some(Ok(self.0.get(path.text().as_ref()).map_or_else(|| "".into(), |bytes| content(bytes))))
            }
            ("GetBytes", [Value::Str(path)]) => Some(Ok(self
                .0
                .get(path.text().as_ref())
                .map_or_else(|| Value::bytes(Vec::new()), |bytes| Value::bytes(bytes.to_vec())))),
            ("Glob", [Value::Str(pattern)]) => Some(self.glob(&pattern.text()).map(Value::object)),
            ("Lines", [Value::Str(path)]) => Some(Ok(self.lines(&path.text()))),
            ("AsConfig", []) => Some(Ok(self.as_yaml(|bytes| String::from_utf8_lossy(bytes).into_owned()))),
            ("AsSecrets", []) => Some(Ok(self.as_yaml(|bytes| STANDARD.encode(bytes)))),
            ("Get" | "GetBytes" | "Glob" | "Lines", [other]) => {
                let found = other.type_name();
                Some(Err(Fault::Failed(format!("wrong type for value; expected string; got {found}"))))
            }
            ("Get" | "GetBytes" | "Glob" | "Lines", other) => Some(Err(wrong_count(name, 1, other.len()))),
            ("AsConfig" | "AsSecrets", other) => Some(Err(wrong_count(name, 0, other.len()))),
            _ => None,
        }
    }

    fn entries(&self) -> Option<Vec<(Str, Value)>> {
        Some(self.0.iter().map(|(path, bytes)| (path.as_str().into(), Value::bytes(bytes.to_vec()))).collect())
    }

    fn print(&self) -> String {
        format!("map of {} files", self.0.len())
    }

    fn data(&self) -> serde_json::Value {
        self.0.iter().map(|(path, bytes)| (path.clone(), serde_json::Value::from(STANDARD.encode(bytes)))).collect()
    }

    fn weight(&self, method: &str) -> usize {
        match method {
            "Get" | "GetBytes" | "Lines" => 1,
            "Glob" => 1 + self.0.len(),
            _ => self.0.values().map(|bytes| 2 + bytes.len() / 16).sum(),
        }
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl From<Files> for Value {
    fn from(files: Files) -> Self {
        Self::object(files)
    }
}

/// A pattern of paths: `*` and `?` stay within a folder, `**` does not, `[a-z]`, `[!a]` and `{a,b}` choose.
struct Matcher(regex::Regex);

/// A pattern is written by hand; longer ones are attacks.
const PATTERN_BYTES_MAX: usize = 4096;

impl Matcher {
    /// A pattern that cannot be read matches every file, as in Helm.
    fn new(pattern: &str) -> Answer<Self> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(Fault::Limit {
                what: "the length of a pattern of files in bytes",
                limit: PATTERN_BYTES_MAX as u64,
                help: "use a shorter pattern",
            });
        }
        let expression = translate(pattern).unwrap_or_else(|| "(?s).*".to_owned());
        let regex = regex::RegexBuilder::new(&format!("^(?:{expression})$"))
            .size_limit(1 << 20)
            .dot_matches_new_line(true)
            .build()
            .map_err(|_| Fault::Failed(format!("pattern of files {pattern:?} cannot be read")))?;
        Ok(Self(regex))
    }

    fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

fn translate(pattern: &str) -> Option<String> {
    let mut expression = String::new();
    let mut chars = pattern.chars().peekable();
    let mut groups = 0_usize;
    while let Some(char) = chars.next() {
        match char {
            '*' if chars.next_if_eq(&'*').is_some() => expression.push_str(".*"),
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '\\' => expression.push_str(&regex::escape(&chars.next()?.to_string())),
            '{' => {
                groups += 1;
                expression.push_str("(?:");
            }
            '}' if groups > 0 => {
                groups -= 1;
                expression.push(')');
            }
            ',' if groups > 0 => expression.push('|'),
            '[' => {
                expression.push('[');
                if chars.next_if_eq(&'!').is_some() {
                    expression.push('^');
                }
                let mut is_empty = true;
                loop {
                    match chars.next()? {
                        ']' if !is_empty => break,
                        '-' => expression.push('-'),
                        other => expression.push_str(&regex::escape(&other.to_string())),
                    }
                    is_empty = false;
                }
                expression.push(']');
            }
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    (groups == 0).then_some(expression)
}
