//! From one type to another, and what type a value has.

use super::arguments::{float_of, int_of, text, text_of};
use super::{Context, Function, Takes};
use crate::helm::fault::Answer;
use crate::helm::value::{Value, parse_int};

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("int", &[Any], |_, a| Ok(Value::int(int_of(&a[0])))),
    Function::new("int64", &[Any], |_, a| Ok(Value::int64(int_of(&a[0])))),
    Function::new("float64", &[Any], |_, a| Ok(float_of(&a[0]).into())),
    Function::new("atoi", &[Text], |_, a| Ok(Value::int(parse_int(&text(a, 0)?.text(), 10).unwrap_or(0)))),
    Function::new("toDecimal", &[Any], |context, a| {
        Ok(Value::int64(parse_int(&text_of(context, &a[0])?.text(), 8).unwrap_or(0)))
    }),
    Function::new("typeOf", &[Any], |_, a| Ok(a[0].type_name().into())),
    Function::new("typeIs", &[Text, Any], |_, a| Ok((text(a, 0)?.text() == a[1].type_name()).into())),
    Function::new("typeIsLike", &[Text, Any], type_is_like),
    Function::new("kindOf", &[Any], |_, a| Ok(a[0].kind_name().into())),
    Function::new("kindIs", &[Text, Any], |_, a| Ok((text(a, 0)?.text() == a[1].kind_name()).into())),
    Function::new("deepEqual", &[Any, Any], |context, a| Ok(context.deep_equal(&a[0], &a[1])?.into())),
];

fn type_is_like(_: &mut Context, a: &[Value]) -> Answer<Value> {
    let target = text(a, 0)?.text();
    let found = a[1].type_name();
    Ok((target == found || found.strip_prefix('*') == Some(target.as_ref())).into())
}
