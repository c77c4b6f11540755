//! Versions in templates: `semver` and `semverCompare`.

use std::any::Any;

use super::arguments::text;
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{IntKind, Object, Value};
use crate::helm::version::{Constraint, Version};

use Takes::Text;

/// Reading a constraint takes much longer than copying it.
pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("semver", &[Text], semver).heavy(4),
    Function::new("semverCompare", &[Text, Text], compare).heavy(16),
];

fn parse(text: &str) -> Answer<Version> {
    Version::parse(text).ok_or_else(|| Fault::failed("invalid semantic version"))
}

fn semver(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(Value::object(Parsed(parse(&text(a, 0)?.text())?)))
}

fn compare(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let constraint = text(a, 0)?.text();
    let version = parse(&text(a, 1)?.text());
    let constraint =
        Constraint::parse(&constraint).ok_or_else(|| Fault::failed(format!("improper constraint: {constraint}")))?;
    Ok(constraint.allows(&version?).into())
}

/// Go's `*semver.Version`.
#[derive(Debug)]
struct Parsed(Version);

impl Object for Parsed {
    fn type_name(&self) -> &str {
        "*semver.Version"
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn method(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let own = &self.0;
        let number = |n: u64| Ok(Value::Int(i64::try_from(n).unwrap_or(i64::MAX), IntKind::Uint64));
        let next = |major, minor, patch| {
            let version = format!("{major}.{minor}.{patch}");
            let original = if own.original.starts_with('v') { format!("v{version}") } else { version };
            parse(&original).map(|version| Value::object(Parsed(version)))
        };
        let other = |decide: fn(std::cmp::Ordering) -> Value| match arguments {
            [value] => match value.downcast::<Parsed>() {
                Some(other) => Ok(decide(own.cmp(&other.0))),
                None => {
                    let found = value.type_name();
                    Err(Fault::failed(format!("wrong type for value; expected *semver.Version; got {found}")))
                }
            },
            _ => Err(Fault::failed(format!("wrong number of args for {name}: want 1 got {}", arguments.len()))),
        };
        // A pre-release becomes its own release before anything else is counted up.
        let is_release = own.prerelease.is_empty();
        Some(match name {
            "Major" => number(own.major),
            "Minor" => number(own.minor),
            "Patch" => number(own.patch),
            "Prerelease" => Ok(own.prerelease.as_str().into()),
            "Metadata" => Ok(own.metadata.as_str().into()),
            "Original" => Ok(own.original.as_str().into()),
            "String" => Ok(own.to_string().into()),
            "Compare" => other(|ordering| Value::int(ordering as i64)),
            "Equal" => other(|ordering| ordering.is_eq().into()),
            "LessThan" => other(|ordering| ordering.is_lt().into()),
            "LessThanEqual" => other(|ordering| ordering.is_le().into()),
            "GreaterThan" => other(|ordering| ordering.is_gt().into()),
            "GreaterThanEqual" => other(|ordering| ordering.is_ge().into()),
            "IncMajor" => next(own.major.saturating_add(1), 0, 0),
            "IncMinor" => next(own.major, own.minor.saturating_add(1), 0),
            "IncPatch" => next(own.major, own.minor, own.patch.saturating_add(u64::from(is_release))),
            _ => return None,
        })
    }

    fn print(&self) -> String {
        self.0.to_string()
    }

    fn data(&self) -> serde_json::Value {
        self.0.to_string().into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
