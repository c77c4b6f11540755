//! Values as JSON and YAML and back.

use super::arguments::text;
use super::{Context, Function, Takes, read_back};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::{
    JsonStyle, List, ListKind, Map, Str, TEXT_BYTES_MAX, Value, Writer, from_json, to_data, to_json, too_long,
    too_many_items, write_json,
};
use crate::yaml;

use Takes::{Any, Text};

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("toJson", &[Any], |context, a| or_empty(json(context, &a[0], ESCAPED))),
    Function::new("mustToJson", &[Any], |context, a| json(context, &a[0], ESCAPED)),
    Function::new("toPrettyJson", &[Any], |context, a| or_empty(json(context, &a[0], PRETTY))),
    Function::new("mustToPrettyJson", &[Any], |context, a| json(context, &a[0], PRETTY)),
    Function::new("toRawJson", &[Any], |context, a| json(context, &a[0], RAW)),
    Function::new("mustToRawJson", &[Any], |context, a| json(context, &a[0], RAW)),
    Function::new("fromJson", &[Text], |context, a| read_map(context, a, read_json, "")),
    Function::new("mustFromJson", &[Text], |context, a| read_json(context, text(a, 0)?)?.map_err(Fault::Failed)),
    Function::new("fromJsonArray", &[Text], |context, a| read_list(context, a, read_json, "")),
    Function::new("toYaml", &[Any], |context, a| or_empty(to_yaml(context, &a[0], yaml::Style::Kubernetes))),
    Function::new("mustToYaml", &[Any], |context, a| to_yaml(context, &a[0], yaml::Style::Kubernetes)),
    Function::new("toYamlPretty", &[Any], |context, a| or_empty(to_yaml(context, &a[0], yaml::Style::Pretty))),
    Function::new("fromYaml", &[Text], |context, a| read_map(context, a, read_yaml, THROUGH_JSON)),
    Function::new("fromYamlArray", &[Text], |context, a| read_list(context, a, read_yaml, THROUGH_JSON)),
];

const ESCAPED: JsonStyle = JsonStyle { escape_html: true, indent: false };
const PRETTY: JsonStyle = JsonStyle { escape_html: true, indent: true };
const RAW: JsonStyle = JsonStyle { escape_html: false, indent: false };

fn json(context: &mut Context, value: &Value, style: JsonStyle) -> Answer<Value> {
    let mut out = Writer::new();
    write_json(&mut out, value, style)?;
    context.charge(out.len() / 8)?;
    Ok(out.finish().into())
}

/// Helm gives the empty text for what has no form, and an error only for `must…`.
fn or_empty(answer: Answer<Value>) -> Answer<Value> {
    match answer {
        Err(Fault::Failed(_)) => Ok("".into()),
        other => other,
    }
}

fn to_yaml(context: &mut Context, value: &Value, style: yaml::Style) -> Answer<Value> {
    let text = written(context, value, style)?;
    Ok(text.strip_suffix('\n').unwrap_or(&text).into())
}

/// What `.Values.YAML` gives: with the line break at the end that `toYaml` takes away.
pub(crate) fn document(context: &mut Context, value: &Value) -> Answer<Value> {
    Ok(written(context, value, yaml::Style::Kubernetes)?.into())
}

fn written(context: &mut Context, value: &Value, style: yaml::Style) -> Answer<String> {
    let mut size = 0;
    measure(value, 0, &mut size)?;
    context.charge(size / 8)?;
    let data = match style {
        yaml::Style::Kubernetes => {
            let mut data = to_json(value)?;
            read_back::read_back(&mut data)?;
            data
        }
        yaml::Style::Pretty => to_data(value)?,
    };
    let text = yaml::write(&data, style);
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    Ok(text)
}

/// What a part of a value costs besides its text.
const NODE_BYTES: usize = 32;

