//! `vars`: `$(NAME)` in fields that may hold variables becomes the value of a field of an object.

use std::collections::BTreeMap;

use super::{
    budget::Budget,
    fault::{Fault, Outcome, quoted},
    field_path,
    field_spec::{FieldSpec, Make, apply},
    ident::{Gvk, ResId},
    node::{Node, Shape, Tag},
    scalar::{Meaning, Words, general, resolve},
    schema::Scopes,
    set::Set,
    settings::Var,
};

/// Variables by name.
pub(crate) type Vars = BTreeMap<String, Var>;

/// What a variable stands for.
#[derive(Clone, PartialEq, Debug)]
enum Value {
    Scalar(String, Tag),
    /// A mapping or list: nothing is put in.
    Other,
}

/// Adds variables and notes at the objects which of them take their value there.
pub(crate) fn declare(vars: &mut Vars, set: &mut Set, incoming: &[Var], scopes: &Scopes) -> Outcome<()> {
    for var in incoming {
        let gvk: Gvk = var.gvk.clone();
        let id = ResId::new(gvk, var.object_name.clone(), var.namespace.clone(), scopes);
        let is_exact = !id.namespace.is_empty() || id.is_cluster_scoped;
        let is_it = |own: &ResId| if is_exact { own.is_same(&id) } else { own.name == id.name && own.gvk == id.gvk };
        let mut matched: Vec<_> =
            set.list.iter_mut().filter(|one| !one.is_gone() && one.any_ids(scopes).any(|own| is_it(&own))).collect();
        if matched.len() > 1 {
            let message = format!("the variable {} may mean several objects {id}", quoted(&var.name));
            return Err(Fault::step(message));
        }
        if let Some(resource) = matched.pop() {
            resource.vars.push(var.name.clone());
        }
    }
    merge(vars, incoming.iter().cloned())
}

/// Adds variables, each name once.
pub(crate) fn merge(vars: &mut Vars, incoming: impl Iterator<Item = Var>) -> Outcome<()> {
    for var in incoming {
        let name = var.name.clone();
        if vars.insert(name.clone(), var).is_some() {
            return Err(Fault::step(format!("the variable {} is declared twice", quoted(&name))));
        }
    }
    Ok(())
}

/// Puts the values in.
pub(crate) fn fill(set: &mut Set, vars: &Vars, specs: &[FieldSpec], budget: &Budget) -> Outcome<()> {
    let mut values = BTreeMap::new();
    for var in vars.values() {
        values.insert(var.name.clone(), value(set, var)?);
    }
    if values.is_empty() {
        return Ok(());
    }
    let filler = Filler { values, budget };
    for resource in set.list.iter_mut().filter(|resource| !resource.is_gone()) {
        for spec in specs {
            apply(&mut resource.node, spec, Make::Nothing, budget, &mut |field| filler.field(field))
                .map_err(|fault| resource.blame(fault))?;
        }
    }
    Ok(())
}

fn value(set: &Set, var: &Var) -> Outcome<Value> {
    let Some(resource) = set.list.iter().find(|one| one.vars.contains(&var.name)) else {
        let message = format!("the variable {} is for an object that is not there", quoted(&var.name));
        return Err(Fault::step(message));
    };
    let path = indexed(&field_path::split(&var.field_path)?);
    let Some(found) = field_path::lookup(&resource.node, &path)? else {
        let message = format!("the variable {} is for a field that is not there", quoted(&var.name));
        return Err(resource.blame(Fault::step(message)));
    };
    let Some(scalar) = found.as_scalar() else { return Ok(Value::Other) };
    let not_a_number = || Fault::step(format!("the variable {} has no plain number", quoted(&var.name)));
    let text = match scalar.tag {
        Tag::Int => scalar.text.parse::<i64>().map_err(|_| not_a_number())?.to_string(),
        Tag::Float => match resolve(&scalar.text, Words::Modern) {
            Meaning::Float(value) => format!("{value}"),
            _ => scalar.text.parse::<f64>().map(|value| format!("{value}")).map_err(|_| not_a_number())?,
        },
        Tag::Bool => scalar.text.to_lowercase(),
        _ => scalar.text.clone(),
    };
    let tag = if matches!(scalar.tag, Tag::Int | Tag::Float | Tag::Bool) { scalar.tag } else { Tag::Text };
    Ok(Value::Scalar(text, tag))
}

