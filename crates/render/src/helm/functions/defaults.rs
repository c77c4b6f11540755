//! What counts as empty, and what stands in for it.

use super::{Context, Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::Value;

use Takes::{Any, Bool};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("default", &[Any], default).and_more(Any),
    Function::new("empty", &[Any], |_, a| Ok((!a[0].truth()).into())),
    Function::new("coalesce", &[], |_, a| Ok(a.iter().find(|value| value.truth()).cloned().unwrap_or_default()))
        .and_more(Any),
    Function::new("all", &[], |_, a| Ok(a.iter().all(Value::truth).into())).and_more(Any),
    Function::new("any", &[], |_, a| Ok(a.iter().any(Value::truth).into())).and_more(Any),
    Function::new("ternary", &[Any, Any, Bool], |_, a| Ok(a[if a[2].truth() { 0 } else { 1 }].clone())),
];

fn default(_: &mut Context, a: &[Value]) -> Answer<Value> {
    Ok(a.get(1).filter(|given| given.truth()).unwrap_or(&a[0]).clone())
}