/// Finds out how large a value is before it is copied: one map that is shared a thousand times is written as often.
fn measure(value: &Value, depth: usize, size: &mut usize) -> Answer<()> {
    // A node costs more in memory than on paper; text may be broken at each space and then indented.
    *size += NODE_BYTES
        + depth * 4
        + match value {
            Value::Str(text) => {
                let breaks = text.as_bytes().iter().filter(|byte| matches!(byte, b' ' | b'\n')).count();
                text.len() + breaks * depth * 4
            }
            Value::Bytes(bytes) => bytes.len() * 4 / 3,
            _ => 0,
        };
    if *size > TEXT_BYTES_MAX {
        return Err(too_long());
    }
    if depth > crate::helm::value::DEPTH_MAX {
        return Err(crate::helm::value::too_deep());
    }
    match value {
        Value::List(list) => list.iter().try_for_each(|item| measure(item, depth + 1, size)),
        Value::Map(map) => map.entries().iter().try_for_each(|(key, item)| {
            *size += key.len();
            measure(item, depth + 1, size)
        }),
        _ => Ok(()),
    }
}

/// Values in one text that is read: each takes some hundred bytes on the way.
const NODES_MAX: usize = 300_000;

/// What a reader gives: the value, or why the text cannot be read.
type Read = Result<Value, String>;

type Reader = fn(&mut Context, &Str) -> Answer<Read>;

/// How errors begin where YAML was read by way of JSON.
const THROUGH_JSON: &str = "error unmarshaling JSON: while decoding JSON: ";

fn read_json(context: &mut Context, text: &Str) -> Answer<Read> {
    context.charge(text.len() / 2)?;
    let parts = text.as_bytes().iter().filter(|byte| matches!(byte, b',' | b'[' | b'{' | b':')).count();
    if parts > NODES_MAX {
        return Err(too_many_items());
    }
    Ok(match serde_json::from_str::<serde_json::Value>(&text.text()) {
        Ok(data) => Ok(from_json(&data)),
        Err(error) => Err(error.to_string()),
    })
}

fn read_yaml(context: &mut Context, text: &Str) -> Answer<Read> {
    let steps = context.steps_left();
    let mut limits = yaml::Limits { nodes: NODES_MAX, steps, ..yaml::Limits::default() };
    let answer = yaml::read_within(&text.text(), &mut limits);
    context.charge(usize::try_from(steps - limits.steps).unwrap_or(usize::MAX))?;
    Ok(match answer {
        Ok(data) => Ok(from_json(&data)),
        Err(error) => Err(format!("error converting YAML to JSON: yaml: {error}")),
    })
}

/// A map; errors are in the map under `Error`, as Helm hands them to the chart.
fn read_map(context: &mut Context, a: &[Value], read: Reader, through: &str) -> Answer<Value> {
    let problem = match read(context, text(a, 0)?)? {
        Ok(Value::Map(map)) => return Ok(map.into()),
        Ok(Value::Nil) => return Ok(Map::new().into()),
        Ok(other) => {
            let found = json_kind(&other);
            format!("{through}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}")
        }
        Err(problem) => problem,
    };
    Ok(std::iter::once((Str::from("Error"), problem.into())).collect::<Map>().into())
}

/// A list; an error is its only item.
fn read_list(context: &mut Context, a: &[Value], read: Reader, through: &str) -> Answer<Value> {
    let problem = match read(context, text(a, 0)?)? {
        Ok(Value::List(list)) => return Ok(list.into()),
        // JSON's null leaves Go's list as it is, which is absent; on the way through YAML it becomes an empty one.
        Ok(Value::Nil) if through.is_empty() => return Ok(List::absent(ListKind::Any).into()),
        Ok(Value::Nil) => return Ok(Value::list(Vec::new())),
        Ok(other) => {
            let found = json_kind(&other);
            format!("{through}json: cannot unmarshal {found} into Go value of type []interface {{}}")
        }
        Err(problem) => problem,
    };
    Ok(Value::list(vec![problem.into()]))
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "null",
        Value::Bool(_) => "bool",
        Value::Int(..) | Value::Float(_) => "number",
        Value::Str(_) | Value::Bytes(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) | Value::Object(_) => "object",
    }
}