/// `name[0]` is two parts.
fn indexed(path: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for part in path {
        let split = part.strip_suffix(']').and_then(|inner| inner.rsplit_once('['));
        match split {
            Some((name, index)) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                if !name.is_empty() {
                    found.push(name.to_owned());
                }
                found.push(index.to_owned());
            }
            _ => found.push(part.clone()),
        }
    }
    found
}

struct Filler<'a> {
    values: BTreeMap<String, Value>,
    budget: &'a Budget,
}

impl Filler<'_> {
    fn field(&self, field: &mut Node) -> Outcome<()> {
        if field.is_null() {
            return Ok(());
        }
        match &mut field.shape {
            Shape::Scalar(_) => self.scalar(field),
            Shape::Map(fields) => {
                for entry in fields {
                    if !matches!(entry.key.tag, Tag::Text | Tag::Open) {
                        return Err(Fault::step(format!("expected text as key, found {}", quoted(&entry.key.text))));
                    }
                    self.scalar(&mut entry.value)?;
                }
                Ok(())
            }
            Shape::List(items) => items.iter_mut().try_for_each(|item| {
                let is_text = item.as_scalar().is_some_and(|scalar| matches!(scalar.tag, Tag::Text | Tag::Open));
                if !is_text {
                    let message = format!("expected text in a list that may hold variables, found {}", item.kind());
                    return Err(Fault::step(message).at("", item.line, item.column));
                }
                self.scalar(item)
            }),
        }
    }

    /// Text alone may hold variables. One that is all of the text keeps the type of its value.
    fn scalar(&self, field: &mut Node) -> Outcome<()> {
        let Some(scalar) = field.as_scalar_mut().filter(|s| matches!(s.tag, Tag::Text | Tag::Open)) else {
            return Ok(());
        };
        let (text, tag) = self.expand(&scalar.text)?;
        *scalar = super::node::Scalar { text, tag, is_quoted: false, twin: scalar.twin };
        Ok(())
    }

    fn expand(&self, input: &str) -> Outcome<(String, Tag)> {
        let mut out = String::new();
        let mut rest = input;
        self.budget.spend(input.len() as u64)?;
        // Without it, each opening would be searched to the end for what closes it.
        let last_close = input.rfind(')').unwrap_or(0);
        let is_closed = |rest: &str| input.len() - rest.len() <= last_close;
        while let Some(at) = rest.find('$').filter(|at| at + 1 < rest.len()) {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some((name, after)) =
                rest.strip_prefix('(').filter(|inner| is_closed(inner)).and_then(|inner| inner.split_once(')'))
            {
                match self.values.get(name) {
                    Some(Value::Scalar(text, tag)) => {
                        if input.len() == name.len() + 3 {
                            return Ok((text.clone(), *tag));
                        }
                        self.budget.keep(text.len())?;
                        out.push_str(&in_text(text, *tag));
                    }
                    Some(Value::Other) | None => {
                        out.push_str("$(");
                        out.push_str(name);
                        out.push(')');
                    }
                }
                rest = after;
            } else {
                out.push('$');
                let len = rest.chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..len]);
                rest = &rest[len..];
            }
        }
        out.push_str(rest);
        Ok((out, Tag::Text))
    }
}

/// A value inside other text; a fraction as Go prints it.
fn in_text(text: &str, tag: Tag) -> String {
    if tag != Tag::Float {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(value) if value.abs() >= 1e21 || (value != 0.0 && value.abs() < 1e-4) => general(value),
        Ok(value) => format!("{value}"),
        Err(_) => text.to_owned(),
    }
}
