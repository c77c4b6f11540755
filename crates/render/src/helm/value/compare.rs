//! `eq`, `lt` and `deepEqual`: Go's template comparisons with their type errors.

use super::{DEPTH_MAX, IntKind, Value, too_deep};
use crate::helm::fault::{Answer, Fault};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Text,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_, IntKind::Int | IntKind::Int64 | IntKind::Int32) => Basic::Int,
        Value::Int(_, IntKind::Uint8 | IntKind::Uint32 | IntKind::Uint64) => Basic::Uint,
        Value::Float(_) => Basic::Float,
        Value::Str(_) => Basic::Text,
        Value::Object(object) if matches!(object.kind_name(), "int64" | "int") => Basic::Int,
        Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_) => Basic::Other,
    }
}

/// Go's `eq` for two values.
///
/// # Errors
/// When the values cannot be compared: different kinds, or both maps or lists.
pub fn equal(left: &Value, right: &Value) -> Answer<bool> {
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() && right.is_nil());
    }
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left, _), Value::Int(right, _)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Str(left), Value::Str(right)) => left == right,
        (Value::Object(a), Value::Object(b)) => a.equals(b.as_ref()),
        _ if basic(left) != basic(right) => return Err(incompatible(left, right)),
        _ if left.kind_name() != right.kind_name() => {
            return Err(Fault::failed(format!("non-comparable types {}, {}", left.type_name(), right.type_name())));
        }
        _ => return Err(Fault::failed(format!("non-comparable type {}", right.type_name()))),
    })
}

/// Go's `lt`.
///
/// # Errors
/// When the values have no order: different kinds, booleans, nil, maps or lists.
pub fn less(left: &Value, right: &Value) -> Answer<bool> {
    if [left, right].into_iter().any(|value| basic(value) == Basic::Other) {
        return Err(Fault::failed("invalid type for comparison"));
    }
    Ok(match (left, right) {
        (Value::Int(left, _), Value::Int(right, _)) => left < right,
        (Value::Float(left), Value::Float(right)) => left < right,
        (Value::Str(left), Value::Str(right)) => left < right,
        (Value::Bool(_), Value::Bool(_)) => return Err(Fault::failed("invalid type for comparison")),
        _ => return Err(incompatible(left, right)),
    })
}

fn incompatible(left: &Value, right: &Value) -> Fault {
    Fault::failed(format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()))
}

/// Go's `reflect.DeepEqual`: equal types and equal parts.
///
/// `charge` is told how much work each part was: values that share parts have far more of them than memory.
///
/// # Errors
/// When the values are nested too deeply, or `charge` refuses to go on.
pub fn deep_equal(left: &Value, right: &Value, charge: &mut dyn FnMut(usize) -> Answer<()>) -> Answer<bool> {
    deep_equal_at(left, right, 0, charge)
}

fn deep_equal_at(
    left: &Value,
    right: &Value,
    depth: usize,
    charge: &mut dyn FnMut(usize) -> Answer<()>,
) -> Answer<bool> {
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    charge(match left {
        Value::Str(text) => 1 + text.len() / 256,
        _ => 1,
    })?;
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            if left.kind() != right.kind() || left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !deep_equal_at(left, right, depth + 1, charge)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.is_same(right) {
                return Ok(true);
            }
            if left.kind() != right.kind() || left.len() != right.len() {
                return Ok(false);
            }
            for ((left_key, left), (right_key, right)) in left.entries().iter().zip(right.entries().iter()) {
                if left_key != right_key || !deep_equal_at(left, right, depth + 1, charge)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Nil, Value::Nil) => Ok(true),
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        (Value::Int(left, left_kind), Value::Int(right, right_kind)) => Ok(left == right && left_kind == right_kind),
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (Value::Str(left), Value::Str(right)) => Ok(left == right),
        (Value::Bytes(left), Value::Bytes(right)) => Ok(left == right),
        (Value::Object(left), Value::Object(right)) => Ok(left.equals(right.as_ref())),
        _ => Ok(false),
    }
}
