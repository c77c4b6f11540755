//! Which file set a value, and which files it beat.

use seaway_core::{
    diagnostic::{Diagnostic, Place, codes, has_errors, nearest},
    yaml::on_deep_stack,
};
use serde::Serialize;

use super::{
    generate::{Request, no_thread},
    setting::{Beaten, Given, Setting},
    trouble::Trouble,
    walk::{Mode, Visit, Walk},
};

/// Most values that are explained at once: the whole configuration of a large chart.
const VALUES_MAX: usize = 20_000;

/// One component's configuration, value by value.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The component, by the names of the entries that lead to it; empty for the root.
    pub component: String,
    /// Each value with where it stands.
    pub values: Vec<Standing>,
}

/// One value.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// `namespace`, or `config.` and keys with dots; items of lists by number.
    pub path: String,
    /// The value; short for texts.
    pub value: String,
    /// Where it is set.
    pub place: Place,
    /// Values that do not count and where they are set, the highest first.
    pub beaten: Vec<(String, Place)>,
}

/// Explains the configuration of a component; `key` limits it to the values at or below a path such as
/// `config.image`.
///
/// # Errors
/// All findings, or that there is no such component.
pub fn explain(request: &Request<'_>, component: &str, key: &str) -> Result<Explained, Vec<Diagnostic>> {
    on_deep_stack(|| run(request, component, key)).map_err(no_thread)?
}

fn run(request: &Request<'_>, component: &str, key: &str) -> Result<Explained, Vec<Diagnostic>> {
    let mut trouble = Trouble::new(request.settings);
    let walk = Walk::run(request, &mut trouble, Mode::Survey);
    let component = component.trim_matches('/');
    let Some(visit) = walk.visits.iter().find(|visit| visit.entry == component) else {
        if has_errors(&trouble.findings) {
            return Err(trouble.findings);
        }
        let known: Vec<&str> = walk.visits.iter().map(|visit| visit.entry.as_str()).collect();
        let help = match nearest(component, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the components are {}", known.join(", ")),
        };
        let message = format!("no component `{}`", seaway_core::diagnostic::excerpt(component));
        return Err(vec![Diagnostic::error(codes::HLD_NO_COMPONENT, message).help(help)]);
    };
    let mut values = Vec::new();
    standings(visit, &mut values);
    let is_wanted =
        |path: &str| key.is_empty() || path == key || path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    values.retain(|value| is_wanted(&value.path));
    values.truncate(VALUES_MAX);
    Ok(Explained { component: component.to_owned(), values })
}

fn standings(visit: &Visit, out: &mut Vec<Standing>) {
    if let Some(namespace) = &visit.config.namespace {
        let injected = if namespace.is_injected { " (put into objects)" } else { "" };
        out.push(Standing {
            path: "namespace".to_owned(),
            value: format!("{}{injected}", namespace.name),
            place: namespace.origin.place(),
            beaten: beaten(&namespace.beaten),
        });
    }
    if let Some(release) = &visit.config.release {
        let (value, place) = (release.value.to_string(), release.place.clone());
        out.push(Standing { path: "release".to_owned(), value, place, beaten: Vec::new() });
    }
    for (key, setting) in &visit.config.values {
        leaves(&format!("config.{}", part(key)), setting, out);
    }
}

fn beaten(beaten: &[Beaten]) -> Vec<(String, Place)> {
    beaten.iter().map(|one| (one.shown.clone(), one.origin.place())).collect()
}

/// A key as part of a path: in quotes when it has a dot.
fn part(key: &str) -> String {
    if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() }
}

fn leaves(path: &str, setting: &Setting, out: &mut Vec<Standing>) {
    if out.len() > VALUES_MAX {
        return;
    }
    let is_leaf = match &setting.value {
        Given::Map(map) => map.is_empty(),
        Given::List(list) => list.items.is_empty(),
        Given::Null | Given::Bool(_) | Given::Number(_) | Given::Text(_) => true,
    };
    if is_leaf || !setting.beaten.is_empty() {
        out.push(Standing {
            path: path.to_owned(),
            value: setting.shown(),
            place: setting.origin.place(),
            beaten: beaten(&setting.beaten),
        });
    }
    match &setting.value {
        Given::Map(map) => map.iter().for_each(|(key, inner)| leaves(&format!("{path}.{}", part(key)), inner, out)),
        Given::List(list) => {
            list.items.iter().enumerate().for_each(|(index, inner)| leaves(&format!("{path}.{index}"), inner, out));
        }
        Given::Null | Given::Bool(_) | Given::Number(_) | Given::Text(_) => {}
    }
}
