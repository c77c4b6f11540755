//! Lists. Nothing changes a list in place.

use super::arguments::{int, int_of, items};
use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{LIST_ITEMS_MAX, List, ListKind, Value, too_many_items};

use Takes::{Any, Int};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("list", &[], |_, a| Ok(Value::list(a.to_vec()))).and_more(Any),
    Function::new("tuple", &[], |_, a| Ok(Value::list(a.to_vec()))).and_more(Any),
    Function::new("append", &[Any, Any], append),
    Function::new("mustAppend", &[Any, Any], append),
    Function::new("push", &[Any, Any], append),
    Function::new("mustPush", &[Any, Any], append),
    Function::new("prepend", &[Any, Any], prepend),
    Function::new("mustPrepend", &[Any, Any], prepend),
    Function::new("first", &[Any], |_, a| {
        Ok(items(a, 0, "Cannot find first on type")?.first().cloned().unwrap_or_default())
    }),
    Function::new("mustFirst", &[Any], |_, a| {
        Ok(items(a, 0, "Cannot find first on type")?.first().cloned().unwrap_or_default())
    }),
    Function::new("last", &[Any], |_, a| {
        Ok(items(a, 0, "Cannot find last on type")?.last().cloned().unwrap_or_default())
    }),
    Function::new("mustLast", &[Any], |_, a| {
        Ok(items(a, 0, "Cannot find last on type")?.last().cloned().unwrap_or_default())
    }),
    Function::new("rest", &[Any], rest),
    Function::new("mustRest", &[Any], rest),
    Function::new("initial", &[Any], initial),
    Function::new("mustInitial", &[Any], initial),
    Function::new("reverse", &[Any], reverse),
    Function::new("mustReverse", &[Any], reverse),
    Function::new("compact", &[Any], compact),
    Function::new("mustCompact", &[Any], compact),
    Function::new("uniq", &[Any], uniq),
    Function::new("mustUniq", &[Any], uniq),
    Function::new("without", &[Any], without).and_more(Any),
    Function::new("mustWithout", &[Any], without).and_more(Any),
    Function::new("has", &[Any, Any], has),
    Function::new("mustHas", &[Any, Any], has),
    Function::new("slice", &[Any], slice).and_more(Any),
    Function::new("mustSlice", &[Any], slice).and_more(Any),
    Function::new("concat", &[], concat).and_more(Any),
    Function::new("chunk", &[Int, Any], chunk),
    Function::new("mustChunk", &[Int, Any], chunk),
];

fn append(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "Cannot push on type")?;
    context.charge(list.len() / 8)?;
    Ok(Value::list(list.iter().chain(std::iter::once(&a[1])).cloned().collect()))
}

fn prepend(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "Cannot prepend on type")?;
    context.charge(list.len() / 8)?;
    Ok(Value::list(std::iter::once(&a[1]).chain(list.iter()).cloned().collect()))
}

fn some(items: &[Value]) -> Value {
    Value::list(items.to_vec())
}

fn rest(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "Cannot find rest on type")?;
    Ok(list.split_first().map_or_else(|| List::absent(ListKind::Any).into(), |(_, rest)| some(rest)))
}

fn initial(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "Cannot find initial on type")?;
    Ok(list.split_last().map_or_else(|| List::absent(ListKind::Any).into(), |(_, initial)| some(initial)))
}

fn reverse(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(Value::list(items(a, 0, "Cannot find reverse on type")?.iter().rev().cloned().collect()))
}

fn compact(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "Cannot compact on type")?;
    Ok(Value::list(list.iter().filter(|item| item.truth()).cloned().collect()))
}

fn contains(context: &mut Context, list: &[Value], wanted: &Value) -> Answer<bool> {
    for item in list {
        if context.deep_equal(wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn uniq(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut found: Vec<Value> = Vec::new();
    for item in items(a, 0, "Cannot find uniq on type")?.iter() {
        if !contains(context, &found, item)? {
            found.push(item.clone());
        }
    }
    Ok(Value::list(found))
}

fn without(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut left = Vec::new();
    for item in items(a, 0, "Cannot find without on type")?.iter() {
        if !contains(context, &a[1..], item)? {
            left.push(item.clone());
        }
    }
    Ok(Value::list(left))
}

fn has(context: &mut Context, a: &[Value]) -> Answer<Value> {
    if a[1].is_nil() {
        return Ok(false.into());
    }
    let list = items(a, 1, "Cannot find has on type")?;
    Ok(contains(context, &list, &a[0])?.into())
}

fn slice(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 0, "list should be type of slice or array but")?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let start = a.get(1).map_or(0, int_of);
    let length = list.len();
    let end = a.get(2).map_or_else(|| i64::try_from(length).unwrap_or(i64::MAX), int_of);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range.filter(|(start, end)| start <= end && *end <= length) {
        Some((start, end)) => Ok(List::of(list.kind(), list[start..end].to_vec()).into()),
        None => Err(Fault::failed("reflect.Value.Slice: slice index out of bounds")),
    }
}

fn concat(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let mut all = Vec::new();
    for at in 0..a.len() {
        let list = match items(a, at, "Cannot concat type") {
            Ok(list) => list,
            Err(Fault::Failed(message)) if !a[at].is_nil() => return Err(Fault::Failed(format!("{message} as list"))),
            Err(fault) => return Err(fault),
        };
        context.charge(list.len() / 8)?;
        if all.len() + list.len() > LIST_ITEMS_MAX {
            return Err(too_many_items());
        }
        all.extend(list.iter().cloned());
    }
    Ok(if all.is_empty() { List::absent(ListKind::Any).into() } else { Value::list(all) })
}

fn chunk(context: &mut Context, a: &[Value]) -> Answer<Value> {
    let list = items(a, 1, "Cannot chunk type")?;
    let size = usize::try_from(int(a, 0)?).ok().filter(|size| *size > 0);
    let Some(size) = size else {
        return Err(Fault::failed("chunk: the size must be positive"));
    };
    context.charge(list.len() / 8 + list.len().div_ceil(size) * 2)?;
    Ok(List::of(ListKind::List, list.chunks(size).map(some).collect()).into())
}
