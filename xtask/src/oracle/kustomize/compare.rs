//! What the real tool says beside what Seaway says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Real;

/// What comes of one folder.
pub(super) enum Verdict {
    Same,
    BothRefuse,
    Differs(String),
}

/// Compares document by document; the message of whoever refuses alone is part of the difference.
pub(super) fn verdict(real: &Real, own: &Result<Vec<Value>, String>) -> Verdict {
    match (real, own) {
        (Err(_), Err(_)) => Verdict::BothRefuse,
        (Err(real), Ok(own)) => {
            Verdict::Differs(format!("only kubectl refuses, Seaway has {} objects:\n{}", own.len(), real.trim()))
        }
        (Ok(_), Err(own)) => Verdict::Differs(format!("only Seaway refuses: {own}")),
        (Ok((_, real)), Ok(own)) => match difference(real, own) {
            None => Verdict::Same,
            Some(how) => Verdict::Differs(how),
        },
    }
}

fn difference(real: &[Value], own: &[Value]) -> Option<String> {
    for (index, (real, own)) in real.iter().zip(own).enumerate() {
        let mut out = Vec::new();
        compare("", real, own, &mut out);
        if !out.is_empty() {
            let name = |value: &Value| format!("{} {}", value["kind"], value["metadata"]["name"]);
            return Some(format!("document {index}, {} / {}:\n{}", name(real), name(own), out.join("\n")));
        }
    }
    (real.len() != own.len()).then(|| format!("kubectl has {} documents, Seaway {}", real.len(), own.len()))
}

fn compare(path: &str, real: &Value, own: &Value, out: &mut Vec<String>) {
    match (real, own) {
        (Value::Object(real), Value::Object(own)) => {
            let keys: BTreeMap<&String, ()> = real.keys().chain(own.keys()).map(|key| (key, ())).collect();
            for key in keys.into_keys() {
                let path = format!("{path}/{key}");
                match (real.get(key), own.get(key)) {
                    (Some(real), Some(own)) => compare(&path, real, own, out),
                    (real, own) => out.push(format!("{path}: kubectl {}, Seaway {}", shown(real), shown(own))),
                }
            }
        }
        (Value::Array(real), Value::Array(own)) if real.len() == own.len() => {
            for (index, (real, own)) in real.iter().zip(own).enumerate() {
                compare(&format!("{path}/{index}"), real, own, out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (real, own) if real == own => {}
        (real, own) => out.push(format!("{path}: kubectl {}, Seaway {}", shown(Some(real)), shown(Some(own)))),
    }
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_string().chars().take(300).collect())
}
