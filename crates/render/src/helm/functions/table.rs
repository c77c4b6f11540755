//! What functions there are and what they take.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Context, FAMILIES};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{ListKind, MapKind, Value};

/// A Go type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `interface {}`
    Any,
    /// `string`
    Text,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`
    Map,
    /// `[]interface {}`
    List,
    /// `[]string`
    Texts,
}

/// How a function is carried out.
#[derive(Clone, Copy)]
pub enum Body {
    /// By a Rust function that sees values only.
    Plain(fn(&mut Context, &[Value]) -> Answer<Value>),
    /// By jumps: stops at the first false value.
    And,
    /// By jumps: stops at the first true value.
    Or,
    /// By the machine: runs a named template.
    Include,
    /// By the machine: parses and runs text.
    Tpl,
}

/// An entry of the table.
pub struct Function {
    /// As written in templates.
    pub name: &'static str,
    fixed: &'static [Takes],
    rest: Option<Takes>,
    /// How many times longer than a copy it looks at its arguments.
    weight: usize,
    /// How it is carried out.
    pub body: Body,
}

impl Function {
    /// A function with the given parameters.
    #[must_use]
    pub const fn new(
        name: &'static str,
        fixed: &'static [Takes],
        body: fn(&mut Context, &[Value]) -> Answer<Value>,
    ) -> Self {
        Self { name, fixed, rest: None, weight: 1, body: Body::Plain(body) }
    }

    /// A function that the machine carries out.
    #[must_use]
    pub const fn special(name: &'static str, fixed: &'static [Takes], body: Body) -> Self {
        Self { name, fixed, rest: None, weight: 1, body }
    }

    /// The same function with any number of further arguments.
    #[must_use]
    pub const fn and_more(self, rest: Takes) -> Self {
        Self { rest: Some(rest), ..self }
    }

    /// The same function, said to take so many times the work of a copy.
    #[must_use]
    pub const fn heavy(self, weight: usize) -> Self {
        Self { weight, ..self }
    }

    /// How many times longer than a copy it looks at its arguments.
    #[must_use]
    pub const fn weight(&self) -> usize {
        self.weight
    }

    /// What the argument at a place must be.
    #[must_use]
    pub fn takes(&self, at: usize) -> Takes {
        self.fixed.get(at).copied().or(self.rest).unwrap_or(Takes::Any)
    }

    /// The error of a call with so many arguments, if it is one.
    #[must_use]
    pub fn refuses_count(&self, count: usize) -> Option<String> {
        let wanted = self.fixed.len();
        match self.rest {
            Some(_) if count < wanted => {
                Some(format!("wrong number of args for {}: want at least {wanted} got {count}", self.name))
            }
            None if count != wanted => {
                Some(format!("wrong number of args for {}: want {wanted} got {count}", self.name))
            }
            _ => None,
        }
    }

    /// Checks the arguments against the parameters.
    ///
    /// `typed_nils` marks arguments whose nil has an interface type and so is no nil map or list.
    ///
    /// # Errors
    /// As Go's: the type that was expected and the one that was found.
    pub fn check(&self, arguments: &[Value], typed_nils: u64) -> Answer<()> {
        for (at, argument) in arguments.iter().enumerate() {
            let takes = self.takes(at);
            let has_typed_nil = at < 64 && typed_nils & (1 << at) != 0;
            if !takes.accepts(argument, has_typed_nil) {
                return Err(takes.refusal(argument, has_typed_nil));
            }
        }
        Ok(())
    }
}

impl Takes {
    fn accepts(self, value: &Value, has_typed_nil: bool) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Text, Value::Str(_))
            | (Self::Float, Value::Float(_))
            | (Self::Bool, Value::Bool(_)) => true,
            (Self::Int | Self::Int64, Value::Int(_, kind)) => kind.name() == self.name(),
            (Self::Map, Value::Map(map)) => map.kind() != MapKind::Str,
            (Self::List, Value::List(list)) => list.kind() == ListKind::Any,
            (Self::Texts, Value::List(list)) => list.kind() == ListKind::Str,
            (Self::Map | Self::List | Self::Texts, Value::Nil) => !has_typed_nil,
            _ => false,
        }
    }

    fn refusal(self, value: &Value, has_typed_nil: bool) -> Fault {
        let expected = self.name();
        Fault::Failed(match value {
            Value::Nil if has_typed_nil => format!("wrong type for value; expected {expected}; got interface {{}}"),
            Value::Nil => format!("invalid value; expected {expected}"),
            _ => format!("wrong type for value; expected {expected}; got {}", value.type_name()),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Text => "string",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Float => "float64",
            Self::Bool => "bool",
            Self::Map => "map[string]interface {}",
            Self::List => "[]interface {}",
            Self::Texts => "[]string",
        }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

fn table() -> &'static HashMap<&'static str, &'static Function> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Function>> = OnceLock::new();
    TABLE.get_or_init(|| {
        FAMILIES.iter().flat_map(|family| family.iter()).map(|function| (function.name, function)).collect()
    })
}

/// The function of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    table().get(name).copied()
}

/// The error of a name that no function has.
#[must_use]
pub fn unknown(name: &str) -> String {
    // The cheap test first: comparing a name of a megabyte takes seconds, and it is near to none.
    let nearest = table()
        .keys()
        .filter(|known| known.len().abs_diff(name.len()) <= 1 + name.len() / 4)
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
        .min();
    match nearest {
        Some((_, known)) => format!("function {name:?} not defined; did you mean {known:?}?"),
        None => format!("function {name:?} not defined"),
    }
}

/// Every function's name, sorted.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = table().keys().copied().collect();
    names.sort_unstable();
    names
}
