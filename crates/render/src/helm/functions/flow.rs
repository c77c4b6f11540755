//! Functions that choose or stop: `and`, `or`, `not`, comparisons, `include`, `tpl`, `required`, `fail`, `default`.

use super::{Body, Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{Value, equal, less};

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::special("and", &[Any], Body::And).and_more(Any),
    Function::special("or", &[Any], Body::Or).and_more(Any),
    Function::special("include", &[Text, Any], Body::Include),
    Function::special("tpl", &[Text, Any], Body::Tpl),
    Function::new("not", &[Any], not),
    Function::new("eq", &[Any], eq).and_more(Any),
    Function::new("ne", &[Any, Any], ne),
    Function::new("lt", &[Any, Any], lt),
    Function::new("le", &[Any, Any], le),
    Function::new("gt", &[Any, Any], gt),
    Function::new("ge", &[Any, Any], ge),
    Function::new("fail", &[Text], fail),
    Function::new("required", &[Text, Any], required),
];

fn not(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok((!arguments[0].truth()).into())
}

fn eq(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    let (first, others) = arguments.split_first().ok_or_else(|| Fault::failed("missing argument for comparison"))?;
    if others.is_empty() {
        return Err(Fault::failed("missing argument for comparison"));
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn ne(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok((!equal(&arguments[0], &arguments[1])?).into())
}

fn lt(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok(less(&arguments[0], &arguments[1])?.into())
}

fn less_or_equal(left: &Value, right: &Value) -> Answer<bool> {
    Ok(less(left, right)? || equal(left, right)?)
}

fn le(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok(less_or_equal(&arguments[0], &arguments[1])?.into())
}

fn gt(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok((!less_or_equal(&arguments[0], &arguments[1])?).into())
}

fn ge(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Ok((!less(&arguments[0], &arguments[1])?).into())
}

fn fail(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    Err(Fault::Failed(arguments[0].as_text().map(|text| text.text().into_owned()).unwrap_or_default()))
}

fn required(_: &mut Context, arguments: &[Value]) -> Answer<Value> {
    let is_missing = match &arguments[1] {
        Value::Nil => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    if is_missing {
        return Err(Fault::Failed(arguments[0].as_text().map(|text| text.text().into_owned()).unwrap_or_default()));
    }
    Ok(arguments[1].clone())
}
