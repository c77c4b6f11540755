//! `seaway render`: the objects as they would be applied.

use std::{collections::BTreeMap, sync::Arc};

use seaway_core::{
    digest::Digest,
    ids::{EnvironmentName, ServiceName, TargetName},
    object::ObjectRef,
    plan::{PlannedValue, ServiceInput},
    provenance::Provenance,
    release::{Content, Rendered},
};
use seaway_engine::{environment, render_all};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    context::{self, Context},
    error::Error,
    exit::Exit,
    fetching::Reach,
    session::Session,
};

/// Print the objects of a service as they would be applied, without asking any cluster.
///
/// Secrets are withheld unless asked for.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  seaway render shop -e prod                  once for each group of clusters with equal content
  seaway render shop -e prod --cluster c2     as one cluster gets it
  seaway render shop -e prod -o json          as a list, with digests")]
pub struct Args {
    /// Service
    pub service: String,
    /// Environment
    #[arg(short, long, value_name = "ENV")]
    pub environment: String,
    /// Only what this cluster gets
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Show the data of Secrets
    #[arg(long)]
    pub show_secrets: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub reach: Reach,
}

/// Content that some clusters share.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    content: Digest,
    clusters: Vec<TargetName>,
    /// Where the objects come from.
    provenance: Option<Provenance>,
    /// The configuration by cluster, each value with the layer that it came from.
    values: BTreeMap<TargetName, BTreeMap<String, PlannedValue>>,
    objects: Vec<Object>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    #[serde(flatten)]
    object: ObjectRef,
    digest: Digest,
    phase: i32,
    manifest: Value,
}

/// Renders and prints.
///
/// # Errors
/// When the declarations or sources have errors, or nothing goes to the cluster.
pub fn run(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = Session::find(context)?;
    let workspace = session.declarations()?;
    let name = EnvironmentName::new(&args.environment);
    let environment = environment(&workspace, &name).map_err(|error| session.explain(error))?;
    let service = ServiceName::new(&args.service);
    let sources = args.reach.sources(&session)?;
    let rendered = render_all(&workspace, environment, std::slice::from_ref(&service), &sources)
        .map_err(|error| session.explain(error))?;
    session.remarks(&rendered.remarks);
    let input = rendered.services.into_values().next();
    let groups = groups(input.as_ref(), args)?;
    context.show(&groups, || groups.iter().map(|group| manifests(&service, group)).collect())?;
    Ok(Exit::Done)
}

fn groups(input: Option<&ServiceInput<'_>>, args: &Args) -> Result<Vec<Group>, Error> {
    let nothing = BTreeMap::new();
    let contents: &BTreeMap<TargetName, Arc<Content>> = input.map_or(&nothing, |input| &input.contents);
    let values_on = |cluster: &TargetName| {
        let values = input.and_then(|input| input.values.get(cluster))?;
        Some((cluster.clone(), values.clone()))
    };
    let wanted = |name: &TargetName| args.cluster.as_deref().is_none_or(|wanted| wanted == name.as_str());
    let mut groups: Vec<Group> = Vec::new();
    for (cluster, content) in contents.iter().filter(|(name, _)| wanted(name)) {
        match groups.iter_mut().find(|group| group.content == content.digest) {
            Some(group) => {
                group.clusters.push(cluster.clone());
                group.values.extend(values_on(cluster));
            }
            None => groups.push(Group {
                content: content.digest.clone(),
                clusters: vec![cluster.clone()],
                provenance: input.and_then(|input| input.provenance.clone()),
                values: values_on(cluster).into_iter().collect(),
                objects: content.objects.iter().map(|object| shown(object, args.show_secrets)).collect(),
            }),
        }
    }
    if !groups.is_empty() {
        return Ok(groups);
    }
    let what = args.cluster.as_deref().map_or_else(
        || format!("service `{}` goes to no cluster of environment `{}`", args.service, args.environment),
        |cluster| format!("service `{}` does not go to cluster `{cluster}`", args.service),
    );
    let known: Vec<&str> = contents.keys().map(|name| name.as_str()).collect();
    Err(Error::new(what).hint(match known.is_empty() {
        true => "look at `targets` of the service and at the clusters of the environment".to_owned(),
        false => format!("it goes to {}", crate::output::text::some_of(&known, 20)),
    }))
}

fn shown(object: &Rendered, has_secrets: bool) -> Object {
    let mut manifest = (*object.manifest).clone();
    if object.entry.sensitive && !has_secrets {
        withhold(&mut manifest);
    }
    Object {
        object: object.entry.object.clone(),
        digest: object.entry.digest.clone(),
        phase: object.entry.phase,
        manifest,
    }
}

/// Replaces the data of a Secret; keys stay visible.
fn withhold(manifest: &mut Value) {
    for section in ["data", "stringData"] {
        let Some(data) = manifest.get_mut(section) else { continue };
        match data {
            Value::Object(entries) => entries.values_mut().for_each(|value| *value = json!("(sensitive)")),
            other => *other = json!("(sensitive)"),
        }
    }
}

/// YAML documents under a line that says for which clusters they are.
fn manifests(service: &ServiceName, group: &Group) -> String {
    let clusters: Vec<&str> = group.clusters.iter().map(|name| name.as_str()).collect();
    let mut out = format!("# {service} on {}: content {}\n", clusters.join(", "), group.content.short());
    for object in &group.objects {
        // A manifest is JSON, which always has a YAML form.
        out += &format!("---\n{}", context::yaml(&object.manifest).unwrap_or_default());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_withheld() {
        let mut secret = json!({"kind": "Secret", "data": {"a": "c2VjcmV0"}, "stringData": {"b": "secret"}});
        withhold(&mut secret);
        assert_eq!(secret, json!({"kind": "Secret", "data": {"a": "(sensitive)"}, "stringData": {"b": "(sensitive)"}}));
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        let value = json!({"a": "yes", "b": "0x10", "c": "1e3", "d": "null", "e": "~", "f": "012", "g": "2001-01-01",
            "h": "a: b", "i": "- x", "j": "multi\nline\n", "k": "", "l": " lead", "on": "off", "m": "=", "n": "1_000"});
        let text = context::yaml(&value).unwrap();
        let options = serde_saphyr::options! { strict_booleans: false, legacy_octal_numbers: true };
        let read: Value = serde_saphyr::from_str_with_options(&text, options).unwrap();
        assert_eq!(read, value, "{text}");
    }
}
