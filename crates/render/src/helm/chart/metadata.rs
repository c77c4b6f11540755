//! `Chart.yaml`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::ChartError;
use crate::{helm::version::Version, yaml::float_text};

/// Longest name of a chart or alias, in bytes: Helm's own for charts that it makes. Names stand before all paths.
const NAME_BYTES_MAX: usize = 250;

/// What `Chart.yaml` says. Numbers and booleans become text where text is expected, as in Helm: `1.10` is `1.1`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Metadata {
    /// Name; the alias where the chart is used under one.
    pub name: String,
    /// Home page.
    pub home: String,
    /// Pages with source code.
    pub sources: Vec<String>,
    /// Version of the chart.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who looks after it.
    pub maintainers: Vec<Maintainer>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Unused by Helm for the chart itself.
    pub condition: String,
    /// Unused by Helm for the chart itself.
    pub tags: String,
    /// Version of what the chart installs.
    pub app_version: String,
    /// Whether it should not be used any more.
    pub deprecated: bool,
    /// Free texts by key.
    pub annotations: Vec<(String, String)>,
    /// Constraint on the cluster's version.
    pub kube_version: String,
    /// Declared dependencies, from `Chart.yaml` or `requirements.yaml`.
    pub dependencies: Vec<Dependency>,
    /// Empty, `application` or `library`.
    pub kind: String,
}

/// Someone who looks after a chart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Page.
    pub url: String,
}

/// A declared dependency.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Dependency {
    /// Name of the chart; after selection its alias.
    pub name: String,
    /// Constraint on its version.
    pub version: String,
    /// Where it was fetched from.
    pub repository: String,
    /// Comma-separated paths in the values; the first that is a boolean decides.
    pub condition: String,
    /// Keys under `tags` in the values.
    pub tags: Vec<String>,
    /// Whether the values switch it on.
    pub is_enabled: bool,
    /// Values that go up to the parent.
    pub import_values: Vec<Import>,
    /// Name under which it is used.
    pub alias: String,
}

/// Values of a child that become values of its parent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Import {
    /// A key under the child's `exports`.
    Export(String),
    /// A path in the child, put at a path in the parent.
    Move {
        /// Path in the child.
        child: String,
        /// Path in the parent; `.` for its root.
        parent: String,
    },
}

impl Metadata {
    /// Reads the file's values and checks them as Helm does.
    pub(super) fn read(file: &str, value: &Value) -> Result<Self, ChartError> {
        let fields = Fields::of(file, "", value)?;
        let mut metadata = Self {
            name: fields.text("name")?,
            home: fields.text("home")?,
            sources: fields.texts("sources")?,
            version: fields.text("version")?,
            description: fields.text("description")?,
            keywords: fields.texts("keywords")?,
            maintainers: fields.list("maintainers", maintainer)?,
            icon: fields.text("icon")?,
            api_version: fields.text("apiVersion")?,
            condition: fields.text("condition")?,
            tags: fields.text("tags")?,
            app_version: fields.text("appVersion")?,
            deprecated: fields.truth("deprecated")?,
            annotations: fields.text_map("annotations")?,
            kube_version: fields.text("kubeVersion")?,
            dependencies: fields.list("dependencies", dependency)?,
            kind: fields.text("type")?,
        };
        if metadata.api_version.is_empty() {
            metadata.api_version = "v1".to_owned();
        }
        Ok(metadata)
    }

    /// Takes the dependencies of a `requirements.yaml`.
    pub(super) fn read_requirements(&mut self, file: &str, value: &Value) -> Result<(), ChartError> {
        let fields = Fields::of(file, "", value)?;
        if fields.get("dependencies").is_some() {
            self.dependencies = fields.list("dependencies", dependency)?;
        }
        Ok(())
    }

