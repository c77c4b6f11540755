//! What becomes of values that Helm writes as JSON and reads as YAML before it writes YAML: a few characters that are
//! nothing special in JSON are line breaks or forbidden in YAML.

use serde_json::Value;

use crate::helm::fault::{Answer, Fault};

/// A line break in YAML, which JSON does not escape.
const NEXT_LINE: char = '\u{85}';

/// Changes texts as the detour does.
///
/// # Errors
/// When the JSON would not be read as YAML; Helm's `toYaml` then gives the empty text.
pub(super) fn read_back(data: &mut Value) -> Answer<()> {
    match data {
        Value::String(text) if !text.is_ascii() || text.contains('\x7f') => {
            if text.chars().any(is_forbidden) {
                return Err(forbidden());
            }
            if text.contains(NEXT_LINE) {
                *text = folded(text)?;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(read_back),
        Value::Object(entries) => entries.iter_mut().try_for_each(|(key, value)| {
            // A key must stand on one line.
            if key.chars().any(|c| c == NEXT_LINE || is_forbidden(c)) {
                return Err(forbidden());
            }
            read_back(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn forbidden() -> Fault {
    Fault::failed("error converting YAML to JSON: yaml: control characters are not allowed")
}

/// What no YAML text may hold; JSON escapes the characters below the space.
fn is_forbidden(c: char) -> bool {
    c != NEXT_LINE && matches!(c, '\x7f'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Breaks within double quotes: blanks around them go, one is a space, of several the first goes.
fn folded(text: &str) -> Answer<String> {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split(NEXT_LINE).enumerate().peekable();
    let mut breaks = 0;
    while let Some((number, line)) = lines.next() {
        let is_last = lines.peek().is_none();
        if number > 0 {
            breaks += 1;
            let ends_document = |rest: &str| rest.starts_with(' ') || (rest.is_empty() && !is_last);
            if ["---", "..."].iter().any(|mark| line.strip_prefix(mark).is_some_and(ends_document)) {
                return Err(Fault::failed("error converting YAML to JSON: yaml: found unexpected document indicator"));
            }
        }
        let line = if number > 0 { line.trim_start_matches(' ') } else { line };
        let line = if is_last { line } else { line.trim_end_matches(' ') };
        if breaks > 0 && (!line.is_empty() || is_last) {
            match breaks {
                1 => out.push(' '),
                more => out.extend(std::iter::repeat_n('\n', more - 1)),
            }
            breaks = 0;
        }
        out.push_str(line);
    }
    Ok(out)
}