    /// Checks what has to be there.
    pub(super) fn validate(&self) -> Result<(), ChartError> {
        let refuse = |message: String| Err(ChartError::of("Chart.yaml", message));
        if self.name.is_empty() {
            return refuse("expected a `name`".to_owned());
        }
        if self.name.contains('/') || matches!(self.name.as_str(), "." | "..") {
            return refuse(format!("`{}` is not a name of a chart", self.name));
        }
        if self.name.len() > NAME_BYTES_MAX {
            return refuse(format!("the name has {} bytes, expected at most {NAME_BYTES_MAX}", self.name.len()));
        }
        if self.version.is_empty() {
            return refuse("expected a `version`".to_owned());
        }
        if Version::parse(&self.version).is_none() {
            return refuse(format!("`{}` is not a version", self.version));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return refuse(format!("expected the type `application` or `library`, found `{}`", self.kind));
        }
        let mut names = BTreeSet::new();
        for dependency in &self.dependencies {
            if dependency.alias.len() > NAME_BYTES_MAX {
                let found = dependency.alias.len();
                return refuse(format!("an alias has {found} bytes, expected at most {NAME_BYTES_MAX}"));
            }
            let is_alias = dependency.alias.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
            if !is_alias {
                return refuse(format!("dependency `{}` has a bad alias `{}`", dependency.name, dependency.alias));
            }
            let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !names.insert(name) {
                return refuse(format!("more than one dependency with the name or alias `{name}`"));
            }
        }
        Ok(())
    }
}

fn maintainer(fields: &Fields<'_>) -> Result<Maintainer, ChartError> {
    Ok(Maintainer { name: fields.text("name")?, email: fields.text("email")?, url: fields.text("url")? })
}

fn dependency(fields: &Fields<'_>) -> Result<Dependency, ChartError> {
    let import = |value: &Value| match value {
        Value::String(key) => Some(Import::Export(key.clone())),
        Value::Object(paths) => {
            let path = |key: &str| match paths.get(key) {
                Some(Value::String(path)) => path.clone(),
                _ => "<nil>".to_owned(),
            };
            Some(Import::Move { child: path("child"), parent: path("parent") })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    };
    let imports = match fields.get("import-values") {
        Some(Value::Array(items)) => items.iter().filter_map(import).collect(),
        None => Vec::new(),
        Some(_) => return Err(fields.wrong("import-values", "a list")),
    };
    Ok(Dependency {
        name: fields.text("name")?,
        version: fields.text("version")?,
        repository: fields.text("repository")?,
        condition: fields.text("condition")?,
        tags: fields.texts("tags")?,
        is_enabled: fields.truth("enabled")?,
        import_values: imports,
        alias: fields.text("alias")?,
    })
}

/// What stands for a value where Helm expects text; nothing for lists and mappings.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) if number.is_f64() => number.as_f64().map(float_text),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A mapping whose fields have types.
struct Fields<'a> {
    file: &'a str,
    path: String,
    entries: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    fn of(file: &'a str, path: &str, value: &'a Value) -> Result<Self, ChartError> {
        let entries = match value {
            Value::Object(entries) => Some(entries),
            Value::Null => None,
            _ => return Err(ChartError::of(file, format!("expected `{path}` to be a mapping"))),
        };
        Ok(Self { file, path: path.to_owned(), entries })
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.entries?.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &str, expected: &str) -> ChartError {
        let dot = if self.path.is_empty() { "" } else { "." };
        let message = format!("expected `{}{dot}{key}` to be {expected}", self.path);
        ChartError::of(self.file, message)
    }

    fn text(&self, key: &str) -> Result<String, ChartError> {
        match self.get(key) {
            None => Ok(String::new()),
            Some(value) => scalar_text(value).ok_or_else(|| self.wrong(key, "text")),
        }
    }

    fn truth(&self, key: &str) -> Result<bool, ChartError> {
        match self.get(key) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(self.wrong(key, "`true` or `false`")),
        }
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, ChartError> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| scalar_text(item).ok_or_else(|| self.wrong(key, "a list of texts"))).collect()
            }
            Some(_) => Err(self.wrong(key, "a list of texts")),
        }
    }

    fn text_map(&self, key: &str) -> Result<Vec<(String, String)>, ChartError> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Object(entries)) => entries
                .iter()
                .map(|(name, value)| match scalar_text(value) {
                    Some(text) => Ok((name.clone(), text)),
                    None => Err(self.wrong(key, "a mapping of texts")),
                })
                .collect(),
            Some(_) => Err(self.wrong(key, "a mapping of texts")),
        }
    }

    fn list<T>(&self, key: &str, read: fn(&Fields<'_>) -> Result<T, ChartError>) -> Result<Vec<T>, ChartError> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(|item| read(&Fields::of(self.file, key, item)?)).collect(),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }
}
